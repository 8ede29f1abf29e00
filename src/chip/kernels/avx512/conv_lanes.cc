#include "chip/kernels/conv_lanes.h"

#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"

namespace chengying::chip::avx512 {

void conv(const isa::Conv& op, const Operands& at) {
  return op.input.dtype == DType::kF32 ? Convolving<Avx512>::conv_f32(op, at) : conv_u8(op, at);
}

void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  Convolving<Avx512>::depthwise(op, at);
}

}  // namespace chengying::chip::avx512
