#include "cli/host_spec.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cli/kernel_probe.h"
#include "isa/spec.h"

namespace chengying::cli {
namespace {

MachineFacts zen4() {
  return {.cpu = "A \"CPU\" \\ with marks",
          .cores = 2,
          .memory_bytes = std::int64_t{24} << 30,
          .cache_bytes = 32 << 20,
          .kernels = chip::KernelSet::kAvx512,
          .clock_hz = 3.6841e9,
          .u8_instructions_per_cycle = 0.998,
          .f32_instructions_per_cycle = 0.997,
          .cache_bytes_per_second = 80.3e9,
          .dram_bytes_per_second = 30e9,
          .dram_latency_seconds = 171e-9,
          .copy_bytes_per_second = 48.3e9,
          .handover_seconds = 27e-6,
          .kernel_costs = {.moved_element = 2.1,
                           .looked_up = 1.4,
                           .pixel = 9,
                           .pair_places = 1.5,
                           .places = 4,
                           .window = 12,
                           .max_place = 1.5,
                           .average_place = 4},
          .spread = 0.02};
}

isa::ChipSpec spec_of(const MachineFacts& facts) {
  auto chip = isa::parse_chip_spec(host_spec_toml(facts), "host.toml");
  EXPECT_TRUE(chip) << chip.error().message;
  return *std::move(chip);
}

TEST(HostSpec, ReadsAsAChipWithTheNumbersThatWereMeasured) {
  const isa::ChipSpec chip = spec_of(zen4());
  EXPECT_TRUE(chip.is_host);
  EXPECT_EQ(chip.clock_hz, 3.684e9);
  EXPECT_EQ(chip.tensor.u8->macs(), 64);
  EXPECT_EQ(chip.tensor.f32->macs(), 16);
  EXPECT_EQ(chip.memory.cache_bytes, 32 << 20);
  EXPECT_EQ(chip.memory.dram_bytes, std::int64_t{16} << 30);
  EXPECT_EQ(chip.memory_engine.bytes_per_cycle, 13);
  EXPECT_EQ(chip.kernels->moved_element, 2.1);
  EXPECT_EQ(chip.kernels->average_place, 4);
}

TEST(HostSpec, TakesRatesThatAreNoWholeNumbersAsNearAsItCan) {
  MachineFacts facts = zen4();
  facts.u8_instructions_per_cycle = 1.98;  // two units
  EXPECT_EQ(spec_of(facts).tensor.u8->macs(), 4 * 16 * 2);
  facts.kernels = chip::KernelSet::kAvx2;  // 8 lanes, three instructions for each product
  facts.u8_instructions_per_cycle = 0.67;
  EXPECT_EQ(spec_of(facts).tensor.u8->macs(), 4 * 5);
  facts.f32_instructions_per_cycle = 0.01;
  EXPECT_GE(spec_of(facts).tensor.f32->macs(), 1);
}

// Whatever kernels this machine has: each cost is of some cycles, and a look-up or a move is never free.
TEST(KernelProbe, FindsCostsThatCanBe) {
  if (chip::best_kernels() == chip::KernelSet::kReference) GTEST_SKIP();
  Turns turns;
  const auto probe = KernelProbe::make(chip::best_kernels(), turns);
  ASSERT_TRUE(probe);
  turns.measure(8);
  const isa::KernelCosts costs = probe->costs(turns);
  for (const double cost : {costs.moved_element, costs.looked_up, costs.window + costs.max_place,
                            costs.average_place, costs.places, costs.pair_places}) {
    EXPECT_GT(cost, 0);
    EXPECT_LT(cost, 1000);
  }
  EXPECT_GE(costs.pixel, 0);
}

TEST(Calibration, IsRefusedOnABusyMachine) {
  EXPECT_TRUE(check_quiet(0.99, 0.02));
  EXPECT_EQ(check_quiet(0.61, 0).error().message,
            "this machine is busy: a thread got 61 % of a core, 95 % are needed; stop other work and "
            "calibrate again");
  EXPECT_EQ(check_quiet(0.99, 0.4).error().message,
            "this machine is not steady: repeats of one measurement differ by 40 %, at most 10 % are "
            "allowed; stop other "
            "work and calibrate again");
  EXPECT_EQ(check_quiet(0.61, 0).error().code, Code::kUnavailable);
}

// As many threads again as there are cores: nobody gets a whole one.
TEST(Calibration, SeesThatOthersCompute) {
  std::atomic<bool> stop = false;
  std::vector<std::jthread> others;
  for (unsigned i = 0; i < 2 * std::max(1U, std::thread::hardware_concurrency()); ++i)
    others.emplace_back([&] {
      while (!stop) std::atomic_signal_fence(std::memory_order_seq_cst);
    });
  const double share = quiet_share();
  stop = true;
  EXPECT_FALSE(check_quiet(share, 0)) << share;
}

}  // namespace
}  // namespace chengying::cli
