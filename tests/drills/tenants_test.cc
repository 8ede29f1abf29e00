// 1, 10, 100, 1,000 tenants, each with a key, a project, a cap and an endpoint of its own: what a request
// costs does not grow with them. Counted here: the steps that the database takes for it. Its processor time,
// from its key to its durable charge, all threads of the service together, is measured and printed
// (CHENGYING_DRILL_TENANTS: how many at most, 10 unless told); the chip's work is a toy, so that what is
// measured is the cloud.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <vector>

#include "cloud/store/testing.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

/// What the store does for one request of the tenant `tn_I`: hold and post, under its caps.
Database::Work work_of_a_request(testing::Machine& machine, int tenant, int request) {
  const auto before = machine.database().work();
  HoldWork hold = testing::hold_of(fmt::format("r{}", request), 1'000);
  PostWork post = testing::post_of(fmt::format("r{}", request), 1);
  hold.tenant = post.tenant = fmt::format("tn_{}", tenant);
  hold.key = post.key = fmt::format("key_{}", tenant);
  hold.project = post.project = fmt::format("pr_{}", tenant);
  EXPECT_TRUE(machine(hold));
  EXPECT_TRUE(machine(post));
  const auto after = machine.database().work();
  return {after.statements - before.statements, after.steps - before.steps};
}

void add_tenant(testing::Machine& machine, int i) {
  const std::string tenant = fmt::format("tn_{}", i), project = fmt::format("pr_{}", i);
  testing::add_tenant(machine, 1'000'000, 0, tenant);
  ASSERT_TRUE(machine(CreateProject{project, tenant, "p"}));
  ASSERT_TRUE(machine(CreateKey{fmt::format("key_{}", i), tenant, "k", sha256(tenant), 1, 0, project}));
  ASSERT_TRUE(machine(SetCap{tenant, project, testing::nano(500'000), "", "month"}));
}

TEST(Tenants, TheStoresWorkForARequestIsFlatWithinFivePercent) {
  testing::Machine machine;
  int tenants = 0, requests = 0;
  Database::Work first;
  for (const int wanted : {1, 10, 100, 1'000}) {
    while (tenants < wanted) add_tenant(machine, tenants++);
    work_of_a_request(machine, wanted / 2, requests++);  // each tenant's first
    const auto work = work_of_a_request(machine, wanted / 2, requests++);
    if (wanted == 1) first = work;
    EXPECT_GT(work.statements, 0);
    std::cout << fmt::format("{} tenants: {} statements and {} steps of the database for a request\n", wanted,
                             work.statements, work.steps);
    EXPECT_EQ(work.statements, first.statements) << wanted;
    EXPECT_LE(work.steps * 100, first.steps * 105) << wanted;
  }
}

double process_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

class TenantsDrill : public testing::CloudTest {
 protected:
  static constexpr int kRequests = 600, kTimes = 5;

  void add_tenants(std::size_t until) {
    while (secrets_.size() < until) {
      const auto made = cloud_->create_tenant(admin_, fmt::format("t{}", secrets_.size()), Money());
      ASSERT_TRUE(made) << made.error().message;
      ASSERT_TRUE(cloud_->deposit(admin_, made->id, testing::units("1"), ""));
      const auto key =
          cloud_->create_key(admin_, made->id, "k", *parse_scopes("infer,deploy,billing"), "", "");
      ASSERT_TRUE(key);
      secrets_.push_back(key->secret);
      endpoint_of(*cloud_->authenticate(key->secret), "abs");
    }
  }
  /// The least of some measurements of the mean over many requests, of tenants in turn.
  double cpu_us_of_a_request(std::size_t tenants) {
    double least = 1e18;
    for (int time = 0; time < kTimes; ++time) {
      const double before = process_cpu_us();
      for (int i = 0; i < kRequests; ++i) {
        const auto caller = cloud_->authenticate(secrets_[static_cast<std::size_t>(i) * 7 % tenants]);
        EXPECT_TRUE(caller && infer(*caller, "abs"));
      }
      least = std::min(least, (process_cpu_us() - before) / kRequests);
    }
    return least;
  }
  std::vector<std::string> secrets_;
};

TEST_F(TenantsDrill, EachIsServedAndWhatItCostsIsPrinted) {
  const char* wanted = std::getenv("CHENGYING_DRILL_TENANTS");
  const auto most = static_cast<std::size_t>(wanted == nullptr ? 10 : std::atoll(wanted));
  add_tenants(1);
  cpu_us_of_a_request(1);  // warms up
  double first = 0;
  for (std::size_t tenants = 1; tenants <= most; tenants *= 10) {
    add_tenants(tenants);
    const double cost = cpu_us_of_a_request(tenants);
    if (first == 0) first = cost;
    std::cout << fmt::format(
        "{} tenants: {:.1f} us of processor time for a request, {:.3f} of that of one tenant\n", tenants,
        cost, cost / first);
  }
}

}  // namespace
}  // namespace chengying::cloud
