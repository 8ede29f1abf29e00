// The signature of the suite: a digest of all answers, and the sums of all cycles and picojoules on each
// chip. A change that moves it says so in its message and brings the new file; one that does not mean to move
// it must not. CHENGYING_UPDATE_GOLDEN=1 writes tests/laws/signature.txt anew.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/digest.h"
#include "base/file.h"
#include "runtime/cost.h"
#include "suite.h"

namespace chengying::laws {
namespace {

constexpr std::int32_t kBatch = 2;
constexpr std::uint16_t kCores = 2;

std::string answers_line() {
  const isa::ChipSpec chip = chip_named("host");
  Hasher hasher;
  for (const Entry& entry : suite())
    hasher.update(run_alone(chip, entry.executable(chip, kCores, {kBatch}), entry.input(kBatch, 1)));
  return fmt::format("answers {}\n", hasher.finish().hex());
}

std::string cost_line(const std::string& name) {
  const isa::ChipSpec chip = chip_named(name);
  runtime::RunCost sum;
  for (const Entry& entry : suite()) {
    if (entry.needs_f32 && !chip.tensor.f32) continue;
    const auto cost = runtime::cost_of(*entry.executable(chip, kCores, {kBatch}), chip, kBatch);
    EXPECT_TRUE(cost.has_value()) << entry.name;
    if (!cost) continue;
    sum.cycles += cost->cycles;
    sum.picojoules += cost->picojoules;
  }
  return fmt::format("{} cycles {} picojoules {}\n", name, sum.cycles, sum.picojoules);
}

TEST(Signature, OfTheSuiteIsTheOneInTheFile) {
  const std::string path = CHENGYING_SOURCE_DIR "/tests/laws/signature.txt";
  const std::string found = answers_line() + cost_line("host") + cost_line("hanguang800");
  if (std::getenv("CHENGYING_UPDATE_GOLDEN") != nullptr) {
    const Status written = write_file_atomically(path, std::string_view(found));
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }
  EXPECT_EQ(read_text_file(path, 4096).value_or(""), found)
      << "if this is meant: CHENGYING_UPDATE_GOLDEN=1 laws_tests --gtest_filter=Signature.*";
}

}  // namespace
}  // namespace chengying::laws
