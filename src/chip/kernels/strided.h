// Loads and stores of up to a vector of elements at any stride, nothing outside of the elements touched. S is
// a lane set (avx2/lanes.h, avx512/lanes.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/arithmetic.h"

namespace chengying::chip {

/// `n` floats, 4-byte `stride` apart at best; lanes from n on hold `rest`.
template <class S>
[[gnu::always_inline]] inline typename S::F load_floats(const std::byte* at, std::int64_t stride,
                                                        std::int64_t n, float rest = 0) {
  if (stride == 4 && n >= S::kWidth) return S::load(at);
  alignas(64) float lanes[S::kWidth];
  for (std::int64_t i = 0; i < S::kWidth; ++i) {
    lanes[i] = rest;
    if (i < n) std::memcpy(&lanes[i], at + i * stride, 4);
  }
  return S::load(reinterpret_cast<const std::byte*>(lanes));
}

template <class S>
[[gnu::always_inline]] inline void store_floats(std::byte* at, std::int64_t stride, std::int64_t n,
                                                typename S::F x) {
  if (stride == 4 && n >= S::kWidth) return S::store(at, x);
  alignas(64) std::byte lanes[S::kWidth * 4];
  S::store(lanes, x);
  for (std::int64_t i = 0; i < n && i < S::kWidth; ++i) std::memcpy(at + i * stride, lanes + 4 * i, 4);
}

/// Any load of S from `n` elements of `size` bytes, the rest 0.
template <class S, int kSize, class Load>
[[gnu::always_inline]] inline auto load_part(const std::byte* at, std::int64_t stride, std::int64_t n,
                                             Load load) {
  if (stride == kSize && n >= S::kWidth) return load(at);
  alignas(64) std::byte lanes[S::kWidth * kSize] = {};
  for (std::int64_t i = 0; i < n && i < S::kWidth; ++i)
    std::memcpy(lanes + kSize * i, at + i * stride, kSize);
  return load(static_cast<const std::byte*>(lanes));
}

template <class S>
[[gnu::always_inline]] inline typename S::I load_u8s(const std::byte* at, std::int64_t stride,
                                                     std::int64_t n) {
  return load_part<S, 1>(at, stride, n, [](const std::byte* p) { return S::load_u8(p); });
}

/// Lanes in 0..255.
template <class S>
[[gnu::always_inline]] inline void store_u8s(std::byte* at, std::int64_t stride, std::int64_t n,
                                             typename S::I x) {
  if (stride == 1 && n >= S::kWidth) return S::store_u8(at, x);
  alignas(64) std::byte lanes[S::kWidth];
  S::store_u8(lanes, x);
  for (std::int64_t i = 0; i < n && i < S::kWidth; ++i) at[i * stride] = lanes[i];
}

/// clamp(rne(t) + zero_point, low, high); see exact::requantise.
template <class S>
[[gnu::always_inline]] inline typename S::I requantise(typename S::F t, std::int32_t zero_point,
                                                       std::int32_t low, std::int32_t high) {
  using L = exact::Lanes<typename S::F>;
  const auto clamped = exact::clamp<typename S::F>(t, L::set(static_cast<float>(low - zero_point)),
                                                   L::set(static_cast<float>(high - zero_point)));
  return S::round(clamped) + L::set_int(zero_point);
}

}  // namespace chengying::chip
