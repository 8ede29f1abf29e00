#include "random_program.h"

#include "isa/testing.h"
#include "random_steps.h"

namespace chengying::fuzz {

isa::ChipSpec open_chip() {
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.memory.engines_reach_host = true;
  return chip;
}

RandomProgram random_program(std::span<const std::byte> bytes) {
  Steps steps(bytes);
  const int count = steps.in(1, 6);
  for (int i = 0; i < count; ++i) steps.add_one();
  return steps.finish();
}

}  // namespace chengying::fuzz
