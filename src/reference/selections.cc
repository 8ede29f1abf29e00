#include <optional>

#include "base/check.h"
#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/selections.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

template <class T>
void compare_as(const isa::Compare& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& i) {
    const bool holds = compare_value(op.kind, load<T>(at.input, op.a, i), load<T>(at.second, op.b, i));
    store(at.output, op.output, i, static_cast<std::uint8_t>(holds));
  });
}

}  // namespace

bool comes_before(float a, float b, bool smallest) {
  if (a != a || b != b) return a == a && b != b;
  return smallest ? a < b : a > b;
}

std::optional<std::int64_t> row_of(const isa::View& indices, const std::byte* at, std::int64_t rows,
                                   Fault* fault) {
  const std::int64_t asked = indices.dtype == DType::kI64 ? load<std::int64_t>(at) : load<std::int32_t>(at);
  if (asked >= -rows && asked < rows) return asked < 0 ? asked + rows : asked;
  if (fault != nullptr) fault->note(asked, rows);
  return std::nullopt;
}

void compare(const isa::Compare& op, const Operands& at) {
  switch (op.a.dtype) {
    case DType::kF32:
      return compare_as<float>(op, at);
    case DType::kI32:
      return compare_as<std::int32_t>(op, at);
    case DType::kI64:
      return compare_as<std::int64_t>(op, at);
    default:
      return compare_as<std::uint8_t>(op, at);
  }
}

void select(const isa::Select& op, const Operands& at) {
  const std::size_t size = size_of(op.output.dtype);
  for_each_index(op.output.shape, [&](const Index& i) {
    const bool first = load<std::uint8_t>(at.input, op.condition, i) != 0;
    const std::byte* from = first ? at.second + offset_of(op.a, i) : at.third + offset_of(op.b, i);
    std::memcpy(at.output + offset_of(op.output, i), from, size);
  });
}

void gather(const isa::Gather& op, const Operands& at) {
  const std::size_t size = size_of(op.output.dtype);
  for_each_index(op.output.shape, [&](const Index& i) {
    const auto row = row_of(op.indices, at.second + offset_of(op.indices, i), op.data.shape[1], at.fault);
    std::byte* to = at.output + offset_of(op.output, i);
    if (!row) {
      std::memset(to, 0, size);
      return;
    }
    std::memcpy(to, at.input + offset_of(op.data, {i[0], 0, i[2], i[3]}) + *row * op.data.stride[1], size);
  });
}

void scatter(const isa::Scatter& op, const Operands& at) {
  const std::size_t size = size_of(op.output.dtype);
  for_each_index(op.updates.shape, [&](const Index& i) {
    const auto row = row_of(op.indices, at.second + offset_of(op.indices, i), op.output.shape[1], at.fault);
    if (!row) return;
    std::memcpy(at.output + offset_of(op.output, {i[0], 0, i[2], i[3]}) + *row * op.output.stride[1],
                at.input + offset_of(op.updates, i), size);
  });
}

void topk(const isa::TopK& op, const Operands& at) {
  const std::int32_t n = op.input.shape[3];
  for_each_index(op.output.shape, [&](const Index& i) {
    // The element that exactly i[3] others come before.
    const auto x = [&](std::int32_t j) { return load<float>(at.input, op.input, {i[0], i[1], i[2], j}); };
    for (std::int32_t candidate = 0; candidate < n; ++candidate) {
      std::int32_t before = 0;
      for (std::int32_t j = 0; j < n; ++j) {
        const bool tie = !comes_before(x(candidate), x(j), op.smallest) && j < candidate;
        if (comes_before(x(j), x(candidate), op.smallest) || tie) ++before;
      }
      if (before != i[3]) continue;
      if (op.output.dtype == DType::kI64) return store(at.output, op.output, i, std::int64_t{candidate});
      return store(at.output, op.output, i, candidate);
    }
    CHECK(false);  // the order is total
  });
}

}  // namespace chengying::reference
