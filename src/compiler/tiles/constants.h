// ConstantPool: the constants of an executable while it is being made: equal blocks are stored once, each at
// a multiple of 64. One thread. Offsets depend only on the order of `add`.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"
#include "isa/address.h"
#include "tensor/tensor.h"

namespace chengying::compiler::tiles {

class ConstantPool {
 public:
  /// The address of a block with these bytes.
  isa::Address add(std::span<const std::byte> bytes);
  template <class T>
  isa::Address add(std::span<const T> elements) {
    return add(std::as_bytes(elements));
  }

  /// As add(make()), made only once for each key: packing is slow, and several candidates are built.
  template <class Make>
  isa::Address once(const std::string& key, const Make& make) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
    const auto elements = make();
    return by_key_.emplace(key, add(std::span(std::as_const(elements)))).first->second;
  }

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  std::map<Digest, std::uint64_t> by_digest_;
  std::map<std::string, isa::Address> by_key_;
};

}  // namespace chengying::compiler::tiles
