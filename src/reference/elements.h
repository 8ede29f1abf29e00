// Elements of strided views: finding, reading and writing one, and walking over all of them in index order.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "isa/address.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {

using Index = std::array<std::int32_t, 4>;

inline std::int64_t offset_of(const isa::View& view, const Index& i) {
  return i[0] * view.stride[0] + i[1] * view.stride[1] + i[2] * view.stride[2] + i[3] * view.stride[3];
}

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}
template <class T>
void store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof(T));
}
template <class T>
T load(const std::byte* base, const isa::View& view, const Index& i) {
  return load<T>(base + offset_of(view, i));
}
template <class T>
void store(std::byte* base, const isa::View& view, const Index& i, T value) {
  store<T>(base + offset_of(view, i), value);
}

/// A number of an f32 or bf16 view, exactly.
inline float widened(const isa::View& view, const std::byte* at) {
  return view.dtype == DType::kBF16 ? exact::f32_from_bf16(load<std::uint16_t>(at)) : load<float>(at);
}

/// body(index) for each index of `shape`, the last dimension fastest.
template <class Body>
void for_each_index(const Index& shape, Body body) {
  Index i{};
  for (i[0] = 0; i[0] < shape[0]; ++i[0]) {
    for (i[1] = 0; i[1] < shape[1]; ++i[1]) {
      for (i[2] = 0; i[2] < shape[2]; ++i[2]) {
        for (i[3] = 0; i[3] < shape[3]; ++i[3]) body(i);
      }
    }
  }
}

}  // namespace chengying::reference
