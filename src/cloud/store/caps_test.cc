// Caps on tenants, projects and keys: no number of holds passes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/store/check.h"
#include "cloud/store/testing.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {
namespace {

using testing::add_tenant;
using ::testing::HasSubstr;
using testing::hold_of;
using testing::Machine;
using testing::nano;
using testing::post_of;

class CapsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    add_tenant(machine, 1'000'000);
    ASSERT_TRUE(machine(CreateProject{"pr_1", "tn_a", "vision"}));
    ASSERT_TRUE(machine(CreateKey{"key_1", "tn_a", "k", sha256("1"), 1, 0, "pr_1"}));
  }
  void TearDown() override { EXPECT_TRUE(check_store(machine.database())); }
  HoldWork hold(const std::string& request, std::int64_t amount, bool in_project = true) {
    HoldWork out = hold_of(request, amount);
    if (in_project) out.project = "pr_1", out.key = "key_1";
    return out;
  }
  Result<Effects> use(const std::string& request, std::int64_t thousands) {
    TRY(machine(hold(request, thousands * 1'000)));
    PostWork post = post_of(request, thousands);
    post.project = "pr_1";
    post.key = "key_1";
    return machine(post);
  }
  std::int64_t cap(const char* column, const char* subject) {
    return machine.number(fmt::format("SELECT {} FROM caps WHERE subject = '{}'", column, subject));
  }
  Machine machine;
};

TEST_F(CapsTest, EachOfTenantProjectAndKeyStopsAHoldAtItsLastNano) {
  for (const char* subject : {"tn_a", "pr_1", "key_1"}) {
    ASSERT_TRUE(machine(SetCap{"tn_a", subject, nano(5'000), ""}));
    ASSERT_TRUE(machine(hold("a", 5'000)));
    const auto over = machine(hold("b", 1));
    ASSERT_FALSE(over) << subject;
    EXPECT_EQ(over.error().code, Code::kPaymentRequired);
    EXPECT_THAT(over.error().message, HasSubstr(fmt::format("the cap of 0.000005000 on {} has", subject)));
    EXPECT_TRUE(machine(hold("free", 0))) << "nothing is not too much";
    ASSERT_TRUE(machine(VoidWork{"tn_a", "a"}));
    ASSERT_TRUE(machine(VoidWork{"tn_a", "free"}));
    EXPECT_EQ(cap("held", subject), 0);
    ASSERT_TRUE(machine(RemoveCap{"tn_a", subject}));
  }
}

TEST_F(CapsTest, AHoldThatOneCapRefusesIsOnNoOther) {
  ASSERT_TRUE(machine(SetCap{"tn_a", "tn_a", nano(10'000), ""}));
  ASSERT_TRUE(machine(SetCap{"tn_a", "key_1", nano(1'000), ""}));
  EXPECT_FALSE(machine(hold("a", 2'000)));
  EXPECT_EQ(cap("held", "tn_a"), 0);
  EXPECT_EQ(machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"), 0);
  EXPECT_TRUE(machine(hold("a", 2'000, false))) << "another key of the tenant is not held back";
}

TEST_F(CapsTest, WhatWasSpentCountsAndTheRestOfAHoldComesBack) {
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10'000), ""}));
  ASSERT_TRUE(use("a", 7));
  EXPECT_EQ(cap("spent", "pr_1"), 7'000);
  EXPECT_EQ(cap("held", "pr_1"), 0);
  EXPECT_FALSE(machine(hold("b", 3'001)));
  EXPECT_TRUE(machine(hold("b", 3'000)));
}

TEST_F(CapsTest, ACapThatIsSetAgainCountsFromZeroAndKnowsWhatIsHeld) {
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(5'000), ""}));
  ASSERT_TRUE(use("a", 5));
  EXPECT_FALSE(machine(hold("b", 1)));
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(5'000), ""}));
  ASSERT_TRUE(machine(hold("b", 4'000)));
  EXPECT_THAT(machine(SetCap{"tn_a", "pr_1", nano(3'999), ""}).error().message, HasSubstr("is held already"));
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(4'000), ""}));
  EXPECT_EQ(cap("held", "pr_1"), 4'000);
  ASSERT_TRUE(machine(VoidWork{"tn_a", "b"}));
  EXPECT_EQ(cap("held", "pr_1"), 0);
}

TEST_F(CapsTest, EventsSayWhenAShareIsSpentOnce) {
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10'000), "50,80,100"}));
  const auto events = [&] { return machine.number("SELECT count(*) FROM events WHERE subject = 'pr_1'"); };
  ASSERT_TRUE(use("a", 4));
  EXPECT_EQ(events(), 0);
  ASSERT_TRUE(use("b", 1));
  EXPECT_EQ(machine.text("SELECT what FROM events WHERE subject = 'pr_1'"),
            "50 % of its cap of 0.000010000 is spent");
  ASSERT_TRUE(use("c", 1));
  EXPECT_EQ(events(), 1);
  ASSERT_TRUE(use("d", 4));
  EXPECT_EQ(events(), 2) << "80 and 100 at once are one event, the higher";
}

std::int64_t time_of(std::string_view utc) {
  return *parse_utc("time", utc);
}

TEST_F(CapsTest, ACapPerMonthCountsAnewInEachCalendarMonth) {
  machine.now.wall_us = time_of("2026-11-30T23:59:59.999998Z");
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10'000), "50", "month"}));
  ASSERT_TRUE(machine(SetCap{"tn_a", "key_1", nano(20'000), ""}));
  ASSERT_TRUE(use("a", 10));
  EXPECT_EQ(machine(hold("b", 1)).error().code, Code::kPaymentRequired);
  machine.now.wall_us = time_of("2026-11-30T23:59:59.999999Z");
  EXPECT_FALSE(machine(hold("b", 1))) << "the last microsecond of November";
  machine.now.wall_us = time_of("2026-12-01T00:00:00Z");
  ASSERT_TRUE(machine(hold("b", 10'000))) << "the first of December";
  EXPECT_EQ(cap("spent", "pr_1"), 0);
  EXPECT_EQ(cap("spent", "key_1"), 10'000) << "a cap in all goes on";
  machine.now.wall_us = time_of("2027-01-01T00:00:00Z");
  EXPECT_FALSE(machine(hold("c", 1))) << "what is held is held in any month";
}

TEST_F(CapsTest, AlertsOfACapPerMonthComeAgainInTheNext) {
  const auto events = [&] {
    return machine.number("SELECT count(*) FROM events WHERE subject = 'pr_1' AND what LIKE '50 %'");
  };
  machine.now.wall_us = time_of("2026-11-30T12:00:00Z");
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10'000), "50", "month"}));
  ASSERT_TRUE(use("a", 6));
  ASSERT_TRUE(use("b", 1));
  EXPECT_EQ(events(), 1);
  EXPECT_EQ(machine.text("SELECT what FROM events WHERE subject = 'pr_1'"),
            "50 % of its cap of 0.000010000 for 2026-11 is spent");
  machine.now.wall_us = time_of("2026-12-01T00:00:01Z");
  ASSERT_TRUE(use("c", 4));
  EXPECT_EQ(events(), 1);
  ASSERT_TRUE(use("d", 1));
  EXPECT_EQ(events(), 2);
}

/// Held in November, posted in December: it is December's. Posted in a November that comes again because the
/// clock went back: December's still, or a tenant could spend its November twice.
TEST_F(CapsTest, WhatIsPostedLateCountsInTheMonthThatHasBegun) {
  machine.now.wall_us = time_of("2026-11-30T23:59:00Z");
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10'000), "", "month"}));
  ASSERT_TRUE(use("a", 3));
  ASSERT_TRUE(machine(hold("b", 7'000)));
  machine.now.wall_us = time_of("2026-12-01T00:01:00Z");
  PostWork late = post_of("b", 7);
  late.project = "pr_1";
  late.key = "key_1";
  ASSERT_TRUE(machine(late));
  EXPECT_EQ(cap("spent", "pr_1"), 7'000);
  machine.now.wall_us = time_of("2026-11-30T23:59:30Z");
  ASSERT_TRUE(use("c", 2));
  EXPECT_EQ(cap("spent", "pr_1"), 9'000);
  EXPECT_FALSE(machine(hold("d", 1'001)));
  machine.now.wall_us = time_of("2026-12-02T00:00:00Z");
  EXPECT_FALSE(machine(hold("d", 1'001))) << "December did not begin twice";
}

TEST_F(CapsTest, TheDatabaseItselfRefusesToPassACap) {
  ASSERT_TRUE(machine(SetCap{"tn_a", "pr_1", nano(10), ""}));
  EXPECT_FALSE(machine.database().execute("UPDATE caps SET held = 11"));
  EXPECT_FALSE(machine.database().execute("UPDATE caps SET spent = 6, held = 5"));
  EXPECT_FALSE(machine.database().execute("UPDATE caps SET held = -1"));
}

TEST_F(CapsTest, CapsThatCanNotBeAreRefused) {
  const auto message = [&](const SetCap& c) { return machine(c).error().message; };
  EXPECT_THAT(message({"tn_a", "pr_1", nano(-1), ""}), HasSubstr("a cap is not negative"));
  EXPECT_THAT(message({"tn_a", "pr_2", nano(1), ""}), HasSubstr("no tenant, project or key pr_2"));
  EXPECT_THAT(message({"tn_b", "pr_1", nano(1), ""}), HasSubstr("no tenant, project or key pr_1"));
  for (const char* alerts : {"0", "101", "80,50", "50,50", "x", "50;80", "1,2,3,4,5,6,7,8,9"}) {
    EXPECT_THAT(message({"tn_a", "pr_1", nano(1), alerts}), HasSubstr("rising percentages")) << alerts;
  }
  EXPECT_THAT(message({"tn_a", "pr_1", nano(1), "", "week"}),
              HasSubstr("a cap per \"week\": there is \"month\""));
  EXPECT_EQ(machine(RemoveCap{"tn_a", "pr_1"}).error().code, Code::kNotFound);
  EXPECT_EQ(machine(CreateProject{"pr_2", "tn_a", "vision"}).error().code, Code::kConflict);
  EXPECT_EQ(machine(CreateKey{"key_2", "tn_a", "k", sha256("2"), 1, 0, "pr_9"}).error().code,
            Code::kNotFound);
}

TEST_F(CapsTest, ACreditIsARecordOfItsOwnAndIsGivenOnce) {
  ASSERT_TRUE(use("a", 7));
  ASSERT_TRUE(machine(Credit{"tn_a", "c", nano(2'000), "an hour without answers"}));
  EXPECT_TRUE(machine(Credit{"tn_a", "c", nano(2'000), "an hour without answers"})->repeated);
  EXPECT_EQ(machine(Credit{"tn_a", "c", nano(3'000), "an hour without answers"}).error().code,
            Code::kConflict);
  EXPECT_EQ(machine(Credit{"tn_a", "", nano(0), "x"}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(machine.number("SELECT charged FROM accounts WHERE id = 'tenant:tn_a'"), 5'000);
  EXPECT_EQ(machine.number("SELECT json_extract(text, '$.price_nano') FROM records WHERE sequence = 2"),
            -2'000);
}

TEST_F(CapsTest, ARefundPaysBackWhatIsPrepaidAndFreeAndOnce) {
  ASSERT_TRUE(machine(SetCreditLine{"tn_a", nano(50'000)}));
  ASSERT_TRUE(use("a", 7));
  ASSERT_TRUE(machine(hold("b", 3'000)));
  const auto refund = [&](std::int64_t amount, const std::string& id) {
    return machine(Refund{"tn_a", id, nano(amount), "closed"});
  };
  EXPECT_THAT(refund(990'001, "").error().message,
              HasSubstr("0.000990001 is asked back and 0.000990000 is prepaid and free"));
  EXPECT_EQ(refund(990'001, "").error().code, Code::kPaymentRequired);
  ASSERT_TRUE(refund(980'000, "r"));
  EXPECT_TRUE(refund(980'000, "r")->repeated);
  EXPECT_EQ(refund(1'000, "r").error().code, Code::kConflict);
  EXPECT_EQ(refund(0, "").error().code, Code::kInvalidArgument);
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'tenant:tn_a'"), 13'000);
  EXPECT_EQ(machine.number("SELECT balance FROM accounts WHERE id = 'operator:cash'"), -20'000);
  EXPECT_EQ(machine.number("SELECT charged FROM accounts WHERE id = 'tenant:tn_a'"), 7'000);
}

}  // namespace
}  // namespace chengying::cloud
