#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/row_lanes.h"

namespace chengying::chip::avx512 {

void norm(const isa::Norm& op, const Operands& at) {
  RowOperations<Avx512>::norm(op, at);
}
void rotary(const isa::Rotary& op, const Operands& at) {
  RowOperations<Avx512>::rotary(op, at);
}
void resize(const isa::Resize& op, const Operands& at) {
  RowOperations<Avx512>::resize(op, at);
}

}  // namespace chengying::chip::avx512
