#include "chip/kernels/avx512/table.h"

#include "reference/execute.h"

namespace chengying::chip::avx512 {

void conv(const isa::Conv& op, const Operands& at) {
  return op.input.dtype == DType::kF32 ? reference::conv(op, at) : conv_u8(op, at);
}

void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  reference::depthwise_conv(op, at);
}

}  // namespace chengying::chip::avx512
