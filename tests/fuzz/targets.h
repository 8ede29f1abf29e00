// Fuzz targets: each takes any bytes as something that comes from outside and must give a value or an Error,
// never crash, hang or write outside. Run by libFuzzer (preset fuzz, one program a target) and, over the
// corpus and seeded mutations of it, by fuzz_tests in every build.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chengying::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::span<const std::byte> bytes);
  /// Valid inputs to start mutations from, made in code, so that they follow the formats as they change.
  std::vector<std::string> (*seeds)();
};

std::span<const Target> targets();

}  // namespace chengying::fuzz
