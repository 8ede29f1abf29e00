#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/grouped_lanes.h"
#include "chip/kernels/matmul_lanes.h"

namespace chengying::chip::avx2 {

void matmul(const isa::MatMul& op, const Operands& at) {
  Multiplying<Avx2>::matmul(op, at);
}
void grouped_matmul(const isa::GroupedMatMul& op, const Operands& at) {
  GroupedMultiplying<Avx2>::grouped_matmul(op, at);
}

}  // namespace chengying::chip::avx2
