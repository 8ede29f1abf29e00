#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/matmul_lanes.h"

namespace chengying::chip::avx2 {

void matmul(const isa::MatMul& op, const Operands& at) {
  Multiplying<Avx2>::matmul(op, at);
}

}  // namespace chengying::chip::avx2
