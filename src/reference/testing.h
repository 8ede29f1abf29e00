// What the reference's tests have in common: vectors as operands.
#pragma once

#include <cstddef>
#include <vector>

namespace chengying::reference::testing {

template <class T>
const std::byte* bytes(const std::vector<T>& v) {
  return reinterpret_cast<const std::byte*>(v.data());
}
template <class T>
std::byte* bytes(std::vector<T>& v) {
  return reinterpret_cast<std::byte*>(v.data());
}

}  // namespace chengying::reference::testing
