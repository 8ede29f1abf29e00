#include "compiler/tiles/operations_linear.h"

#include "base/check.h"
#include "compiler/scales.h"
#include "compiler/tiles/parameters.h"

namespace chengying::compiler::tiles {

namespace {

/// What all instructions of a block have in common.
struct Linear {
  isa::View input, output;
  std::optional<isa::View> residual;
  isa::Window window;
};

isa::Epilogue epilogue_of(const Task& task, const std::optional<isa::View>& residual) {
  const Fused& fused = *fused_of(task.node.op);
  const Value& out = task.graph.value(task.node.output);
  isa::Epilogue epilogue;
  epilogue.low = fused.low;
  epilogue.high = fused.high;
  if (residual) epilogue.residual = isa::Residual{.view = *residual};
  if (!out.quantisation) return epilogue;
  const float step = out.quantisation->scale();
  epilogue.low = bound_in_steps(fused.low, step);
  epilogue.high = bound_in_steps(fused.high, step);
  epilogue.output_zero_point = out.quantisation->zero_point;
  if (fused.inner) {
    epilogue.inner = isa::InnerQuantise{fused.inner->zero_point, ratio(fused.inner->scale(), step)};
  }
  if (residual) {
    const Quantisation& added = *task.graph.value(fused.residual).quantisation;
    epilogue.residual->scale = ratio(added.scale(), step);
    epilogue.residual->zero_point = added.zero_point;
  }
  return epilogue;
}

isa::View channels(isa::View view, std::int64_t first, std::int64_t count) {
  view.at.offset += static_cast<std::uint64_t>(first * static_cast<std::int64_t>(size_of(view.dtype)));
  view.shape[3] = static_cast<std::int32_t>(count);
  return view;
}

template <class Op>
Op instruction(const Task& task, const Linear& linear, const Parameters& parameters) {
  Op op;
  op.input = linear.input;
  op.output = linear.output;
  op.weights = parameters.weights;
  op.init = parameters.init;
  op.window = linear.window;
  if (const auto& quantisation = task.graph.value(task.node.inputs[0]).quantisation) {
    op.pad_value = static_cast<std::uint8_t>(quantisation->zero_point);
  }
  op.epilogue = epilogue_of(task, linear.residual);
  op.epilogue.scale = parameters.scale;
  return op;
}

/// `first`: the block's first output channel.
Result<std::vector<isa::Operation>> linear_operations(const Task& task, const Linear& linear,
                                                      std::int64_t first, ConstantPool& pool) {
  const Grouping grouping = grouping_of(task.graph, task.node);
  if (grouping.depthwise) {
    const Parameters parameters = parameters_of(task.graph, task.node, 0, first, pool);
    return std::vector<isa::Operation>{instruction<isa::DepthwiseConv>(task, linear, parameters)};
  }
  if (grouping.groups == 1) {
    const Parameters parameters = parameters_of(task.graph, task.node, 0, first, pool);
    return std::vector<isa::Operation>{instruction<isa::Conv>(task, linear, parameters)};
  }
  if (grouping.groups > kPiecesMax) {
    return fail(Code::kTooLarge, "{} groups, the limit is {}", grouping.groups, kPiecesMax);
  }
  std::vector<isa::Operation> result;
  const std::int64_t k = grouping.k_group, c = grouping.c_group;
  CHECK(first % k == 0 && linear.output.shape[3] % k == 0);
  for (std::int64_t group = 0; group < linear.output.shape[3] / k; ++group) {
    Linear part = linear;
    part.input = channels(linear.input, group * c, c);
    part.output = channels(linear.output, group * k, k);
    if (linear.residual) part.residual = channels(*linear.residual, group * k, k);
    result.push_back(
        instruction<isa::Conv>(task, part, parameters_of(task.graph, task.node, first / k + group, 0, pool)));
  }
  return result;
}

bool has_residual(const Task& task) {
  return fused_of(task.node.op)->residual != kNoValue;
}

/// Rows [.., c] and [.., k] with the dimensions before the last merged alike in all operands.
Result<std::vector<std::vector<isa::View>>> matrix_views(const Task& task) {
  // The innermost sizes differ (c, k), so the rows are aligned on their first columns.
  const auto first_column = [](Strided operand) {
    operand.shape.back() = 1;
    return operand;
  };
  std::vector<Strided> operands{first_column(task.operands[0])};
  if (has_residual(task)) operands.push_back(first_column(task.operands.back()));
  operands.push_back(first_column(task.output));
  TRY_ASSIGN(std::vector<std::vector<isa::View>> steps, aligned_views(operands, true));
  for (std::vector<isa::View>& views : steps) {
    for (isa::View& view : views) view.shape[3] = static_cast<std::int32_t>(task.output.shape.back());
    views.front().shape[3] = static_cast<std::int32_t>(task.operands[0].shape.back());
  }
  return steps;
}

}  // namespace

isa::Window window_of(const Task& task, isa::Window window) {
  const Box &in = task.boxes[0], &out = task.out;
  window.pad_top += static_cast<std::int32_t>(in.start[2] - out.start[2] * window.stride_h);
  window.pad_left += static_cast<std::int32_t>(in.start[3] - out.start[3] * window.stride_w);
  return window;
}

Result<std::vector<isa::Operation>> convolutions(const Task& task, ConstantPool& pool) {
  Linear linear{.input = image_view(task.operands[0]),
                .output = image_view(task.output),
                .residual = {},
                .window = window_of(task, std::get<ConvNode>(task.node.op).window)};
  if (has_residual(task)) linear.residual = image_view(task.operands.back());
  return linear_operations(task, linear, task.out.start[1], pool);
}

Result<std::vector<isa::Operation>> products(const Task& task, ConstantPool& pool) {
  TRY_ASSIGN(const auto steps, matrix_views(task));
  std::vector<isa::Operation> result;
  for (const std::vector<isa::View>& views : steps) {
    Linear linear{.input = views.front(), .output = views.back(), .residual = {}, .window = {}};
    if (has_residual(task)) linear.residual = views[1];
    TRY_ASSIGN(auto operations, linear_operations(task, linear, task.out.start.back(), pool));
    for (isa::Operation& op : operations) result.push_back(std::move(op));
  }
  return result;
}

}  // namespace chengying::compiler::tiles
