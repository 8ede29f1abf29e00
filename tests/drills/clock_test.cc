// The machine's clock goes back and forward by an hour and by a year while the service runs: the records, the
// invoice and the whole store are, byte for byte, those of a run in which it didn't.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <vector>

#include "billing/invoice.h"
#include "cloud/queries.h"
#include "cloud/store/store.h"
#include "cloud/store/store_digest.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

constexpr std::int64_t kSecond = 1'000'000, kHour = 3'600 * kSecond, kYear = 365 * 24 * kHour;
constexpr int kRequests = 400;

/// A machine's clocks, moved by hand.
class MachineClock final : public Clock {
 public:
  std::int64_t wall_us() const override { return wall; }
  std::int64_t monotonic_us() const override { return monotonic; }
  void pass(std::int64_t us) {
    wall += us;
    monotonic += us;
  }
  std::int64_t wall = 1'795'000'000 * kSecond, monotonic = 5 * kSecond;
};

struct Outcome {
  std::string records, invoice;
  Digest store;
  std::int64_t largest_jump_us = 0;
};

/// Requests and caps under one service; before request i the machine's wall clock is moved by jumps[i %
/// size].
Outcome run(const std::vector<std::int64_t>& jumps) {
  const auto folder = std::filesystem::temp_directory_path() / ("chengying_clock_" + random_hex(6));
  std::filesystem::create_directories(folder);
  MachineClock machine;
  const SteadyClock clock(machine);
  Outcome outcome;
  {
    auto store = *Store::open(testing::new_store(folder / "store.sqlite"), clock, 1'000);
    EXPECT_TRUE(store->apply(CreateTenant{"tn_a", "a", Money()}));
    EXPECT_TRUE(store->apply(Deposit{"tn_a", "", Money::nano(1'000'000'000)}));
    EXPECT_TRUE(store->apply(SetCap{"tn_a", "tn_a", Money::nano(900'000'000), "50", "month"}));
    for (int i = 0; i < kRequests; ++i) {
      machine.pass(kHour + 7 * kSecond);  // in all, more than a fortnight
      if (!jumps.empty()) machine.wall += jumps[static_cast<std::size_t>(i) % jumps.size()];
      outcome.largest_jump_us = std::max(outcome.largest_jump_us, std::abs(machine.wall - clock.wall_us()));
      const std::string request = fmt::format("r{}", i);
      EXPECT_TRUE(store->apply(testing::hold_of(request, 5'000)));
      EXPECT_TRUE(store->apply(testing::post_of(request, 1 + i % 5)));
    }
    const auto records =
        *store->read([](Database& database) { return read_records(database, "tn_a", 1, kRequests); });
    EXPECT_EQ(records.size(), static_cast<std::size_t>(kRequests));
    for (const billing::Record& record : records) outcome.records += to_json(record) + "\n";
    const auto invoice = *billing::make_invoice(
        {"inv_tn_a_1", "tn_a", "USD", format_utc(clock.wall_us()), Digest{}, {}}, records);
    outcome.invoice = to_json(invoice);
    EXPECT_TRUE(
        store->apply(StoreInvoice{invoice.id, "tn_a", "", invoice.first_sequence, invoice.last_sequence,
                                  invoice.records, invoice.total_micro, invoice.rounding, outcome.invoice}));
    outcome.store = *store->read([](Database& database) { return digest_of_store(database); });
  }
  std::filesystem::remove_all(folder);
  return outcome;
}

TEST(ClockDrill, JumpsOfTheWallClockChangeNoByteOfAnInvoice) {
  const Outcome quiet = run({});
  const std::vector<std::vector<std::int64_t>> all_jumps{{-kHour, kHour},
                                                         {kHour, -kHour},
                                                         {-kYear, kYear},
                                                         {kYear, 0, 0, -kYear},
                                                         {kYear, -2 * kYear, kYear, -kHour}};
  for (const auto& jumps : all_jumps) {
    const Outcome jumped = run(jumps);
    EXPECT_GE(jumped.largest_jump_us, kHour) << "the drill itself";
    EXPECT_TRUE(jumped.records == quiet.records);
    EXPECT_EQ(jumped.invoice, quiet.invoice);
    EXPECT_EQ(jumped.store.hex(), quiet.store.hex());
  }
  std::cout << fmt::format(
      "{} records under {} kinds of jumps of the clock: same records, invoice ({} bytes) and store\n",
      kRequests, all_jumps.size(), quiet.invoice.size());
}

}  // namespace
}  // namespace chengying::cloud
