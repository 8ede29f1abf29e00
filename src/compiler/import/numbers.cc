#include "compiler/import/numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace chengying::compiler {

Tensor integer_tensor(const std::vector<std::int64_t>& values, Shape shape) {
  Tensor tensor(DType::kI64, std::move(shape));
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return tensor;
}

namespace {

/// visit(T{}) for the type of the elements; u8 for all that are bytes.
template <class Visit>
void with_element(DType dtype, Visit visit) {
  switch (dtype) {
    case DType::kF32:
      return visit(float{});
    case DType::kI64:
      return visit(std::int64_t{});
    case DType::kI32:
      return visit(std::int32_t{});
    case DType::kI16:
      return visit(std::int16_t{});
    case DType::kI8:
      return visit(std::int8_t{});
    default:
      return visit(std::uint8_t{});
  }
}

template <class T>
T from_double(double v) {
  if constexpr (std::is_same_v<T, float>) return static_cast<float>(v);
  return static_cast<T>(static_cast<std::int64_t>(std::clamp(std::isnan(v) ? 0 : v, -9.0e18, 9.0e18)));
}

}  // namespace

std::vector<double> as_doubles(const Tensor& t) {
  std::vector<double> out(static_cast<std::size_t>(t.elements()));
  with_element(t.dtype(), [&]<class T>(T) {
    std::ranges::transform(t.as<T>(), out.begin(), [](T v) { return static_cast<double>(v); });
  });
  return out;
}

Tensor from_doubles(const std::vector<double>& values, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  with_element(dtype, [&]<class T>(T) {
    const bool truth = dtype == DType::kBool;
    std::ranges::transform(values, tensor.as<T>().begin(), [&](double v) {
      return truth ? static_cast<T>(v != 0 ? 1 : 0) : from_double<T>(v);
    });
  });
  return tensor;
}

std::optional<std::int64_t> inexact_in_f32(const Tensor& tensor) {
  std::optional<std::int64_t> found;
  with_element(tensor.dtype(), [&]<class T>(T) {
    if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::int32_t>) {
      using Range = std::numeric_limits<T>;
      for (const T v : tensor.as<T>()) {
        if (v == Range::max() || v == Range::min()) continue;
        // Both are exact in long double, whose significand has 64 bits.
        if (static_cast<long double>(static_cast<float>(v)) == static_cast<long double>(v)) continue;
        found = v;
        return;
      }
    }
  });
  return found;
}

}  // namespace chengying::compiler
