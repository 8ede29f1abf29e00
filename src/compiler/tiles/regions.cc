#include "compiler/tiles/regions.h"

#include <algorithm>

#include "base/check.h"
#include "isa/packing.h"

namespace chengying::compiler::tiles {

namespace {

constexpr std::int64_t kChannelStep = isa::kChannelBlock;

/// Rows of the input under the windows of output rows [start, start + size), clipped to the input.
void window_range(std::int64_t start, std::int64_t size, std::int64_t stride, std::int64_t kernel,
                  std::int64_t dilation, std::int64_t pad, std::int64_t input_size, std::int64_t& from,
                  std::int64_t& count) {
  const std::int64_t first = start * stride - pad;
  const std::int64_t end = (start + size - 1) * stride - pad + (kernel - 1) * dilation + 1;
  from = std::clamp<std::int64_t>(first, 0, input_size);
  count = std::clamp<std::int64_t>(end, from, input_size) - from;
  // A window that lies in the padding as a whole still needs a view: one row that it never reads.
  if (count == 0) {
    from = std::min(from, input_size - 1);
    count = 1;
  }
}

Box under_window(const isa::Window& w, const Shape& input, const Box& out) {
  Box box = out;
  window_range(out.start[2], out.size[2], w.stride_h, w.kernel_h, w.dilation_h, w.pad_top, input[2],
               box.start[2], box.size[2]);
  window_range(out.start[3], out.size[3], w.stride_w, w.kernel_w, w.dilation_w, w.pad_left, input[3],
               box.start[3], box.size[3]);
  return box;
}

Box of_conv(const Graph& graph, const Node& node, const ConvNode& conv, const Box& out) {
  const Shape& input = graph.value(node.inputs[0]).shape;
  const Shape& output = graph.value(node.output).shape;
  Box box = under_window(conv.window, input, out);
  const std::int64_t k_group = output[1] / conv.groups, c_group = input[1] / conv.groups;
  const std::int64_t first = out.start[1] / k_group;
  const std::int64_t last = (out.start[1] + out.size[1] - 1) / k_group;
  box.start[1] = first * c_group;
  box.size[1] = (last - first + 1) * c_group;
  return box;
}

/// Numpy's rule: dimensions aligned at the end, size 1 repeats.
Box broadcast(const Shape& operand, const Box& out) {
  Box box = Box::whole(operand);
  const std::size_t skip = out.size.size() - operand.size();
  for (std::size_t d = 0; d < operand.size(); ++d) {
    if (operand[d] == 1) continue;
    box.start[d] = out.start[skip + d];
    box.size[d] = out.size[skip + d];
  }
  return box;
}

/// Rows of the first operand or columns of the second, all that is summed, batches as they repeat.
Box of_matmul(const Shape& operand, std::size_t which, const Box& out) {
  Box box = Box::whole(operand);
  const std::size_t rank = operand.size();
  const std::size_t kept = which == 0 ? rank - 2 : rank - 1;
  for (std::size_t d = 0; d < rank; ++d) {
    const bool follows = d == kept || (d + 2 < rank && operand[d] != 1);
    if (!follows) continue;
    box.start[d] = out.start[d];
    box.size[d] = out.size[d];
  }
  return box;
}

/// All rows of what is looked up in, the numbers of the rows that are made.
Box of_gather(const Shape& operand, std::size_t which, const Box& out) {
  if (which == 1) return Box{{out.start[1]}, {out.size[1]}};
  Box box = out;
  box.start[1] = 0;
  box.size[1] = operand[1];
  return box;
}

/// Works on innermost rows as wholes.
bool keeps_rows(const Node& node) {
  return std::holds_alternative<SoftmaxNode>(node.op) || std::holds_alternative<NormNode>(node.op);
}

/// The dimension whose blocks are whole steps of channels: an image's channels, a matrix's columns.
std::size_t channel_dimension(const Node& node, std::size_t rank) {
  return rank == 4 && !std::holds_alternative<MatMulNode>(node.op) ? 1 : rank - 1;
}

Box of_reduce(const ReduceNode& reduce, const Shape& input, const Box& out) {
  Box box = Box::whole(input);
  std::size_t from = 0;
  for (std::size_t d = 0; d < input.size(); ++d) {
    const bool reduced = std::ranges::any_of(reduce.axes, [&](std::int32_t axis) {
      return axis == static_cast<std::int32_t>(d) ||
             axis + static_cast<std::int32_t>(input.size()) == static_cast<std::int32_t>(d);
    });
    if (reduced) {
      if (reduce.keep_dims) ++from;
      continue;
    }
    box.start[d] = out.start[from];
    box.size[d] = out.size[from];
    ++from;
  }
  return box;
}

Box of_concat(const Graph& graph, const Node& node, const ConcatNode& concat, std::size_t operand,
              const Box& out) {
  const Shape& input = graph.value(node.inputs[operand]).shape;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < operand; ++i) before += graph.value(node.inputs[i]).shape[concat.axis];
  Box own = Box::whole(input);
  own.start[concat.axis] = before;
  Box box = intersection(out, own);
  box.start[concat.axis] -= before;
  return box;
}

/// Reshapes keep a batch dimension apart if both sides have it; dimensions of size 1 may come and go.
Box of_reshape(const Shape& input, const Shape& output, const Box& out) {
  Box box = Box::whole(input);
  std::size_t i = 0, o = 0;
  while (true) {  // leading dimensions that agree keep their ranges
    while (i < input.size() && input[i] == 1) ++i;
    while (o < output.size() && output[o] == 1) ++o;
    if (i == input.size() || o == output.size() || input[i] != output[o]) break;
    box.start[i] = out.start[o];
    box.size[i] = out.size[o];
    ++i;
    ++o;
  }
  return box;
}

Box of_transpose(const TransposeNode& transpose, const Box& out) {
  Box box = out;
  for (std::size_t d = 0; d < out.size.size(); ++d) {
    box.start[transpose.permutation[d]] = out.start[d];
    box.size[transpose.permutation[d]] = out.size[d];
  }
  return box;
}

Box of_slice(const SliceNode& slice, const Box& out) {
  Box box = out;
  for (std::size_t d = 0; d < out.size.size(); ++d) {
    const std::int64_t first = slice.starts[d] + out.start[d] * slice.steps[d];
    const std::int64_t last = slice.starts[d] + (out.start[d] + out.size[d] - 1) * slice.steps[d];
    box.start[d] = std::min(first, last);
    box.size[d] = std::max(first, last) - box.start[d] + 1;
  }
  return box;
}

Box of_pad(const PadNode& pad, const Shape& input, const Box& out) {
  Box shifted = out;
  for (std::size_t d = 0; d < out.size.size(); ++d) shifted.start[d] -= pad.before[d];
  return intersection(shifted, Box::whole(input));
}

Box of_upsample(const UpsampleNode& upsample, const Box& out) {
  Box box = out;
  const std::int64_t factors[2] = {upsample.factor_h, upsample.factor_w};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t d = out.size.size() - 2 + i;
    box.start[d] = out.start[d] / factors[i];
    box.size[d] = (out.start[d] + out.size[d] - 1) / factors[i] - box.start[d] + 1;
  }
  return box;
}

/// operands_of() lists the inputs that are present, then the residual.
std::size_t present_inputs(const Node& node) {
  return node.inputs.size() - static_cast<std::size_t>(std::ranges::count(node.inputs, kNoValue));
}

}  // namespace

bool is_parameter(const Node& node, std::size_t operand) {
  const bool product =
      std::holds_alternative<ConvNode>(node.op) || std::holds_alternative<DenseNode>(node.op);
  return product && operand > 0 && operand < present_inputs(node);
}

Box needed(const Graph& graph, const Node& node, std::size_t operand, const Box& out) {
  const bool residual = operand >= present_inputs(node);
  if (residual) return out;
  const Shape& input = graph.value(node.inputs[operand]).shape;
  return std::visit(
      Overloaded{
          [&](const ConvNode& conv) { return of_conv(graph, node, conv, out); },
          [&](const DenseNode&) {
            Box box = out;
            box.start.back() = 0;
            box.size.back() = input.back();
            return box;
          },
          [&](const MatMulNode&) { return of_matmul(input, operand, out); },
          [&](const PoolNode& pool) { return under_window(pool.window, input, out); },
          [&](const BinaryNode&) { return broadcast(input, out); },
          [&](const NormNode&) { return broadcast(input, out); },  // rows are never split
          [&](const GatherNode&) { return of_gather(input, operand, out); },
          [&](const SoftmaxNode&) {
            Box box = out;
            box.start.back() = 0;
            box.size.back() = input.back();
            return box;
          },
          [&](const ReduceNode& reduce) { return of_reduce(reduce, input, out); },
          [&](const ConcatNode& concat) { return of_concat(graph, node, concat, operand, out); },
          [&](const ReshapeNode&) { return of_reshape(input, graph.value(node.output).shape, out); },
          [&](const TransposeNode& transpose) { return of_transpose(transpose, out); },
          [&](const SliceNode& slice) { return of_slice(slice, out); },
          [&](const PadNode& pad) { return of_pad(pad, input, out); },
          [&](const UpsampleNode& upsample) { return of_upsample(upsample, out); },
          [&](const auto&) { return out; },
      },
      node.op);
}

std::vector<Split> splits_of(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.output).shape;
  std::vector<Split> splits{Split{}};
  const std::int32_t rank = static_cast<std::int32_t>(shape.size());
  for (std::int32_t d = 0; d < rank; ++d) {
    const bool is_whole_row = keeps_rows(node) && d == rank - 1;
    const bool is_channel = d == static_cast<std::int32_t>(channel_dimension(node, shape.size()));
    const std::int64_t least = is_channel ? 2 * kChannelStep : 2;
    const bool is_column = rank == 4 && d == 3 && shape[2] > 1;  // rows come first
    if (shape[d] >= least && !is_whole_row && !is_column) splits.push_back({d});
  }
  const Shape* input = node.inputs.empty() ? nullptr : &graph.value(node.inputs[0]).shape;
  if (std::holds_alternative<ReshapeNode>(node.op)) {
    // Only the leading dimension, and only if it is the input's: everything else may need everything.
    std::erase_if(splits, [&](Split split) {
      return split.dimension > 0 || (split.dimension == 0 && (input->empty() || (*input)[0] != shape[0]));
    });
  }
  return splits;
}

std::vector<Box> blocks_of(const Graph& graph, const Node& node, Split split, std::int32_t cores) {
  const Shape& shape = graph.value(node.output).shape;
  const Box whole = Box::whole(shape);
  if (split.dimension == Split::kNone || cores == 1) return {whole};
  const std::size_t d = static_cast<std::size_t>(split.dimension);
  const std::size_t rank = shape.size();
  std::int64_t step = d == channel_dimension(node, rank) ? kChannelStep : 1;
  if (const auto* conv = std::get_if<ConvNode>(&node.op); conv != nullptr && d == 1 && conv->groups > 1) {
    // Whole groups, unless the groups are the channels themselves.
    const std::int64_t k_group = shape[1] / conv->groups;
    if (k_group > 1 || graph.value(node.inputs[0]).shape[1] != conv->groups) step = k_group;
  }
  const std::int64_t units = (shape[d] + step - 1) / step;
  std::vector<Box> blocks;
  std::int64_t from = 0;
  for (std::int32_t core = 0; core < cores; ++core) {
    const std::int64_t to = std::min(units * (core + 1) / cores * step, shape[d]);
    if (to > from) {
      Box block = whole;
      block.start[d] = from;
      block.size[d] = to - from;
      blocks.push_back(std::move(block));
      from = to;
    }
  }
  return blocks;
}

bool can_be_cut(const Graph& graph, const Node& node) {
  const auto rank = static_cast<std::int32_t>(graph.value(node.output).shape.size());
  const std::vector<Split> splits = splits_of(graph, node);
  // The last dimension but one is rows, of an image as of a matrix.
  return rank >= 2 && std::ranges::find(splits, Split{rank - 2}) != splits.end();
}

std::vector<Box> pieces_of(const Graph& graph, const Node& node, const Box& block, std::int32_t count) {
  if (count < 2 || !can_be_cut(graph, node)) return {block};
  const std::size_t row = block.size.size() - 2;
  const std::int64_t rows = block.size[row], pieces = std::min<std::int64_t>(count, rows);
  std::vector<Box> result;
  for (std::int64_t i = 0; i < pieces; ++i) {
    Box& piece = result.emplace_back(block);
    piece.start[row] += rows * i / pieces;
    piece.size[row] = rows * (i + 1) / pieces - rows * i / pieces;
  }
  return result;
}

}  // namespace chengying::compiler::tiles
