#include "peer/last_step.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

namespace chengying::peer {
namespace {

std::optional<float> scalar_of(const onnx::GraphProto& graph, const std::string& name) {
  for (const auto& initializer : graph.initializer()) {
    if (initializer.name() != name) continue;
    if (initializer.float_data_size() > 0) return initializer.float_data(0);
    if (initializer.raw_data().size() < sizeof(float)) return std::nullopt;
    float value = 0;
    std::memcpy(&value, initializer.raw_data().data(), sizeof(value));
    return value;
  }
  return std::nullopt;
}

}  // namespace

Result<float> last_step_of(const std::string& onnx) {
  onnx::ModelProto model;
  if (!model.ParseFromString(onnx)) return fail(Code::kInvalidArgument, "not an ONNX model");
  std::string scale;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() == "Softmax") break;
    if (node.op_type() == "QuantizeLinear") scale = node.input(1);
  }
  const auto value = scalar_of(model.graph(), scale);
  if (!value) return fail(Code::kInvalidArgument, "no QuantizeLinear with a constant scale before a Softmax");
  return *value;
}

StepDifference compare_in_steps(const Tensor& a, const Tensor& b, float step) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    differences.push_back((std::log(double{a.as<float>()[i]}) - std::log(double{b.as<float>()[i]})) /
                          double{step});
  }
  std::vector<double> sorted = differences;
  std::ranges::sort(sorted);
  const double shift = sorted[sorted.size() / 2];
  StepDifference result{.equal = 0, .within_one = 0, .classes = differences.size()};
  for (const double difference : differences) {
    const double steps = std::abs(std::round(difference - shift));
    result.equal += steps == 0 ? 1 : 0;
    result.within_one += steps <= 1 ? 1 : 0;
  }
  return result;
}

}  // namespace chengying::peer
