// Law 3: time is a pure function of program, chip and slice. The quote before the run equals the bill after
// it.
#include <gtest/gtest.h>

#include "runtime/cost.h"
#include "suite.h"

namespace chengying::laws {
namespace {

void expect_same(const runtime::RunCost& bill, const runtime::RunCost& quote, const std::string& what) {
  EXPECT_EQ(bill.cycles, quote.cycles) << what;
  EXPECT_EQ(bill.picojoules, quote.picojoules) << what;
  EXPECT_EQ(bill.core_cycles, quote.core_cycles) << what;
}

TEST(TimeLaw, TheQuoteIsTheBillWhateverTheDataThreadsAndCompany) {
  const std::vector<std::int32_t> batches{1, 4};
  for (const char* name : {"host", "hanguang800", "chengying1"}) {
    const isa::ChipSpec chip = chip_named(name);
    for (const unsigned threads : {1U, 2U}) {
      const auto device = runtime::make_engine_device(
          chip,
          {.threads_per_slice = threads, .batch_delay = std::chrono::microseconds(threads == 1 ? 0 : 500)});
      const runtime::SliceId slice = device->open_slice(2).value();
      for (std::size_t i = 0; i < suite().size(); i += 3) {
        const Entry& entry = suite()[i];
        if (entry.needs_f32 && !chip.tensor.f32) continue;
        const auto executable = entry.executable(chip, 2, batches);
        const runtime::LoadedId loaded = device->load(slice, executable).value();
        std::vector<std::future<runtime::RunDone>> answers;
        for (std::int32_t batch = 1; batch <= 6; ++batch)
          answers.push_back(
              send(*device, slice, loaded, entry.input(batch, static_cast<std::uint32_t>(batch * 7))));
        for (std::int32_t batch = 1; batch <= 6; ++batch) {
          const runtime::RunCost quote = runtime::cost_of(*executable, chip, batch).value();
          EXPECT_GT(quote.cycles, 0);
          expect_same(answers[static_cast<std::size_t>(batch - 1)].get().cost, quote, entry.name);
        }
        device->unload(slice, loaded);
      }
    }
  }
}

TEST(TimeLaw, AskingTwiceGivesTheSameTime) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  for (const Entry& entry : suite()) {
    if (entry.needs_f32) continue;
    const auto first = entry.executable(chip, 4, {2}), second = entry.executable(chip, 4, {2});
    expect_same(runtime::cost_of(*first, chip, 2).value(), runtime::cost_of(*second, chip, 2).value(),
                entry.name);
  }
}

}  // namespace
}  // namespace chengying::laws
