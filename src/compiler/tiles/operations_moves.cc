#include "compiler/tiles/operations_moves.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "reference/execute.h"

namespace chengying::compiler::tiles {

namespace {

using Operations = std::vector<isa::Operation>;

Status append_copies(Operations& operations, const Strided& from, const Strided& to) {
  TRY_ASSIGN(const std::vector<isa::Copy> more, copies(from, to));
  operations.insert(operations.end(), more.begin(), more.end());
  return {};
}

Status check_pieces(std::int64_t pieces) {
  if (pieces <= kPiecesMax) return {};
  return fail(Code::kTooLarge, "needs {} copies, the limit is {}", pieces, kPiecesMax);
}

/// The part `box` of a window that covers `whole`.
Strided part(const Strided& window, const Box& whole, const Box& box) {
  Strided result = window;
  for (std::size_t d = 0; d < box.size.size(); ++d) {
    result.at.offset += static_cast<std::uint64_t>((box.start[d] - whole.start[d]) * window.stride[d]);
    result.shape[d] = box.size[d];
  }
  return result;
}

Result<Operations> concatenation(const Task& task, const ConcatNode& concat) {
  Operations result;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < task.operands.size(); ++i) {
    Box to = task.boxes[i];
    to.start[concat.axis] += start;
    start += task.graph.value(task.node.inputs[i]).shape[concat.axis];
    if (task.in_place[i] || to.empty()) continue;
    TRY(append_copies(result, task.operands[i], part(task.output, task.out, to)));
  }
  return result;
}

/// `steps` of -1 and less run backwards; views don't, so those dimensions are copied one by one.
Result<Operations> slice(const Task& task, const SliceNode& node) {
  Strided source = task.operands[0];
  source.shape = task.output.shape;
  for (std::size_t d = 0; d < source.shape.size(); ++d) {
    const std::int64_t first = node.starts[d] + task.out.start[d] * node.steps[d];
    source.at.offset += static_cast<std::uint64_t>((first - task.boxes[0].start[d]) * source.stride[d]);
    source.stride[d] *= node.steps[d];
  }
  std::vector<std::pair<Strided, Strided>> pieces{{source, task.output}};
  for (std::size_t d = 0; d < source.shape.size(); ++d) {
    if (source.stride[d] >= 0 || source.shape[d] == 1) continue;
    TRY(check_pieces(static_cast<std::int64_t>(pieces.size()) * source.shape[d]));
    std::vector<std::pair<Strided, Strided>> next;
    for (const auto& [from, to] : pieces) {
      for (std::int64_t i = 0; i < from.shape[d]; ++i) {
        auto& [one_from, one_to] = next.emplace_back(from, to);
        one_from.at.offset += static_cast<std::uint64_t>(i * from.stride[d]);
        one_to.at.offset += static_cast<std::uint64_t>(i * to.stride[d]);
        one_from.shape[d] = one_to.shape[d] = 1;
        one_from.stride[d] = 0;
      }
    }
    pieces = std::move(next);
  }
  Operations result;
  for (const auto& [from, to] : pieces) TRY(append_copies(result, from, to));
  return result;
}

Result<Operations> transposition(const Task& task, const TransposeNode& node) {
  Strided source = task.operands[0];
  for (std::size_t d = 0; d < source.shape.size(); ++d) {
    source.shape[d] = task.operands[0].shape[node.permutation[d]];
    source.stride[d] = task.operands[0].stride[node.permutation[d]];
  }
  Operations result;
  TRY(append_copies(result, source, task.output));
  return result;
}

/// The bytes of one padding element, at least four of them so that a constant block exists.
std::vector<std::byte> fill_of(const Value& out, float value) {
  std::vector<std::byte> bytes(sizeof(float));
  if (out.dtype == DType::kF32) {
    std::memcpy(bytes.data(), &value, sizeof(float));
  } else if (out.quantisation) {
    isa::Convert convert;
    convert.scale = out.quantisation->scale();
    convert.zero_point = out.quantisation->zero_point;
    convert.input.dtype = DType::kF32;
    convert.output.dtype = out.dtype;
    Operands operands;
    operands.input = reinterpret_cast<const std::byte*>(&value);
    operands.output = bytes.data();
    reference::execute(convert, operands);
  }
  return bytes;
}

Result<Operations> padding(const Task& task, const PadNode& node, ConstantPool& pool) {
  Operations result;
  Box inner = task.boxes[0];
  for (std::size_t d = 0; d < inner.start.size(); ++d) inner.start[d] += node.before[d];
  const std::vector<std::byte> fill = fill_of(task.graph.value(task.node.output), node.value);
  const isa::Address at = pool.add(std::span<const std::byte>(fill));
  for (const Box& edge : difference(task.out, inner)) {
    const Strided source{at, task.output.dtype, edge.size, std::vector<std::int64_t>(edge.size.size(), 0)};
    TRY(append_copies(result, source, part(task.output, task.out, edge)));
  }
  if (!inner.empty()) TRY(append_copies(result, task.operands[0], part(task.output, task.out, inner)));
  return result;
}

/// Output indices first, first + factor, ... of one phase inside of [start, start + size).
struct Phase {
  std::int64_t first = 0, count = 0;
};
Phase phase_of(std::int64_t start, std::int64_t size, std::int64_t factor, std::int64_t phase) {
  const std::int64_t first = start + (phase - start % factor + factor) % factor;
  return {first, first < start + size ? (start + size - 1 - first) / factor + 1 : 0};
}

Result<Operations> enlargement(const Task& task, const UpsampleNode& node) {
  TRY(check_pieces(std::int64_t{node.factor_h} * node.factor_w));
  Operations result;
  const std::size_t rank = task.out.size.size();
  for (std::int64_t i = 0; i < std::int64_t{node.factor_h} * node.factor_w; ++i) {
    const std::int64_t factors[2] = {node.factor_h, node.factor_w};
    const std::int64_t phases[2] = {i / node.factor_w, i % node.factor_w};
    Strided source = task.operands[0], destination = task.output;
    bool empty = false;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::size_t d = rank - 2 + axis;
      const Phase phase = phase_of(task.out.start[d], task.out.size[d], factors[axis], phases[axis]);
      empty = empty || phase.count == 0;
      const std::int64_t from = phase.first / factors[axis] - task.boxes[0].start[d];
      source.at.offset += static_cast<std::uint64_t>(from * source.stride[d]);
      destination.at.offset +=
          static_cast<std::uint64_t>((phase.first - task.out.start[d]) * destination.stride[d]);
      source.shape[d] = destination.shape[d] = phase.count;
      destination.stride[d] *= factors[axis];
    }
    if (!empty) TRY(append_copies(result, source, destination));
  }
  return result;
}

/// Reshape, Relayout.
Result<Operations> same_order(const Task& task) {
  Operations result;
  TRY(append_copies(result, task.operands[0], task.output));
  return result;
}

}  // namespace

Result<std::vector<isa::Operation>> moves(const Task& task, ConstantPool& pool) {
  return std::visit(Overloaded{
                        [&](const ConcatNode& op) { return concatenation(task, op); },
                        [&](const TransposeNode& op) { return transposition(task, op); },
                        [&](const SliceNode& op) { return slice(task, op); },
                        [&](const PadNode& op) { return padding(task, op, pool); },
                        [&](const UpsampleNode& op) { return enlargement(task, op); },
                        [&](const auto&) { return same_order(task); },
                    },
                    task.node.op);
}

}  // namespace chengying::compiler::tiles
