// The libFuzzer program of the target CHENGYING_FUZZ_TARGET.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const chengying::fuzz::Target* const target = [] {
    for (const auto& candidate : chengying::fuzz::targets())
      if (candidate.name == std::string_view(CHENGYING_FUZZ_TARGET)) return &candidate;
    CHECK(!"no such target");
  }();
  target->run(std::as_bytes(std::span(data, size)));
  return 0;
}
