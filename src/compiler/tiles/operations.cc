#include "compiler/tiles/operations.h"

#include <algorithm>

#include "base/check.h"
#include "compiler/scales.h"
#include "compiler/tiles/operations_linear.h"
#include "compiler/tiles/operations_moves.h"

namespace chengying::compiler::tiles {

namespace {

using Operations = std::vector<isa::Operation>;

const Value& input_value(const Task& task, std::size_t i = 0) {
  return task.graph.value(task.node.inputs[i]);
}
const Value& output_value(const Task& task) {
  return task.graph.value(task.node.output);
}

/// Input and output aligned, one instruction for each step of the loop over what four dimensions can't say.
template <class Make>
Result<Operations> elementwise(const Task& task, const Make& make, bool keep_innermost = false) {
  const std::array operands{task.operands[0], task.output};
  TRY_ASSIGN(const auto steps, aligned_views(operands, keep_innermost));
  Operations result;
  for (const std::vector<isa::View>& views : steps) {
    result.push_back(make(views[0], views[1]));
  }
  return result;
}

Result<Operations> by_table(const Task& task, const std::array<std::uint8_t, 256>& table,
                            ConstantPool& pool) {
  const isa::Address at = pool.add(std::span<const std::uint8_t>(table));
  return elementwise(
      task, [&](const isa::View& input, const isa::View& output) { return isa::Lut{input, output, at}; });
}

Result<Operations> convert(const Task& task, const Quantisation& quantisation) {
  return elementwise(task, [&](const isa::View& input, const isa::View& output) {
    return isa::Convert{input, output, quantisation.scale(), quantisation.zero_point};
  });
}

/// An operand with its dimensions of size 1 repeated to the output's.
Strided repeated(const Strided& operand, const Strided& output) {
  Strided result{operand.at, operand.dtype, output.shape, std::vector<std::int64_t>(output.shape.size(), 0)};
  const std::size_t skip = output.shape.size() - operand.shape.size();
  for (std::size_t d = 0; d < operand.shape.size(); ++d) {
    if (operand.shape[d] == output.shape[skip + d]) result.stride[skip + d] = operand.stride[d];
  }
  return result;
}

Result<Operations> binary(const Task& task, const BinaryNode& node) {
  isa::Binary op;
  op.kind = node.kind;
  op.low = node.low;
  op.high = node.high;
  const Value& out = output_value(task);
  if (out.quantisation) {
    const Quantisation &a = *input_value(task, 0).quantisation, &b = *input_value(task, 1).quantisation;
    const float step = out.quantisation->scale();
    const BinaryScales scales = binary_scales(node.kind, a.scale(), b.scale(), step);
    op.a_scale = scales.a;
    op.b_scale = scales.b;
    op.a_zero_point = a.zero_point;
    op.b_zero_point = b.zero_point;
    op.output_zero_point = out.quantisation->zero_point;
    op.low = bound_in_steps(node.low, step);
    op.high = bound_in_steps(node.high, step);
  }
  const std::array operands{repeated(task.operands[0], task.output), repeated(task.operands[1], task.output),
                            task.output};
  TRY_ASSIGN(const auto steps, aligned_views(operands));
  Operations result;
  for (const std::vector<isa::View>& views : steps) {
    op.a = views[0];
    op.b = views[1];
    op.output = views[2];
    result.push_back(op);
  }
  return result;
}

Operations pool_operation(const Task& task, const PoolNode& node) {
  isa::Pool op{.kind = node.kind,
               .input = image_view(task.operands[0]),
               .output = image_view(task.output),
               .window = window_of(task, node.window)};
  if (const auto& in = input_value(task).quantisation; in && output_value(task).quantisation) {
    const Quantisation& out = *output_value(task).quantisation;
    op.input_zero_point = in->zero_point;
    op.scale = ratio(in->scale(), out.scale());
    op.output_zero_point = out.zero_point;
  }
  return {op};
}

/// Batches as two dimensions of the instruction; more are left to a loop.
Result<Operations> matmul(const Task& task) {
  const std::size_t rank = task.output.shape.size();
  std::array<Strided, 3> all{task.operands[0], task.operands[1], task.output};
  for (Strided& operand : all)
    for (std::size_t d = 0; d + 2 < rank; ++d)
      if (operand.shape[d] != task.output.shape[d]) operand.stride[d] = 0;
  for (std::size_t d = 0; d + 2 < rank; ++d)
    for (Strided& operand : all) operand.shape[d] = task.output.shape[d];
  const auto erase = [&](std::size_t d) {
    for (Strided& operand : all) {
      operand.shape.erase(operand.shape.begin() + static_cast<std::ptrdiff_t>(d));
      operand.stride.erase(operand.stride.begin() + static_cast<std::ptrdiff_t>(d));
    }
  };
  for (std::size_t d = rank - 2; d-- > 0;) {
    if (all[2].shape[d] == 1) {
      erase(d);
      continue;
    }
    const bool has_next = d + 3 < all[2].shape.size();
    const bool merges = has_next && std::ranges::all_of(all, [d](const Strided& operand) {
                          return operand.stride[d] == operand.stride[d + 1] * operand.shape[d + 1];
                        });
    if (!merges) continue;
    for (Strided& operand : all) {
      operand.shape[d] *= operand.shape[d + 1];
      operand.stride[d] = operand.stride[d + 1];
    }
    erase(d + 1);
  }
  std::vector<std::array<Strided, 3>> steps{all};
  while (steps.front()[2].shape.size() > 4) {
    std::vector<std::array<Strided, 3>> next;
    for (const auto& step : steps)
      for (std::int64_t i = 0; i < step[2].shape.front(); ++i) {
        auto& one = next.emplace_back(step);
        for (Strided& operand : one) {
          operand.at.offset += static_cast<std::uint64_t>(i * operand.stride.front());
          operand.shape.erase(operand.shape.begin());
          operand.stride.erase(operand.stride.begin());
        }
      }
    if (static_cast<std::int64_t>(next.size()) > kPiecesMax)
      return fail(Code::kTooLarge, "needs {} products, the limit is {}", next.size(), kPiecesMax);
    steps = std::move(next);
  }
  Operations result;
  for (const auto& [a, b, y] : steps) {
    isa::MatMul op;
    op.a = view_in_order(a);
    op.b = view_in_order(b);
    op.output = view_in_order(y);
    result.push_back(op);
  }
  return result;
}

isa::Gather gather(const Task& task) {
  const Strided &x = task.operands[0], &numbers = task.operands[1], &y = task.output;
  const auto rows = [](const Strided& w) {
    return view_in_order({w.at,
                          w.dtype,
                          {w.shape[0], w.shape[1], 1, w.shape[2]},
                          {w.stride[0], w.stride[1], w.stride[1], w.stride[2]}});
  };
  const Strided repeats{
      numbers.at, numbers.dtype, {y.shape[0], y.shape[1], 1, y.shape[2]}, {0, numbers.stride[0], 0, 0}};
  return {.data = rows(x), .indices = view_in_order(repeats), .output = rows(y)};
}

Result<Operations> norm(const Task& task, const NormNode& node) {
  std::vector<Strided> operands;
  for (const Strided& operand : task.operands) operands.push_back(repeated(operand, task.output));
  operands.push_back(task.output);
  TRY_ASSIGN(const auto steps, aligned_views(operands, true));
  Operations result;
  for (const std::vector<isa::View>& views : steps) {
    isa::Norm op{.kind = node.kind,
                 .input = views.front(),
                 .scale = {},
                 .shift = {},
                 .output = views.back(),
                 .epsilon = node.epsilon};
    if (views.size() > 2) op.scale = views[1];
    if (views.size() > 3) op.shift = views[2];
    result.push_back(op);
  }
  return result;
}

/// Dimensions stay in the model's order: it is the order of the sum. Neighbours merge where both are kept or
/// both reduced.
Result<Operations> reduce(const Task& task, const ReduceNode& node) {
  Strided input = task.operands[0];
  Strided output{task.output.at, task.output.dtype, input.shape, input.stride};
  std::size_t from = 0;
  for (std::size_t d = 0; d < input.shape.size(); ++d) {
    const bool reduced = std::ranges::find(node.axes, static_cast<std::int32_t>(d)) != node.axes.end();
    output.shape[d] = reduced ? 1 : input.shape[d];
    output.stride[d] = reduced ? static_cast<std::int64_t>(sizeof(float)) : task.output.stride[from];
    if (!reduced || node.keep_dims) ++from;
  }
  const auto erase = [](Strided& window, std::size_t d) {
    window.shape.erase(window.shape.begin() + static_cast<std::ptrdiff_t>(d));
    window.stride.erase(window.stride.begin() + static_cast<std::ptrdiff_t>(d));
  };
  for (std::size_t d = input.shape.size(); d-- > 0;) {
    if (input.shape[d] == 1) {
      erase(input, d);
      erase(output, d);
    }
  }
  for (std::size_t d = input.shape.size(); d-- > 1;) {
    const bool both_reduced = output.shape[d - 1] == 1 && output.shape[d] == 1;
    const bool both_kept = output.shape[d - 1] != 1 && output.shape[d] != 1;
    const bool input_dense = input.stride[d - 1] == input.stride[d] * input.shape[d];
    const bool output_dense = both_reduced || output.stride[d - 1] == output.stride[d] * output.shape[d];
    if (!input_dense || !(both_reduced || both_kept) || !output_dense) continue;
    input.shape[d - 1] *= input.shape[d];
    input.stride[d - 1] = input.stride[d];
    output.shape[d - 1] *= output.shape[d];
    output.stride[d - 1] = output.stride[d];
    erase(input, d);
    erase(output, d);
  }
  if (input.shape.size() > 4) {
    return fail(Code::kUnsupported, "more than four alternating runs of kept and reduced dimensions");
  }
  return Operations{isa::Reduce{node.kind, view_in_order(input), view_in_order(output)}};
}

}  // namespace

Result<Operations> operations_of(const Task& task, ConstantPool& pool) {
  return std::visit(
      Overloaded{
          [&](const ConvNode&) -> Result<Operations> { return convolutions(task, pool); },
          [&](const DenseNode&) -> Result<Operations> { return products(task, pool); },
          [&](const MatMulNode&) -> Result<Operations> { return matmul(task); },
          [&](const GatherNode&) -> Result<Operations> { return Operations{gather(task)}; },
          [&](const NormNode& op) -> Result<Operations> { return norm(task, op); },
          [&](const PoolNode& op) -> Result<Operations> { return pool_operation(task, op); },
          [&](const BinaryNode& op) -> Result<Operations> { return binary(task, op); },
          [&](const UnaryNode& op) -> Result<Operations> {
            if (output_value(task).dtype == DType::kU8) {
              return by_table(task, lut_of(&op, input_value(task), output_value(task)), pool);
            }
            return elementwise(task, [&](const isa::View& input, const isa::View& output) {
              return isa::Unary{op.kind, input, output, op.alpha, op.beta};
            });
          },
          [&](const SoftmaxNode& op) -> Result<Operations> {
            const auto make = [&](const isa::View& input, const isa::View& output) {
              return isa::Softmax{input, output, op.log};
            };
            return elementwise(task, make, true);
          },
          [&](const ReduceNode& op) -> Result<Operations> { return reduce(task, op); },
          [&](const QuantiseNode&) -> Result<Operations> {
            return convert(task, *output_value(task).quantisation);
          },
          [&](const DequantiseNode&) -> Result<Operations> {
            const Quantisation& quantisation = *input_value(task).quantisation;
            if (quantisation.scales.size() > 1) {
              return fail(Code::kUnsupported, "a computed value with a scale for each channel");
            }
            return convert(task, quantisation);
          },
          [&](const CastNode&) -> Result<Operations> { return convert(task, Quantisation{{1}, 0, 0}); },
          [&](const RequantiseNode&) -> Result<Operations> {
            return by_table(task, lut_of(nullptr, input_value(task), output_value(task)), pool);
          },
          [&](const LutNode& op) -> Result<Operations> { return by_table(task, op.table, pool); },
          [&](const auto&) -> Result<Operations> { return moves(task, pool); },
      },
      task.node.op);
}

}  // namespace chengying::compiler::tiles
