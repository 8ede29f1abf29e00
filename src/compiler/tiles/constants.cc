#include "compiler/tiles/constants.h"

#include "isa/instruction.h"

namespace chengying::compiler::tiles {

namespace {
constexpr std::size_t kAlignment = 64;
}

isa::Address ConstantPool::add(std::span<const std::byte> bytes) {
  const Digest digest = sha256(bytes);
  const auto [found, is_new] = by_digest_.try_emplace(digest, bytes_.size());
  if (is_new) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment);
  }
  return {.space = isa::Space::kConstant, .core = 0, .offset = found->second};
}

}  // namespace chengying::compiler::tiles
