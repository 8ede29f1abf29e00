// Known operators that can't be computed yet: each refusal says why, and what would help.
#include "compiler/import/operators.h"

namespace chengying::compiler {

Status refuse_conv_transpose(NodeLowering& n) {
  return n.refuse("transposed convolution is not in the instruction set; nearest Resize followed by Conv is");
}

Status refuse_dynamic_quantisation(NodeLowering& n) {
  return n.refuse(
      "its scales depend on the data of each request; quantise the model statically (QDQ), or compile the "
      "float model "
      "with calibration samples");
}

}  // namespace chengying::compiler
