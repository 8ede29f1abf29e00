#include "chip/kernels/avx2/table.h"

#include "reference/execute.h"

namespace chengying::chip::avx2 {

void conv(const isa::Conv& op, const Operands& at) {
  reference::conv(op, at);
}
void depthwise_conv(const isa::DepthwiseConv& op, const Operands& at) {
  reference::depthwise_conv(op, at);
}

}  // namespace chengying::chip::avx2
