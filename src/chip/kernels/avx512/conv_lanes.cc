#include "chip/kernels/conv_lanes.h"

#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"

namespace chengying::chip::avx512 {

void conv(const isa::Conv& op, const Operands& at) {
  return op.input.dtype == DType::kF32 ? Convolving<Avx512>::conv_f32(op, at) : conv_u8(op, at);
}

void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  const bool bytes = op.input.dtype == DType::kU8 && op.output.dtype == DType::kU8;
  if (bytes && has_plain_residual(op.epilogue)) return depthwise_u8(op, at);
  Convolving<Avx512>::depthwise(op, at);
}

}  // namespace chengying::chip::avx512
