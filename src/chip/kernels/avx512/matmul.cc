#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/grouped_lanes.h"
#include "chip/kernels/matmul_lanes.h"

namespace chengying::chip::avx512 {

void matmul(const isa::MatMul& op, const Operands& at) {
  if (op.a.dtype == DType::kU8) return matmul_u8(op, at);
  Multiplying<Avx512>::matmul(op, at);
}
void grouped_matmul(const isa::GroupedMatMul& op, const Operands& at) {
  GroupedMultiplying<Avx512>::grouped_matmul(op, at);
}

}  // namespace chengying::chip::avx512
