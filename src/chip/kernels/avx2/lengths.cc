#include "chip/kernels/lengths_lanes.h"

#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"

namespace chengying::chip::avx2 {

void attention(const isa::Attention& op, const Operands& at) {
  Lengths<Avx2>::attention(op, at);
}
void scan(const isa::Scan& op, const Operands& at) {
  Lengths<Avx2>::scan(op, at);
}

}  // namespace chengying::chip::avx2
