#include "runtime/worker/host_cores.h"

#include <gtest/gtest.h>

namespace chengying::runtime {
namespace {

TEST(HostCores, ASliceHasItsOwnWhileOneIsLeftForTheRest) {
  HostCores cores({0, 1, 2, 3});
  const HostPlace two = cores.take(2, 2, 4);
  EXPECT_TRUE(two.own);
  EXPECT_EQ(two.cores, (std::vector<std::uint32_t>{2, 3}));
  const HostPlace one = cores.take(1, 1, 4);
  EXPECT_TRUE(one.own);
  EXPECT_EQ(one.cores, (std::vector<std::uint32_t>{1}));
  const HostPlace rest = cores.take(1, 1, 4);
  EXPECT_FALSE(rest.own);
  EXPECT_EQ(rest.cores, (std::vector<std::uint32_t>{0}));
  cores.give_back(two);
  EXPECT_TRUE(cores.take(2, 2, 4).own);
}

TEST(HostCores, WhatIsSharedIsNobodysOwnUntilTheSharingEnds) {
  HostCores cores({0, 1, 2, 3});
  const HostPlace all = cores.take(4, 4, 4);
  EXPECT_FALSE(all.own);  // the service would have none
  EXPECT_EQ(all.cores.size(), 4);
  const HostPlace beside = cores.take(1, 1, 4);
  EXPECT_FALSE(beside.own);
  cores.give_back(all);
  EXPECT_FALSE(cores.take(1, 1, 4).own);  // `beside` is still there
}

TEST(HostCores, AShareIsTheSlicesPartOfTheChip) {
  EXPECT_EQ(nice_of(2, 4, 4, 2), 0);  // the whole chip, on all that there is
  EXPECT_EQ(nice_of(1, 1, 4, 2), 3);  // a thread where the other has two: half of its weight, 1.25^3
  EXPECT_EQ(nice_of(1, 1, 1, 8), 0);
  EXPECT_EQ(nice_of(2, 2, 96, 2), 17);  // 1 of 48: 1.25^17
  EXPECT_EQ(nice_of(2, 2, 1024, 2), 19);
}

}  // namespace
}  // namespace chengying::runtime
