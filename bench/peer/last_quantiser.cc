#include "peer/last_quantiser.h"

#include <onnx/onnx_pb.h>

#include <cstdlib>

#include "base/check.h"

namespace chengying::peer {

Result<std::string> cut_at_last_quantiser(const std::string& onnx) {
  onnx::ModelProto model;
  if (!model.ParseFromString(onnx)) return fail(Code::kInvalidArgument, "not an ONNX model");
  std::string last;
  for (const auto& node : model.graph().node())
    if (node.op_type() == "QuantizeLinear") last = node.output(0);
  if (last.empty()) return fail(Code::kInvalidArgument, "the model has no QuantizeLinear");
  model.mutable_graph()->clear_output();
  auto* output = model.mutable_graph()->add_output();
  output->set_name(last);
  output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::UINT8);
  return model.SerializeAsString();
}

StepDifference compare_steps(const Tensor& a, const Tensor& b) {
  CHECK(a.shape() == b.shape());
  const auto left = a.as<std::uint8_t>(), right = b.as<std::uint8_t>();
  StepDifference result{.equal = 0, .within_one = 0, .elements = left.size()};
  for (std::size_t i = 0; i < left.size(); ++i) {
    const int steps = std::abs(int{left[i]} - int{right[i]});
    result.equal += steps == 0 ? 1 : 0;
    result.within_one += steps <= 1 ? 1 : 0;
  }
  return result;
}

}  // namespace chengying::peer
