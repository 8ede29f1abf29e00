// The world of a history: its tenants and chips. Constants.
#pragma once

#include <cstdint>
#include <string>

namespace chengying::cloud {

inline constexpr std::size_t kTenantsMost = 12;
inline constexpr std::int64_t kWorkPrice = 100, kCapacityPrice = 36;
inline constexpr std::size_t kHeldMost = 200;

/// Kinds of chips: how many, and their cores.
struct Kind {
  const char* name;
  std::int64_t count, cores;
};
inline constexpr Kind kFleet[] = {{"a", 2, 2}, {"b", 4, 8}};

inline std::string project_of(const std::string& tenant) {
  return "pr_" + tenant;
}
inline std::string key_of(const std::string& tenant) {
  return "key_" + tenant;
}

}  // namespace chengying::cloud
