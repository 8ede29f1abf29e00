// The life of a lease, in the store: granted and queued, billed, changed, moved, taken back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/store/check.h"
#include "cloud/store/store_digest.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

using testing::activate;
using testing::add_chips;
using testing::add_tenant;
using ::testing::HasSubstr;
using testing::lease_of;
using testing::Machine;
using testing::nano;
using testing::post_of;

constexpr std::int64_t kSecond = 1'000'000;

class LeaseTest : public ::testing::Test {
 protected:
  void SetUp() override { add_tenant(machine, 1'000'000'000); }
  void TearDown() override {
    const auto checked = check_store(machine.database());
    EXPECT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(
        machine.number(
            "SELECT count(*) FROM accounts WHERE guarded <> 0 AND held <> (SELECT coalesce(sum(amount), 0) "
            "FROM holds WHERE account = accounts.id)"),
        0);
  }
  std::string state(const std::string& lease) {
    return machine.text(fmt::format("SELECT state FROM leases WHERE id = '{}'", lease));
  }
  std::int64_t fence(const std::string& lease) {
    return machine.number(fmt::format("SELECT fence FROM leases WHERE id = '{}'", lease));
  }
  std::string chip_of(const std::string& lease) {
    return machine.text(
        fmt::format("SELECT group_concat(chip) FROM (SELECT chip FROM places WHERE "
                    "lease = '{}' ORDER BY chip) AS own",
                    lease));
  }
  std::string last_event(const std::string& subject) {
    return machine.text(
        fmt::format("SELECT what FROM events WHERE subject = '{}' ORDER BY sequence DESC LIMIT 1", subject));
  }
  std::int64_t held() { return machine.number("SELECT held FROM accounts WHERE id = 'tenant:tn_a'"); }
  std::int64_t spent() { return machine.number("SELECT charged FROM accounts WHERE id = 'tenant:tn_a'"); }
  /// `cores` cores on each of `chips`, ready to wait.
  RequestLease lease(const std::string& id, std::uint16_t cores, std::int64_t wait = 0,
                     std::string_view term = "on_demand", std::uint16_t chips = 1) {
    RequestLease out = lease_of(id, "", 60, term);
    out.cores = cores;
    out.chips = chips;
    out.wait_seconds = wait;
    out.hold = nano(out.hold.nano() * cores * chips);
    out.notice_seconds = term == "spot" ? 20 : 0;
    return out;
  }
  void run(const std::string& id, std::uint16_t cores, std::string_view term = "on_demand") {
    ASSERT_TRUE(machine(lease(id, cores, 0, term)));
    ASSERT_TRUE(activate(machine, id));
  }
  void pass(std::int64_t seconds) { machine.now.monotonic_us += seconds * kSecond; }

  Machine machine;
};

TEST_F(LeaseTest, BillsItsStartedSecondsFromActivationToDraining) {
  add_chips(machine, 1);
  ASSERT_TRUE(machine(lease_of("ls_1", "", 60, "on_demand")));
  EXPECT_EQ(state("ls_1"), "granted");
  EXPECT_EQ(held(), 600);
  pass(5);  // until its slice is open: not billed
  ASSERT_TRUE(activate(machine, "ls_1"));
  machine.now.monotonic_us += 2'000'001;
  ASSERT_TRUE(machine(DrainLease{"ls_1", "released"}));
  pass(9);  // nor is draining
  const auto ended = machine(EndLease{"ls_1", false, ""});
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->record->seconds, 3);
  EXPECT_EQ(ended->record->price.nano(), 30);
  EXPECT_EQ(spent(), 30);
  EXPECT_EQ(held(), 0);
  EXPECT_EQ(machine.number("SELECT used FROM chips"), 0);
  EXPECT_FALSE(machine(EndLease{"ls_1", false, ""})) << "ended twice";
}

TEST_F(LeaseTest, AReservedOneIsBilledForAllItsHoursUsedOrNot) {
  add_chips(machine, 1);
  RequestLease reserved = lease_of("ls_1", "", 5'000, "reserved");
  EXPECT_EQ(reserved.hold.nano(), 72'000) << "two started hours";
  ASSERT_TRUE(machine(reserved));
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(10);
  EXPECT_EQ(machine(EndLease{"ls_1", false, "released"})->record->seconds, 7'200);
  EXPECT_EQ(spent(), 72'000);
}

TEST_F(LeaseTest, AReservedOneThatCouldNotBeServedIsBilledForTheHoursThatItWas) {
  add_chips(machine, 1);
  ASSERT_TRUE(machine(lease_of("ls_1", "", 5'000, "reserved")));
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(10);
  EXPECT_EQ(machine(EndLease{"ls_1", true, "its chip burned"})->record->seconds, 3'600);
}

TEST_F(LeaseTest, IsNeverBilledForMoreThanItHeld) {
  add_chips(machine, 1);
  run("ls_1", 1);
  pass(1'000);
  EXPECT_EQ(machine(EndLease{"ls_1", false, ""})->record->price.nano(), 600);
}

TEST_F(LeaseTest, ThatNeverStartedCostsNothing) {
  add_chips(machine, 1);
  ASSERT_TRUE(machine(lease("ls_1", 1)));
  ASSERT_TRUE(machine(EndLease{"ls_1", true, "its slice did not open"}));
  EXPECT_EQ(spent() + held(), 0);
  EXPECT_EQ(machine.number("SELECT count(*) FROM records"), 0);
  EXPECT_EQ(state("ls_1"), "failed");
}

TEST_F(LeaseTest, StepsThatItsLifeLacksAreRefused) {
  add_chips(machine, 1);
  EXPECT_EQ(activate(machine, "ls_1").error().code, Code::kConflict);
  ASSERT_TRUE(machine(lease_of("ls_1", "q", 60, "on_demand")));
  EXPECT_TRUE(machine(lease_of("ls_2", "q", 60, "on_demand"))->repeated);
  EXPECT_EQ(machine(lease_of("ls_2", "q", 60, "on_demand"))->result, "ls_1");
  RequestLease other = lease_of("ls_2", "q", 60, "on_demand");
  other.body = sha256("another");
  EXPECT_EQ(machine(other).error().code, Code::kConflict);
  EXPECT_EQ(machine(DrainLease{"ls_1", ""}).error().code, Code::kConflict);
  EXPECT_EQ(machine(ActivateLease{"ls_1", fence("ls_1") - 1}).error().code, Code::kConflict)
      << "an old fence";
  ASSERT_TRUE(activate(machine, "ls_1"));
  EXPECT_EQ(activate(machine, "ls_1").error().code, Code::kConflict);
  EXPECT_EQ(machine(ExtendLease{"ls_1", "tn_b", "", 1, 100}).error().code, Code::kNotFound)
      << "another tenant's";
}

TEST_F(LeaseTest, WithoutRoomItIsRefusedOrWaits) {
  add_chips(machine, 1);
  run("ls_1", 3);
  const auto refused = machine(lease("ls_2", 2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("not free now: wait for them"));
  EXPECT_EQ(held(), 1'800) << "a refusal holds nothing";
  ASSERT_TRUE(machine(lease("ls_2", 2, 100)));
  EXPECT_EQ(state("ls_2"), "queued");
  pass(50);
  EXPECT_TRUE(machine(Schedule{})->repeated) << "nothing to do";
  ASSERT_TRUE(machine(EndLease{"ls_1", false, ""}));
  EXPECT_EQ(state("ls_2"), "granted");
  EXPECT_EQ(machine(lease("ls_3", 5, 100)).error().code, Code::kResourceExhausted) << "no chip is so large";
}

TEST_F(LeaseTest, AWaitThatIsTooLongEndsAndCostsNothing) {
  add_chips(machine, 1);
  run("ls_1", 4);
  ASSERT_TRUE(machine(lease("ls_2", 1, 30)));
  pass(29);
  EXPECT_TRUE(machine(Schedule{})->repeated);
  pass(1);
  EXPECT_FALSE(machine(Schedule{})->repeated);
  EXPECT_EQ(state("ls_2"), "failed");
  EXPECT_THAT(last_event("ls_2"), HasSubstr("no cores were free"));
  EXPECT_EQ(held(), 2'400);
}

TEST_F(LeaseTest, TheQueueIsFairBetweenTenants) {
  add_chips(machine, 1);
  add_tenant(machine, 1'000'000, 0, "tn_b");
  run("ls_1", 4);
  ASSERT_TRUE(machine(lease("ls_2", 2, 500)));
  ASSERT_TRUE(machine(lease("ls_3", 2, 500)));
  pass(1);
  RequestLease other = lease("ls_b", 2, 500);
  other.tenant = "tn_b";
  ASSERT_TRUE(machine(other));
  ASSERT_TRUE(machine(EndLease{"ls_1", false, ""}));
  EXPECT_EQ(state("ls_2"), "granted") << "the oldest of equals";
  EXPECT_EQ(state("ls_b"), "granted") << "the tenant that has nothing";
  EXPECT_EQ(state("ls_3"), "queued");
}

TEST_F(LeaseTest, NobodyGoesPastALargeLeaseThatStarves) {
  add_chips(machine, 1);
  run("ls_1", 1);
  ASSERT_TRUE(machine(lease("large", 4, 100'000)));
  ASSERT_TRUE(machine(lease("small", 1, 100'000))) << "goes past it";
  EXPECT_EQ(state("small"), "granted");
  pass(601);
  ASSERT_TRUE(machine(lease("later", 1, 100'000)));
  EXPECT_EQ(state("later"), "queued") << "although there is room";
  const auto extended = machine(ExtendLease{"ls_1", "tn_a", "", 10, 1'000});
  EXPECT_EQ(extended.error().code, Code::kResourceExhausted) << "the others' turn comes first";
  ASSERT_TRUE(machine(EndLease{"ls_1", false, ""}));
  ASSERT_TRUE(machine(EndLease{"small", false, ""}));
  EXPECT_EQ(state("large"), "granted");
}

TEST_F(LeaseTest, SeveralChipsAreOneLeaseAndAreBilledTogether) {
  add_chips(machine, 3);
  ASSERT_TRUE(machine(lease("ls_1", 4, 0, "on_demand", 2)));
  EXPECT_EQ(chip_of("ls_1"), "c.0,c.1");
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(2);
  const auto ended = machine(EndLease{"ls_1", false, ""});
  EXPECT_EQ(ended->record->price.nano(), 2 * 4 * 2 * 10);
  EXPECT_EQ(ended->record->chips, 2);
  EXPECT_THAT(machine(lease("ls_2", 4, 100, "on_demand", 4)).error().message, HasSubstr("the offer needs 4"));
}

TEST_F(LeaseTest, OnlyASpotLeaseIsTakenBackAndOnlyWithNotice) {
  add_chips(machine, 1);
  run("spot", 2, "spot");
  run("kept", 2);
  EXPECT_FALSE(machine(lease("now", 1))) << "who won't wait takes nothing back";
  EXPECT_FALSE(machine(lease("soon", 1, 0)));
  ASSERT_TRUE(machine(lease("short", 1, 10)));
  EXPECT_EQ(machine.number("SELECT taken_back_us FROM leases WHERE id = 'spot'"), -1)
      << "gives up before the notice ends";
  ASSERT_TRUE(machine(lease("waits", 1, 100)));
  EXPECT_EQ(machine.number("SELECT taken_back_us FROM leases WHERE id = 'spot'"),
            machine.now.monotonic_us + 20 * kSecond);
  EXPECT_EQ(machine.number("SELECT taken_back_us FROM leases WHERE id = 'kept'"), -1);
  EXPECT_THAT(last_event("spot"), HasSubstr("notice: its cores are needed; it is taken back in 20 s"));
  EXPECT_EQ(machine.text("SELECT tenant FROM events WHERE what LIKE 'notice%'"), "tn_a");
  EXPECT_TRUE(machine(Schedule{})->repeated) << "one notice is enough";
  EXPECT_EQ(machine(ExtendLease{"spot", "tn_a", "", 10, 1'000}).error().code, Code::kConflict);
  pass(20);
  ASSERT_TRUE(machine(EndLease{"spot", false, "taken back"}));
  EXPECT_EQ(state("waits"), "granted");
}

TEST_F(LeaseTest, ASpotLeaseWaitsForSpotLeasesAndTakesNoneBack) {
  add_chips(machine, 1);
  run("spot", 4, "spot");
  ASSERT_TRUE(machine(lease("more", 4, 100, "spot")));
  EXPECT_EQ(machine.number("SELECT taken_back_us FROM leases WHERE id = 'spot'"), -1);
}

TEST_F(LeaseTest, ALostChipStopsTheTimeAndTheLeaseMoves) {
  add_chips(machine, 2);
  run("ls_1", 2);
  const std::int64_t before = fence("ls_1");
  pass(10);
  // Well until 4 s ago: what came after was not served.
  ASSERT_TRUE(
      machine(SetChipState{"c.0", "failed", "gives wrong answers", machine.now.monotonic_us - 4 * kSecond}));
  EXPECT_EQ(state("ls_1"), "granted");
  EXPECT_EQ(chip_of("ls_1"), "c.1");
  EXPECT_GT(fence("ls_1"), before);
  pass(100);  // until it is open there
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(3);
  EXPECT_EQ(machine(EndLease{"ls_1", false, ""})->record->seconds, 9);
}

TEST_F(LeaseTest, WithoutAnotherChipItWaitsAsLongAsItTakesAndComesFirst) {
  add_chips(machine, 1);
  run("ls_1", 2);
  pass(5);
  ASSERT_TRUE(machine(lease("other", 4, 5'000)));
  ASSERT_TRUE(machine(SetChipState{"c.0", "failed", "gone", 0}));
  EXPECT_EQ(state("ls_1"), "queued");
  pass(1'000'000);
  EXPECT_TRUE(machine(SetChipState{"c.0", "failed", "gone", 0})->repeated);
  ASSERT_TRUE(machine(SetChipState{"c.0", "up", "", 0}));
  EXPECT_EQ(state("ls_1"), "granted");
  EXPECT_EQ(state("other"), "queued");
}

TEST_F(LeaseTest, WorkUnderAnOldFenceIsNotBilled) {
  add_chips(machine, 2);
  run("ls_1", 1);
  ASSERT_TRUE(machine(testing::hold_of("r", 3'000)));
  PostWork post = post_of("r", 3);
  post.lease = "ls_1";
  post.fence = fence("ls_1");
  ASSERT_TRUE(machine(SetChipState{"c.0", "failed", "gone", 0}));
  const auto late = machine(post);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  EXPECT_THAT(late.error().message, HasSubstr("nothing was charged"));
  ASSERT_TRUE(activate(machine, "ls_1"));
  EXPECT_FALSE(machine(post)) << "granted anew: the old fence stays old";
  post.fence = fence("ls_1");
  EXPECT_TRUE(machine(post));
}

TEST_F(LeaseTest, ExtendingHoldsTheDifferenceOnce) {
  add_chips(machine, 1);
  run("ls_1", 1);
  ASSERT_TRUE(machine(ExtendLease{"ls_1", "tn_a", "x", 40, 100}));
  EXPECT_TRUE(machine(ExtendLease{"ls_1", "tn_a", "x", 40, 100})->repeated);
  EXPECT_EQ(machine(ExtendLease{"ls_1", "tn_a", "x", 39, 100}).error().code, Code::kConflict);
  EXPECT_EQ(held(), 1'000);
  const auto over = machine(ExtendLease{"ls_1", "tn_a", "", 1, 100});
  EXPECT_THAT(over.error().message, HasSubstr("can be extended by 1..0 seconds"));
  pass(99);
  EXPECT_EQ(machine(EndLease{"ls_1", false, ""})->record->price.nano(), 990);
}

TEST_F(LeaseTest, AReservedOneIsRenewedForATermAtATime) {
  add_chips(machine, 1);
  ASSERT_TRUE(machine(lease_of("ls_1", "", 3'600, "reserved")));
  ASSERT_TRUE(activate(machine, "ls_1"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(machine(ExtendLease{"ls_1", "tn_a", "", 3'600, 3'600}));
  EXPECT_FALSE(machine(ExtendLease{"ls_1", "tn_a", "", 3'601, 3'600}));
  EXPECT_EQ(held(), 4 * 36'000);
}

TEST_F(LeaseTest, ResizingChargesWhatWasUsedAndHoldsTheRestAtTheNewPrice) {
  add_chips(machine, 1);
  run("ls_1", 1);
  pass(10);
  ResizeLease resize{"ls_1", "tn_a", "r", "o2", 4, 1, 36, 0, 1, 1'000};
  const auto resized = machine(resize);
  ASSERT_TRUE(resized) << resized.error().message;
  EXPECT_EQ(resized->record->price.nano(), 100);
  EXPECT_EQ(held(), 50 * 10 * 4);
  EXPECT_TRUE(machine(resize)->repeated);
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(5);
  EXPECT_EQ(machine(EndLease{"ls_1", false, ""})->record->price.nano(), 5 * 10 * 4);
  EXPECT_EQ(spent(), 300);
}

TEST_F(LeaseTest, AResizeWithoutRoomOrQuotaChangesNothing) {
  add_chips(machine, 1);
  run("ls_1", 1);
  run("ls_2", 2);
  const Digest before = *digest_of_store(machine.database());
  EXPECT_EQ(machine(ResizeLease{"ls_1", "tn_a", "r", "o2", 4, 1, 36, 0, 1, 1'000}).error().code,
            Code::kResourceExhausted);
  EXPECT_THAT(machine(ResizeLease{"ls_1", "tn_a", "r", "o2", 2, 1, 36, 0, 1, 3}).error().message,
              HasSubstr("of the quota of 3, 3 are leased"));
  EXPECT_EQ(digest_of_store(machine.database())->hex(), before.hex());
}

TEST_F(LeaseTest, MovingKeepsItsTimeAndGivesAnotherFence) {
  add_chips(machine, 2);
  run("ls_1", 1);
  pass(3);
  const std::int64_t before = fence("ls_1");
  ASSERT_TRUE(machine(MoveLease{"ls_1", "tn_a", "m"}));
  EXPECT_TRUE(machine(MoveLease{"ls_1", "tn_a", "m"})->repeated);
  EXPECT_EQ(chip_of("ls_1"), "c.1");
  EXPECT_GT(fence("ls_1"), before);
  pass(50);
  ASSERT_TRUE(activate(machine, "ls_1"));
  pass(2);
  EXPECT_EQ(machine(EndLease{"ls_1", false, ""})->record->seconds, 5);
  EXPECT_EQ(machine(MoveLease{"ls_1", "tn_a", ""}).error().code, Code::kConflict);
}

TEST_F(LeaseTest, IsMeteredInPartsThatCostWhatTheWholeCosts) {
  add_chips(machine, 1);
  RequestLease odd = lease("ls_1", 1);
  odd.capacity_price = 7;  // 1.94 nano-units a second: each part would be rounded
  odd.hold = *billing::capacity_price(60, 1, 7);
  ASSERT_TRUE(machine(odd));
  ASSERT_TRUE(activate(machine, "ls_1"));
  for (int i = 0; i < 5; ++i) {
    pass(3);
    ASSERT_TRUE(machine(MeterLease{"ls_1"}));
    EXPECT_TRUE(machine(MeterLease{"ls_1"})->repeated);
  }
  machine.now.monotonic_us += 1;
  ASSERT_TRUE(machine(EndLease{"ls_1", false, ""}));
  EXPECT_EQ(spent(), billing::capacity_price(16, 1, 7)->nano());
  EXPECT_EQ(machine.number("SELECT count(*) FROM records"), 6);
  EXPECT_EQ(machine.number("SELECT seconds_used FROM leases"), 16);
}

TEST_F(LeaseTest, TheQuotaOfCoresAndLeasesIsTheTenantsOwnIfItHasOne) {
  add_chips(machine, 4);
  RequestLease small = lease("ls_1", 2);
  small.cores_most = 3;
  ASSERT_TRUE(machine(small));
  small.id = "ls_2";
  EXPECT_THAT(machine(small).error().message,
              HasSubstr("this needs 2 cores; of the quota of 3, 2 are leased"));
  ASSERT_TRUE(machine(SetQuota{"tn_a", 8, 2, 1, 1, 1, 1}));
  ASSERT_TRUE(machine(small));
  small.id = "ls_3";
  EXPECT_THAT(machine(small).error().message, HasSubstr("at most 2 leases"));
}

TEST_F(LeaseTest, TheDatabaseItselfGivesNoCoreTwice) {
  add_chips(machine, 1);
  run("ls_1", 3);
  EXPECT_FALSE(machine.database().execute("UPDATE chips SET used = used + 2"));
  EXPECT_FALSE(machine.database().execute("UPDATE chips SET used = used - 4"));
  EXPECT_EQ(machine(RegisterChip{"c.0", "c", 0, 2}).error().code, Code::kConflict) << "3 are leased";
}

TEST_F(LeaseTest, APoolKeepsItsCoresUntilItsChipIsLost) {
  add_chips(machine, 2);
  EXPECT_EQ(machine(OpenPool{"o.shared", "c", 2})->result, "c.0");
  EXPECT_TRUE(machine(OpenPool{"o.shared", "c", 2})->repeated);
  ASSERT_TRUE(machine(SetChipState{"c.0", "draining", "new fans", 0}));
  EXPECT_EQ(machine(OpenPool{"o.shared", "c", 2})->result, "c.1");
  EXPECT_EQ(machine(OpenPool{"o.other", "c", 4}).error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace chengying::cloud
