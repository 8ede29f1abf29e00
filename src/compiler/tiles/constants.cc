#include "compiler/tiles/constants.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

namespace chengying::compiler::tiles {

namespace {

constexpr std::uint64_t kAlignment = 64;

std::uint64_t rounded_up(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

ConstantPool::ConstantPool(std::uint64_t expected_bytes)
    : room_(std::make_shared<AlignedBytes>(expected_bytes)) {}

void ConstantPool::make_room(std::uint64_t bytes) {
  if (size_ + bytes <= room_->size()) return;
  auto larger = std::make_shared<AlignedBytes>(std::max(size_ + bytes, 2 * room_->size()));
  if (size_ > 0) std::memcpy(larger->data(), room_->data(), size_);
  room_ = std::move(larger);
}

isa::Address ConstantPool::add(std::span<const std::byte> bytes) {
  const auto at = [](std::uint64_t offset) {
    return isa::Address{.space = isa::Space::kConstant, .core = 0, .offset = offset};
  };
  const std::size_t hash = std::hash<std::string_view>{}(
      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    const Block& block = known->second;
    if (block.bytes != bytes.size()) continue;
    if (bytes.empty() || std::memcmp(room_->data() + block.offset, bytes.data(), bytes.size()) == 0)
      return at(block.offset);
  }
  make_room(rounded_up(bytes.size()));
  const std::uint64_t offset = size_;
  if (!bytes.empty()) std::memcpy(room_->data() + offset, bytes.data(), bytes.size());
  size_ += rounded_up(bytes.size());
  by_hash_.emplace(hash, Block{offset, bytes.size()});
  return at(offset);
}

}  // namespace chengying::compiler::tiles
