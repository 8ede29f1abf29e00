// A whole history from a seed, clock and faults simulated, on one thread: money, cores and cycles conserved
// after every command, its replay the same store, its seed the same history. CHENGYING_HISTORY_COMMANDS
// (20,000 unless told; `make drills` says a million) and CHENGYING_HISTORY_SEED.
#include "history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "cloud/store/store_digest.h"

namespace chengying::cloud {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(History, ConservesMoneyCoresAndCyclesAndReplaysToTheSameStore) {
  const auto commands = static_cast<std::int64_t>(number_from("CHENGYING_HISTORY_COMMANDS", 20'000));
  const std::uint64_t seed = number_from("CHENGYING_HISTORY_SEED", 20'261'124);
  History history(seed);
  history.run(commands);
  if (HasFatalFailure()) return;
  const History::Counts& counts = history.counts();
  EXPECT_GT(counts.accepted, commands / 5);
  EXPECT_GT(counts.refused, commands / 20);
  EXPECT_GT(counts.repeated, commands / 100);

  testing::Machine replayed;
  ASSERT_TRUE(replayed.database().begin_writing());
  const Status done = replay(history.machine().database(), replayed);
  ASSERT_TRUE(done) << done.error().message;
  const Digest digest = *digest_of_store(history.machine().database());
  EXPECT_EQ(digest_of_store(replayed.database())->hex(), digest.hex());

  const Books::Open& books = history.books().now();
  std::cout << fmt::format(
      "seed {}: {} commands: {} applied, {} repeated, {} refused; {} crashes; {} records, {} cycles, {} "
      "nano-units charged; digest {}\n",
      seed, commands, counts.accepted, counts.repeated, counts.refused, counts.crashes, books.records,
      books.cycles, books.revenue, digest.hex());
  for (const auto& [kind, count] : counts.by_kind) std::cout << fmt::format("  {} {}\n", count, kind);
}

TEST(History, TheSeedReproducesItAndAnotherSeedIsAnotherHistory) {
  const auto digest_of = [](std::uint64_t seed) {
    History history(seed);
    history.run(1'500);
    return digest_of_store(history.machine().database())->hex();
  };
  const std::string first = digest_of(7);
  EXPECT_EQ(digest_of(7), first);
  EXPECT_NE(digest_of(8), first);
}

}  // namespace
}  // namespace chengying::cloud
