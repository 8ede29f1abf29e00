// ConstantPool: the constants of an executable while it is being made: equal blocks are stored once, each at
// a multiple of 64. One thread. Offsets depend only on the order of `add`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "isa/address.h"
#include "tensor/tensor.h"

namespace chengying::compiler::tiles {

class ConstantPool {
 public:
  /// Room for so many bytes from the start: more are taken, but moved once.
  explicit ConstantPool(std::uint64_t expected_bytes = 0);

  /// The address of a block with these bytes.
  isa::Address add(std::span<const std::byte> bytes);
  template <class T>
  isa::Address add(std::span<const T> elements) {
    return add(std::as_bytes(elements));
  }

  /// What `make` added or gives to be added, made only once for each key: packing is slow, and several
  /// candidates are built.
  template <class Make>
  isa::Address once(const std::string& key, const Make& make) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
    const auto made = make();
    if constexpr (requires { made.offset; })
      return by_key_.emplace(key, made).first->second;
    else
      return by_key_.emplace(key, add(std::span(std::as_const(made)))).first->second;
  }

  std::span<const std::byte> bytes() const { return room_->span().first(size_); }
  /// Keeps bytes() alive.
  std::shared_ptr<const void> owner() const { return room_; }

 private:
  struct Block {
    std::uint64_t offset = 0, bytes = 0;
  };
  void make_room(std::uint64_t bytes);

  std::shared_ptr<AlignedBytes> room_;  // shared: executables own what they were made from
  std::uint64_t size_ = 0;
  std::unordered_multimap<std::size_t, Block> by_hash_;
  std::map<std::string, isa::Address> by_key_;
};

}  // namespace chengying::compiler::tiles
