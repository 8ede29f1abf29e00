#include "compiler/import/numbers.h"

#include <algorithm>
#include <cmath>

namespace chengying::compiler {

Tensor integer_tensor(const std::vector<std::int64_t>& values, Shape shape) {
  Tensor tensor(DType::kI64, std::move(shape));
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return tensor;
}

std::vector<double> as_doubles(const Tensor& t) {
  std::vector<double> out(static_cast<std::size_t>(t.elements()));
  const auto fill = [&]<class T>(T) {
    std::ranges::transform(t.as<T>(), out.begin(), [](T v) { return static_cast<double>(v); });
  };
  switch (t.dtype()) {
    case DType::kF32:
      fill(float{});
      break;
    case DType::kI64:
      fill(std::int64_t{});
      break;
    case DType::kI32:
      fill(std::int32_t{});
      break;
    case DType::kI16:
      fill(std::int16_t{});
      break;
    case DType::kI8:
      fill(std::int8_t{});
      break;
    default:
      fill(std::uint8_t{});
      break;
  }
  return out;
}

Tensor from_doubles(const std::vector<double>& values, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  const auto fill = [&]<class T>(T) {
    std::ranges::transform(values, tensor.as<T>().begin(), [](double v) {
      if constexpr (std::is_same_v<T, float>)
        return static_cast<float>(v);
      else
        return static_cast<T>(static_cast<std::int64_t>(std::clamp(std::isnan(v) ? 0 : v, -9.0e18, 9.0e18)));
    });
  };
  switch (dtype) {
    case DType::kF32:
      fill(float{});
      break;
    case DType::kI64:
      fill(std::int64_t{});
      break;
    case DType::kI32:
      fill(std::int32_t{});
      break;
    case DType::kI16:
      fill(std::int16_t{});
      break;
    case DType::kI8:
      fill(std::int8_t{});
      break;
    case DType::kBool:
      std::ranges::transform(values, tensor.as<std::uint8_t>().begin(),
                             [](double v) { return v != 0 ? 1 : 0; });
      break;
    default:
      fill(std::uint8_t{});
      break;
  }
  return tensor;
}

}  // namespace chengying::compiler
