#include "cloud/store/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chengying::cloud {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kSecond = 1'000'000;

std::vector<ChipRoom> fleet(std::vector<std::int64_t> free) {
  std::vector<ChipRoom> chips;
  for (std::size_t i = 0; i < free.size(); ++i) {
    chips.push_back({"c" + std::to_string(i), static_cast<std::int64_t>(i), free[i], false});
  }
  return chips;
}

std::vector<std::string> order_of(std::vector<Waiting> waiting, std::int64_t now) {
  std::vector<std::string> order;
  serve_waiting(std::move(waiting), now, [&](const Waiting& lease) {
    order.push_back(lease.id);
    return true;
  });
  return order;
}

Waiting waiting(const char* id, const char* tenant, std::int64_t cores, std::int64_t since) {
  return {id, tenant, cores, 1, since, false, 1, 0, 10 * kSecond};
}

TEST(Placement, ASliceGoesToTheFullestChipThatHasRoom) {
  EXPECT_THAT(*choose_chips(fleet({8, 3, 2, 1}), 2, 1), ElementsAre("c2"));
  EXPECT_THAT(*choose_chips(fleet({8, 3, 2, 1}), 4, 1), ElementsAre("c0"));
  EXPECT_FALSE(choose_chips(fleet({8, 3, 2, 1}), 9, 1));
  EXPECT_FALSE(choose_chips({}, 1, 1));
}

TEST(Placement, OfEquallyFullChipsTheTenantsOwnIsTaken) {
  auto chips = fleet({4, 4, 4});
  EXPECT_THAT(*choose_chips(chips, 1, 1), ElementsAre("c0"));
  chips[2].near = true;
  EXPECT_THAT(*choose_chips(chips, 1, 1), ElementsAre("c2"));
}

TEST(Placement, SeveralChipsAreNeighboursInTheShortestRun) {
  EXPECT_THAT(*choose_chips(fleet({4, 4, 4, 0, 4, 4, 1, 4}), 4, 2), ElementsAre("c4", "c5"));
  EXPECT_THAT(*choose_chips(fleet({4, 0, 4, 0, 4}), 4, 2), ElementsAre("c0", "c2"))
      << "apart, if there is no run";
  EXPECT_FALSE(choose_chips(fleet({4, 3, 3, 3}), 4, 2));
}

TEST(Placement, PackingKeepsWholeChipsForWholeLeases) {
  auto chips = fleet({8, 8, 8, 8});
  for (int i = 0; i < 16; ++i) {  // sixteen eighths fit two chips
    const auto chosen = choose_chips(chips, 1, 1);
    for (ChipRoom& chip : chips) chip.free -= chip.id == chosen->front() ? 1 : 0;
  }
  EXPECT_TRUE(choose_chips(chips, 8, 2));
}

TEST(Turn, TheTenantThatHasLeastForItsWeightComesFirst) {
  auto a = waiting("a", "t1", 1, 1), b = waiting("b", "t2", 1, 2), c = waiting("c", "t3", 1, 3);
  a.tenant_cores = 4, b.tenant_cores = 6, c.tenant_cores = 2;
  b.weight = 6;
  EXPECT_THAT(order_of({a, b, c}, 10), ElementsAre("b", "c", "a"));
}

TEST(Turn, AGrantCountsAgainstItsTenantAtOnce) {
  EXPECT_THAT(order_of({waiting("a1", "t1", 2, 1), waiting("a2", "t1", 2, 2), waiting("b1", "t2", 2, 3)}, 10),
              ElementsAre("a1", "b1", "a2"));
}

TEST(Turn, WhoLostItsChipComesFirstAndWhoWaitedLongestComesNext) {
  auto rich = waiting("old", "t1", 1, 0), fresh = waiting("new", "t2", 1, kStarvingAfterUs - 5);
  auto moved = waiting("moved", "t3", 1, kStarvingAfterUs - 1);
  rich.tenant_cores = 100;
  moved.moved = true;
  moved.tenant_cores = 500;
  EXPECT_THAT(order_of({fresh, rich, moved}, kStarvingAfterUs), ElementsAre("moved", "old", "new"));
  EXPECT_THAT(order_of({fresh, rich, moved}, kStarvingAfterUs - 1), ElementsAre("moved", "new", "old"));
}

TEST(Turn, SmallOnesGoPastALargeOneUntilItStarves) {
  const auto served = [](std::int64_t now) {
    std::vector<std::string> got;
    serve_waiting({waiting("large", "t1", 8, 0), waiting("small", "t2", 1, 5)}, now,
                  [&](const Waiting& lease) {
                    if (lease.cores > 4) return false;
                    got.push_back(lease.id);
                    return true;
                  });
    return got;
  };
  EXPECT_THAT(served(kStarvingAfterUs - 1), ElementsAre("small"));
  EXPECT_THAT(served(kStarvingAfterUs), ElementsAre());
}

TEST(Estimate, IsWhenEnoughOfThoseBeforeHaveEnded) {
  const std::vector<Running> running{
      {{"c0"}, 2, 100 * kSecond}, {{"c0"}, 2, 50 * kSecond}, {{"c1"}, 4, 70 * kSecond}};
  const std::vector<Waiting> queue{waiting("first", "t1", 2, 1), waiting("second", "t2", 4, 2)};
  EXPECT_EQ(estimate_start(fleet({0, 0}), running, queue, "first", kSecond), 50 * kSecond);
  EXPECT_EQ(estimate_start(fleet({0, 0}), running, queue, "second", kSecond), 70 * kSecond);
  EXPECT_EQ(estimate_start(fleet({2, 0}), running, queue, "first", kSecond), kSecond);
}

TEST(Estimate, ALeaseLargerThanTheFleetNeverStarts) {
  EXPECT_FALSE(estimate_start(fleet({2}), {}, {waiting("a", "t", 3, 0)}, "a", 0));
  EXPECT_FALSE(estimate_start(fleet({2}), {}, {}, "a", 0));
}

TEST(Placement, AllChipsOfALeaseAreOneControlProcesss) {
  const std::vector<ChipRoom> chips{{"a/c.0", 0, 4}, {"b/c.0", 0, 4}, {"b/c.1", 1, 4}};
  EXPECT_EQ(process_of("a/c.0"), "a");
  EXPECT_EQ(process_of("c.0"), "");
  EXPECT_EQ(choose_chips(chips, 4, 2), (std::vector<std::string>{"b/c.0", "b/c.1"}));
  EXPECT_EQ(choose_chips(chips, 4, 3), std::nullopt);
}

}  // namespace
}  // namespace chengying::cloud
