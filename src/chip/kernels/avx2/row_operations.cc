#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/row_lanes.h"

namespace chengying::chip::avx2 {

void norm(const isa::Norm& op, const Operands& at) {
  RowOperations<Avx2>::norm(op, at);
}
void rotary(const isa::Rotary& op, const Operands& at) {
  RowOperations<Avx2>::rotary(op, at);
}
void resize(const isa::Resize& op, const Operands& at) {
  RowOperations<Avx2>::resize(op, at);
}

}  // namespace chengying::chip::avx2
