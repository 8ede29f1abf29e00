#include "compiler/graph/print.h"

#include <fmt/ranges.h>

#include <cmath>

#include "base/digest.h"

namespace chengying::compiler {
namespace {

std::string print(const Quantisation& q) {
  if (q.scales.size() == 1) return fmt::format("s={} z={}", q.scale(), q.zero_point);
  return fmt::format("s[{}]={}.. z={} axis={}", q.scales.size(), q.scale(), q.zero_point, q.axis);
}

std::string print(const isa::Window& w) {
  std::string text = fmt::format(" {}x{}/{}x{} pad {},{}", w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                                 w.pad_top, w.pad_left);
  if (w.dilation_h != 1 || w.dilation_w != 1)
    text += fmt::format(" dilation {}x{}", w.dilation_h, w.dilation_w);
  return text;
}

std::string bounds(float low, float high) {
  if (std::isinf(low) && std::isinf(high)) return {};
  return fmt::format(" clip {}..{}", low, high);
}

std::string print(const Fused& fused) {
  std::string text;
  if (fused.inner) text += fmt::format(" inner({})", print(*fused.inner));
  if (fused.residual != kNoValue) text += fmt::format(" + %{}", fused.residual);
  return text + bounds(fused.low, fused.high);
}

std::string attributes(const Operator& op) {
  return std::visit(
      Overloaded{
          [](const ConvNode& n) {
            return fmt::format("{} groups {}{}", print(n.window), n.groups, print(n.fused));
          },
          [](const DenseNode& n) { return print(n.fused); },
          [](const PoolNode& n) { return fmt::format(" {}{}", isa::name_of(n.kind), print(n.window)); },
          [](const BinaryNode& n) {
            return fmt::format(" {}{}", isa::name_of(n.kind), bounds(n.low, n.high));
          },
          [](const UnaryNode& n) { return fmt::format(" {} {} {}", isa::name_of(n.kind), n.alpha, n.beta); },
          [](const SoftmaxNode& n) { return fmt::format(" axis {}{}", n.axis, n.log ? " log" : ""); },
          [](const ReduceNode& n) {
            return fmt::format(" {} axes [{}]{}", isa::name_of(n.kind), fmt::join(n.axes, ","),
                               n.keep_dims ? " keep" : "");
          },
          [](const ConcatNode& n) { return fmt::format(" axis {}", n.axis); },
          [](const TransposeNode& n) { return fmt::format(" [{}]", fmt::join(n.permutation, ",")); },
          [](const SliceNode& n) {
            return fmt::format(" from [{}] step [{}]", fmt::join(n.starts, ","), fmt::join(n.steps, ","));
          },
          [](const PadNode& n) {
            return fmt::format(" before [{}] with {}", fmt::join(n.before, ","), n.value);
          },
          [](const UpsampleNode& n) { return fmt::format(" {}x{}", n.factor_h, n.factor_w); },
          [](const NormNode& n) { return fmt::format(" {} epsilon {}", isa::name_of(n.kind), n.epsilon); },
          [](const LutNode& n) {
            return fmt::format(" {}", sha256(std::as_bytes(std::span(n.table))).hex().substr(0, 16));
          },
          [](const auto&) { return std::string(); },
      },
      op);
}

}  // namespace

std::string to_string(const Value& value) {
  std::string text = fmt::format("{}{}", name_of(value.dtype), chengying::to_string(value.shape));
  if (value.layout == Layout::kChannelsLast) text += " nhwc";
  if (value.quantisation) text += " " + print(*value.quantisation);
  return text;
}

std::string print(const Graph& graph, const Node& node) {
  std::string operands;
  for (const ValueId id : node.inputs) {
    if (!operands.empty()) operands += ", ";
    operands += id == kNoValue ? "-" : fmt::format("%{}", id);
  }
  return fmt::format("%{} = {}({}){} : {}  # {}", node.output, name_of(node.op), operands,
                     attributes(node.op), to_string(graph.value(node.output)), node.name);
}

std::string print(const Graph& graph) {
  std::string text = fmt::format("graph {}\n", graph.name);
  for (const ValueId id : graph.inputs)
    text += fmt::format("input %{} : {}  # {}\n", id, to_string(graph.value(id)), graph.value(id).name);
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    const Value& value = graph.value(id);
    if (value.constant == nullptr) continue;
    text += fmt::format("constant %{} : {} {}  # {}\n", id, to_string(value),
                        sha256(value.constant->bytes()).hex().substr(0, 16), value.name);
  }
  for (const Node& node : graph.nodes) text += print(graph, node) + "\n";
  for (const ValueId id : graph.outputs) text += fmt::format("output %{}  # {}\n", id, graph.value(id).name);
  return text;
}

}  // namespace chengying::compiler
