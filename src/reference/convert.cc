#include <algorithm>
#include <limits>

#include "base/check.h"
#include "reference/elements.h"
#include "reference/execute.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

std::int64_t load_whole(DType dtype, const std::byte* at) {
  switch (dtype) {
    case DType::kBool:
    case DType::kU8:
      return load<std::uint8_t>(at);
    case DType::kI8:
      return load<std::int8_t>(at);
    case DType::kI16:
      return load<std::int16_t>(at);
    case DType::kI32:
      return load<std::int32_t>(at);
    case DType::kI64:
      return load<std::int64_t>(at);
    default:
      CHECK(false);
  }
}

template <class T>
void store_clamped(std::byte* at, std::int64_t value) {
  store(at, static_cast<T>(std::clamp<std::int64_t>(value, std::numeric_limits<T>::min(),
                                                    std::numeric_limits<T>::max())));
}

void store_whole(DType dtype, std::byte* at, std::int64_t value) {
  switch (dtype) {
    case DType::kU8:
      return store_clamped<std::uint8_t>(at, value);
    case DType::kI8:
      return store_clamped<std::int8_t>(at, value);
    case DType::kI16:
      return store_clamped<std::int16_t>(at, value);
    case DType::kI32:
      return store_clamped<std::int32_t>(at, value);
    case DType::kI64:
      return store(at, value);
    case DType::kBool:
      return store<std::uint8_t>(at, value != 0 ? 1 : 0);
    default:
      CHECK(false);
  }
}

/// The nearest whole number, clamped to i64; NaN gives the lowest.
std::int64_t nearest_whole(float t) {
  constexpr float kTwo63 = 0x1p63F;
  if (!(t >= -kTwo63)) return std::numeric_limits<std::int64_t>::min();
  if (t >= kTwo63) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(exact::rne<float>(t));
}

float load_float(DType dtype, const std::byte* at) {
  if (dtype == DType::kF16) return exact::f32_from_f16(load<std::uint16_t>(at));
  if (dtype == DType::kBF16) return exact::f32_from_bf16(load<std::uint16_t>(at));
  return exact::canonical<float>(load<float>(at));
}

void store_float(DType dtype, std::byte* at, float x) {
  if (dtype == DType::kF16) return store(at, exact::f16_from_f32(x));
  if (dtype == DType::kBF16) return store(at, exact::bf16_from_f32(x));
  store(at, exact::canonical<float>(x));
}

void convert_one(const isa::Convert& op, const std::byte* from, std::byte* to) {
  const DType in = op.input.dtype, out = op.output.dtype;
  if (is_float(in) && is_float(out)) return store_float(out, to, load_float(in, from));
  if (is_float(in) && out == DType::kBool) return store_whole(out, to, load_float(in, from) != 0 ? 1 : 0);
  if (is_float(in) && size_of(out) > 1)
    return store_whole(out, to, nearest_whole(load_float(in, from) / op.scale));
  if (is_float(in)) {
    const float t = load_float(in, from) / op.scale;
    const bool is_signed = out == DType::kI8;
    return store_whole(out, to,
                       exact::requantise(t, op.zero_point, is_signed ? -128 : 0, is_signed ? 127 : 255));
  }
  const std::int64_t q = load_whole(in, from);
  if (in == DType::kI64 && is_float(out)) return store_float(out, to, static_cast<float>(q) * op.scale);
  if (is_float(out)) {
    const auto shifted = static_cast<std::uint32_t>(q) - static_cast<std::uint32_t>(op.zero_point);
    return store_float(out, to, static_cast<float>(static_cast<std::int32_t>(shifted)) * op.scale);
  }
  const auto sum = static_cast<std::uint64_t>(q) + static_cast<std::uint64_t>(std::int64_t{op.zero_point});
  store_whole(out, to, static_cast<std::int64_t>(sum));
}

}  // namespace

void convert(const isa::Convert& op, const Operands& at) {
  for_each_index(op.output.shape, [&](const Index& i) {
    convert_one(op, at.input + offset_of(op.input, i), at.output + offset_of(op.output, i));
  });
}

}  // namespace chengying::reference
