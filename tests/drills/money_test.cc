// Money under load: 10,000 holds at once at the last cent of a cap, and an invoice of a whole month's
// records. CHENGYING_DRILL_RECORDS: how many (20,000 unless told; `make drills` says a million).
// CHENGYING_DRILL_FOLDER: where to leave them, for `chengying verify` to check in a process of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

#include "base/file.h"
#include "billing/invoice.h"
#include "billing/small_book_for_test.h"
#include "cloud/store/postgres_for_test.h"
#include "cloud/store/store.h"

namespace chengying::cloud {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TEST(Money, TenThousandHoldsAtOnceStopAtTheLastNanoOfACap) {
  constexpr int kThreads = 8, kHolds = 1'250;
  constexpr std::int64_t kEach = 7, kCap = 7 * 4'000 + 6;
  const auto folder = std::filesystem::temp_directory_path() / ("chengying_holds_" + random_hex(6));
  std::filesystem::create_directories(folder);
  const SystemClock clock;
  auto store = *Store::open(testing::new_store(folder / "store.sqlite"), clock, 100'000);
  ASSERT_TRUE(store->apply(CreateTenant{"tn_a", "a", Money()}));
  ASSERT_TRUE(store->apply(Deposit{"tn_a", "", Money::nano(1'000'000)}));
  ASSERT_TRUE(store->apply(CreateProject{"pr_a", "tn_a", "p"}));
  ASSERT_TRUE(store->apply(SetCap{"tn_a", "pr_a", Money::nano(kCap), ""}));
  std::atomic<std::int64_t> held{0}, refused{0}, others{0};
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kHolds; ++i) {
        const auto done = [&](const Result<Effects>& effects) {
          if (effects) {
            ++held;
          } else {
            ++(effects.error().code == Code::kPaymentRequired ? refused : others);
          }
        };
        HoldWork hold{"tn_a", fmt::format("r{}.{}", t, i), false, {}, Money::nano(kEach), "", "pr_a", ""};
        if (!store->submit(std::move(hold), done)) ++others;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(store->apply(Barrier{}));
  const double took = seconds_since(start);
  EXPECT_EQ(held, kCap / kEach);
  EXPECT_EQ(others, 0);
  EXPECT_EQ(held + refused, kThreads * kHolds);
  const auto on_cap = store->read(
      [](Database& database) { return database.number(-1, "SELECT held FROM caps WHERE subject = 'pr_a'"); });
  EXPECT_EQ(*on_cap, held * kEach);
  std::cout << fmt::format(
      "{} holds at once on a cap for {}: {} held, {} refused, overshoot {} nano-units, {:.2f} s\n",
      kThreads * kHolds, kCap / kEach, held.load(), refused.load(), std::max<std::int64_t>(*on_cap - kCap, 0),
      took);
  store.reset();
  std::filesystem::remove_all(folder);
}
TEST(Money, AMonthsInvoiceVerifies) {
  const char* wanted = std::getenv("CHENGYING_DRILL_RECORDS");
  const std::int64_t count = wanted == nullptr ? 20'000 : std::atoll(wanted);
  std::vector<billing::Record> records;
  records.reserve(static_cast<std::size_t>(count));
  std::string lines;
  Digest previous;
  for (std::int64_t i = 1; i <= count; ++i) {
    billing::Record record;
    record.sequence = i;
    record.tenant = "tn_a";
    record.request = fmt::format("rq_{:x}", i * 7'919);
    record.endpoint = fmt::format("ep_{}", i % 20);
    record.project = fmt::format("pr_{}", i % 5);
    record.key = "key_1";
    record.offer = "a.shared";
    record.chip = "a";
    record.cores = 2;
    record.clock_hz = 700'000'000;
    record.executable = sha256("program");
    record.batch = 1;
    record.cycles = static_cast<std::uint64_t>(1'000'000 + i % 997);
    record.picojoules = record.cycles * 3;
    record.price_book_version = 1;
    record.micro_per_core_hour = 99'999;
    record.price = *price_of(record);
    record.monotonic_us = i * 2'592'000;
    record.at = "2026-11-24T05:24:49.123456Z";
    record.previous = previous;
    seal(record);
    previous = record.hash;
    lines += to_json(record) + "\n";
    records.push_back(std::move(record));
  }
  const auto invoice =
      billing::make_invoice({"inv_1", "tn_a", "USD", "", {}, {{1, sha256(billing::kSmallBook)}}}, records);
  ASSERT_TRUE(invoice);
  const std::string json = to_json(*invoice);
  records = {};
  if (const char* folder = std::getenv("CHENGYING_DRILL_FOLDER")) {
    const std::filesystem::path files(folder);
    ASSERT_TRUE(write_file_atomically(files / "invoice.json", json));
    ASSERT_TRUE(write_file_atomically(files / "records.jsonl", lines));
    ASSERT_TRUE(write_file_atomically(files / "prices.toml", billing::kSmallBook));
  }
  const auto start = Clock::now();
  const auto verified = billing::verify_invoice(json, lines, billing::kSmallBook);
  const double took = seconds_since(start);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->records, count);
  std::cout << fmt::format("an invoice of {} records verified in {:.2f} s\n", count, took);
}

}  // namespace
}  // namespace chengying::cloud
