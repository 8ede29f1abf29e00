#include "compiler/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "timing/timing.h"

namespace chengying::compiler {

namespace {

std::string window_text(const isa::Window& window) {
  std::string text = fmt::format(" {}x{}", window.kernel_h, window.kernel_w);
  if (window.stride_h == window.stride_w) {
    if (window.stride_h > 1) text += fmt::format("/{}", window.stride_h);
  } else {
    text += fmt::format("/{}x{}", window.stride_h, window.stride_w);
  }
  return text;
}

/// Cycles that the layer's instructions span, their work, and what bounds the longest of them.
struct Span {
  std::uint64_t start = UINT64_MAX, end = 0, macs = 0;
  std::uint64_t longest = 0;
  bool is_f32 = false;
  timing::Limit limit = timing::Limit::kCompute;
};

std::vector<Span> spans_of(const isa::Executable& executable, const isa::Program& program,
                           const isa::ChipSpec& chip) {
  const timing::Timing timing = timing::walk(program, chip, executable.cores);
  std::vector<Span> spans(executable.layers.size());
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const isa::Instruction& instruction = program.instructions[i];
    const timing::InstructionTime& time = timing.instructions[i];
    Span& span = spans[instruction.layer];
    span.start = std::min(span.start, time.start_cycle);
    span.end = std::max(span.end, time.end_cycle);
    span.macs += time.macs;
    const std::uint64_t length = time.end_cycle - time.start_cycle;
    if (length >= span.longest) {
      span.longest = length;
      span.limit = time.limit;
      span.is_f32 = isa::accesses_of(instruction.operation).front().view.dtype == DType::kF32;
    }
  }
  return spans;
}

using RowOfLayer = std::map<std::pair<std::string, std::string>, std::size_t>;  // by name and operation

/// Through nodes that need no instruction to those whose results they are. Nodes may share a row.
void set_reads(const Graph& graph, const RowOfLayer& row_of, std::vector<LayerReport>& rows) {
  const std::vector<std::uint32_t> producers = producers_of(graph);
  std::vector<std::vector<std::size_t>> sources(graph.nodes.size());  // rows behind each node's result
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    std::vector<std::size_t> reads;
    for (const ValueId id : operands_of(graph.nodes[i]))
      if (producers[id] != kNoValue)
        reads.insert(reads.end(), sources[producers[id]].begin(), sources[producers[id]].end());
    const auto own = row_of.find({graph.nodes[i].name, describe(graph, graph.nodes[i])});
    if (own != row_of.end()) {
      std::vector<std::size_t>& all = rows[own->second].reads;
      std::ranges::copy_if(reads, std::back_inserter(all),
                           [&](std::size_t row) { return row != own->second; });
      reads = {own->second};
    }
    std::ranges::sort(reads);
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    sources[i] = std::move(reads);
  }
  for (LayerReport& row : rows) {
    std::ranges::sort(row.reads);
    row.reads.erase(std::unique(row.reads.begin(), row.reads.end()), row.reads.end());
  }
}

}  // namespace

std::string describe(const Graph& graph, const Node& node) {
  if (const auto* conv = std::get_if<ConvNode>(&node.op)) {
    const bool depthwise = conv->groups > 1 && graph.value(node.inputs[1]).shape[1] == 1;
    const std::string groups = conv->groups > 1 && !depthwise ? fmt::format(" groups {}", conv->groups) : "";
    return (depthwise ? "depthwise_conv" : "conv") + window_text(conv->window) + groups;
  }
  if (const auto* pool = std::get_if<PoolNode>(&node.op)) {
    return fmt::format("{} pool", isa::name_of(pool->kind)) + window_text(pool->window);
  }
  if (const auto* binary = std::get_if<BinaryNode>(&node.op)) return std::string(isa::name_of(binary->kind));
  if (const auto* unary = std::get_if<UnaryNode>(&node.op)) return std::string(isa::name_of(unary->kind));
  return std::string(name_of(node.op));
}

isa::Layer layer_of(const Graph& graph, const Node& node, std::int32_t batch) {
  isa::Layer layer{node.name, describe(graph, node), 0};
  if (fused_of(node.op) == nullptr) return layer;
  std::uint64_t macs = 1;  // each output element sums all weights of its channel
  for (const std::int64_t size : graph.value(node.output).shape) macs *= static_cast<std::uint64_t>(size);
  const Shape& weights = graph.value(node.inputs[1]).shape;
  for (std::size_t d = 1; d < weights.size(); ++d) macs *= static_cast<std::uint64_t>(weights[d]);
  layer.macs = macs / static_cast<std::uint64_t>(batch);
  return layer;
}

std::vector<LayerReport> report_layers(const isa::Executable& executable, const isa::Program& program,
                                       const Graph& graph, const isa::ChipSpec& chip) {
  std::map<std::string, std::string> outputs;
  for (const Node& node : graph.nodes) {
    const Value& value = graph.value(node.output);
    outputs.try_emplace(node.name, std::string(name_of(value.dtype)) + to_string(value.shape));
  }
  std::vector<LayerReport> rows;
  RowOfLayer row_of;
  const std::vector<Span> spans = spans_of(executable, program, chip);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    if (span.start == UINT64_MAX) continue;
    const isa::Layer& layer = executable.layers[i];
    LayerReport row{layer.name,
                    layer.operation,
                    outputs[layer.name],
                    span.macs,
                    span.end - span.start,
                    0,
                    std::string(timing::name_of(span.limit)),
                    {}};
    const auto& array = span.is_f32 ? chip.tensor.f32 : chip.tensor.u8;
    if (array && span.macs > 0 && row.cycles > 0) {
      const double peak = static_cast<double>(array->macs()) * executable.cores;
      row.utilisation = static_cast<double>(span.macs) / (static_cast<double>(row.cycles) * peak);
    }
    row_of[{layer.name, layer.operation}] = rows.size();
    rows.push_back(std::move(row));
  }
  set_reads(graph, row_of, rows);
  return rows;
}

FusionReport report_fusion(const Graph& graph, std::size_t model_nodes, std::size_t rows) {
  FusionReport report{.model_nodes = model_nodes,
                      .graph_nodes = graph.nodes.size(),
                      .additions = 0,
                      .bounds = 0,
                      .free_moves = graph.nodes.size() - std::min(rows, graph.nodes.size()),
                      .left = {}};
  std::map<std::string, std::size_t> left;
  for (const Node& node : graph.nodes) {
    ++left[std::string(name_of(node.op))];
    const Fused* fused = fused_of(node.op);
    if (fused == nullptr) continue;
    report.additions += fused->residual != kNoValue ? 1 : 0;
    report.bounds += fused->low > -isa::kInfinity || fused->high < isa::kInfinity ? 1 : 0;
  }
  report.left.assign(left.begin(), left.end());
  std::ranges::stable_sort(report.left, std::ranges::greater(), &std::pair<std::string, std::size_t>::second);
  return report;
}

}  // namespace chengying::compiler
