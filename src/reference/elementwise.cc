#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/functions.h"

namespace chengying::reference {
namespace {

using isa::BinaryKind;
using isa::UnaryKind;

float binary_of(BinaryKind kind, float a, float b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return binary_value<BinaryKind::kAdd>(a, b);
    case BinaryKind::kSub:
      return binary_value<BinaryKind::kSub>(a, b);
    case BinaryKind::kMul:
      return binary_value<BinaryKind::kMul>(a, b);
    case BinaryKind::kDiv:
      return binary_value<BinaryKind::kDiv>(a, b);
    case BinaryKind::kMax:
      return binary_value<BinaryKind::kMax>(a, b);
    case BinaryKind::kMin:
      return binary_value<BinaryKind::kMin>(a, b);
    case BinaryKind::kPow:
      return exact::pow(a, b);
  }
  CHECK(false);
}

using UnaryFunction = float (*)(float, float, float);

template <std::size_t... kKinds>
constexpr std::array<UnaryFunction, sizeof...(kKinds)> unary_functions(std::index_sequence<kKinds...>) {
  return {[](float x, float alpha, float beta) {
    return unary_value<UnaryKind{kKinds}, float>(x, alpha, beta);
  }...};
}

/// One row for each UnaryKind, in its order.
constexpr auto kUnaryFunctions = unary_functions(std::make_index_sequence<isa::kUnaryKindCount>{});

float dequantise(const std::byte* base, const isa::View& view, const Index& i, std::int32_t zero_point,
                 float scale) {
  return static_cast<float>(load<std::uint8_t>(base, view, i) - zero_point) * scale;
}

template <class T>
T whole_of(BinaryKind kind, T a, T b) {
  using U = std::make_unsigned_t<T>;
  const auto wrapped = [](U value) { return static_cast<T>(value); };
  switch (kind) {
    case BinaryKind::kAdd:
      return wrapped(static_cast<U>(a) + static_cast<U>(b));
    case BinaryKind::kSub:
      return wrapped(static_cast<U>(a) - static_cast<U>(b));
    case BinaryKind::kMul:
      return wrapped(static_cast<U>(a) * static_cast<U>(b));
    case BinaryKind::kDiv:
      if (b == 0) return 0;
      return b == -1 ? wrapped(U{0} - static_cast<U>(a)) : a / b;  // the lowest by -1 wraps
    case BinaryKind::kMax:
      return a > b ? a : b;
    case BinaryKind::kMin:
      return a < b ? a : b;
    case BinaryKind::kPow:
      break;
  }
  CHECK(false);
}

template <class T>
void binary_whole(const isa::Binary& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& i) {
    store(at.output, op.output, i,
          whole_of(op.kind, load<T>(at.input, op.a, i), load<T>(at.second, op.b, i)));
  });
}

}  // namespace

void binary(const isa::Binary& op, const Operands& at) {
  if (op.output.dtype == DType::kI32) return binary_whole<std::int32_t>(op, at);
  if (op.output.dtype == DType::kI64) return binary_whole<std::int64_t>(op, at);
  const bool bounded = op.low > -exact::kInf || op.high < exact::kInf;
  for_each_index(op.output.shape, [&](const Index& i) {
    if (op.output.dtype == DType::kF32) {
      const float t = binary_of(op.kind, load<float>(at.input, op.a, i), load<float>(at.second, op.b, i));
      store(at.output, op.output, i,
            exact::canonical<float>(bounded ? exact::clamp<float>(t, op.low, op.high) : t));
    } else {
      const float t = binary_of(op.kind, dequantise(at.input, op.a, i, op.a_zero_point, op.a_scale),
                                dequantise(at.second, op.b, i, op.b_zero_point, op.b_scale));
      const float clamped = exact::clamp<float>(t, op.low, op.high);
      store(at.output, op.output, i, exact::requantise_u8(clamped, op.output_zero_point));
    }
  });
}

void unary(const isa::Unary& op, const Operands& at) {
  const UnaryFunction function = kUnaryFunctions[static_cast<std::size_t>(op.kind)];
  for_each_index(op.output.shape, [&](const Index& i) {
    const float x = load<float>(at.input, op.input, i);
    store(at.output, op.output, i, exact::canonical<float>(function(x, op.alpha, op.beta)));
  });
}

void lut(const isa::Lut& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& i) {
    store(at.output, op.output, i, at.table[load<std::uint8_t>(at.input, op.input, i)]);
  });
}

void copy(const isa::Copy& op, const Operands& at) {
  const std::size_t size = size_of(op.source.dtype);
  for_each_index(op.destination.shape, [&](const Index& i) {
    std::memcpy(at.output + offset_of(op.destination, i), at.input + offset_of(op.source, i), size);
  });
}

}  // namespace chengying::reference
