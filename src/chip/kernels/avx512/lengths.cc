#include "chip/kernels/lengths_lanes.h"

#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"

namespace chengying::chip::avx512 {

void attention(const isa::Attention& op, const Operands& at) {
  Lengths<Avx512>::attention(op, at);
}
void scan(const isa::Scan& op, const Operands& at) {
  Lengths<Avx512>::scan(op, at);
}

}  // namespace chengying::chip::avx512
