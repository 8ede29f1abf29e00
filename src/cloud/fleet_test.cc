// The fleet as tenants see it: chips that fail, are maintained, are short; leases that wait, move and change.
#include <gmock/gmock.h>

#include <future>

#include "cloud/faulty_device.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;
using testing::units;

// What a fleet offers besides testing::kBook.
constexpr const char* kFleetOffers = R"([[offer]]
id = "small.2x2"
chip = "small"
cores = 2
chips = 2
term = "on_demand"
capacity_micro_per_core_hour = 40_000
work_micro_per_core_hour = 2_000_000
seconds_max = 3_600
[[offer]]
id = "small.2.spot"
chip = "small"
cores = 2
term = "spot"
capacity_micro_per_core_hour = 10_000
work_micro_per_core_hour = 2_000_000
seconds_max = 3_600
notice_seconds = 30
)";

class FleetTest : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    restart();
  }
  void restart(std::chrono::milliseconds health_every = std::chrono::milliseconds(20)) {
    cloud_.reset();
    Config changed = config();
    changed.price_book_toml = std::string(testing::kBook) + kFleetOffers;
    changed.data_folder = folder_ / "fleet";
    changed.chips.front().count = 2;
    changed.machinery.faults = faults_;
    changed.health.every = health_every;
    changed.health.stuck_after = std::chrono::milliseconds(500);
    changed.health.slow_after = std::chrono::milliseconds(200);
    auto opened = Cloud::open(std::move(changed));
    ASSERT_TRUE(opened) << opened.error().message;
    cloud_ = *std::move(opened);
    const auto secret = read_text_file(cloud_->operator_key_file(), 1000);
    admin_ = *cloud_->authenticate(secret->substr(0, secret->size() - 1));
    if (tenants_++ == 0) tenant_ = make_tenant("fleet", "1");
  }
  /// Waits until `condition` holds, for at most 10 s.
  template <class Condition>
  bool eventually(Condition condition) {
    for (int i = 0; i < 2'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  std::string state_of(const std::string& chip) {
    const auto all = cloud_->chips(tenant_);
    for (const Chip& each : *all) {
      if (each.id == chip) return each.state;
    }
    return "?";
  }
  bool serves(const std::string& endpoint) {
    const auto found = cloud_->endpoint(tenant_, endpoint);
    return found && (*found)->state == EndpointState::kReady;
  }
  Endpoint endpoint_on(const std::string& name, const std::string& lease, std::uint16_t cores) {
    EndpointRequest request;
    request.name = name;
    const std::string text = "onnx";
    request.model = cloud_->create_model(tenant_, "m", std::as_bytes(std::span(text)))->id;
    request.lease = lease;
    const auto endpoint = cloud_->create_endpoint(tenant_, request, true);
    EXPECT_TRUE(endpoint) << endpoint.error().message;
    EXPECT_EQ(endpoint->state, EndpointState::kReady) << endpoint->reason;
    EXPECT_EQ(endpoint->cores, cores);
    return *endpoint;
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  int tenants_ = 0;
};

TEST_F(FleetTest, AnOperatorInjectsAFaultAndTakesItBack) {
  const Lease lease = lease_of(tenant_, "small.1");
  const std::string chip = lease.on.front();
  ASSERT_TRUE(cloud_->set_chip_fault(admin_, chip, "gone"));
  EXPECT_EQ(faults_->of(chip), Fault::kGone);
  ASSERT_TRUE(eventually([&] { return state_of(chip) == "failed"; }));
  ASSERT_TRUE(cloud_->set_chip_fault(admin_, chip, "none"));
  ASSERT_TRUE(cloud_->set_chip_state(admin_, chip, "up", ""));
  EXPECT_EQ(state_of(chip), "up");
}

TEST_F(FleetTest, FaultsThatCanNotBeInjectedAreRefused) {
  EXPECT_EQ(cloud_->set_chip_fault(tenant_, "small.0", "gone").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->set_chip_fault(admin_, "small.7", "gone").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->set_chip_fault(admin_, "small.0", "on fire").error().code, Code::kInvalidArgument);
  EXPECT_EQ(faults_->of("small.0"), Fault::kNone);
}

TEST_F(CloudTest, NobodyInjectsFaultsUnlessTheConfigurationAllowsIt) {
  const Status refused = cloud_->set_chip_fault(admin_, "small.0", "gone");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kPermissionDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("serve --inject-faults"));
}

TEST_F(FleetTest, AChipThatFailsLosesItsLeasesAndTheyAreServedElsewhere) {
  for (const Fault fault : {Fault::kWrong, Fault::kStuck, Fault::kSlow, Fault::kGone}) {
    const std::string name = fmt::format("on_{}", cloud::name_of(fault));
    const Lease lease = lease_of(tenant_, "small.1");
    const std::string first = lease.on.front();
    endpoint_on(name, lease.id, 1);
    ASSERT_TRUE(infer(tenant_, name));
    faults_->set(first, fault);
    ASSERT_TRUE(eventually([&] { return state_of(first) == "failed"; })) << name;
    ASSERT_TRUE(eventually([&] {
      const auto now = cloud_->lease(tenant_, lease.id);
      return now->state == LeaseState::kActive && now->fence > lease.fence && serves(name);
    })) << name;
    const auto moved = cloud_->lease(tenant_, lease.id);
    EXPECT_EQ(moved->state, LeaseState::kActive);
    EXPECT_NE(moved->on.front(), first);
    EXPECT_GT(moved->fence, lease.fence);
    const auto answer = infer(tenant_, name);
    ASSERT_TRUE(answer) << name << ": " << answer.error().message;
    EXPECT_EQ(answer->outputs[0].tensor.as<float>()[0], 3);
    ASSERT_TRUE(cloud_->release_lease(tenant_, lease.id));
    faults_->set(first, Fault::kNone);
    ASSERT_TRUE(cloud_->set_chip_state(admin_, first, "up", ""));
  }
}

TEST_F(FleetTest, AChipThatIsGoneBeforeItsFirstSelfTestIsFoundToo) {
  const Lease lease = lease_of(tenant_, "small.1");
  faults_->set(lease.on.front(), Fault::kGone);  // most times before the keeper loads its self-test
  ASSERT_TRUE(eventually([&] { return state_of(lease.on.front()) == "failed"; }));
  ASSERT_TRUE(eventually([&] { return cloud_->lease(tenant_, lease.id)->state == LeaseState::kActive; }));
}

TEST_F(FleetTest, WhatAStuckChipHadIsToldSoAndCostsNothing) {
  const Lease lease = lease_of(tenant_, "small.1");
  endpoint_on("e", lease.id, 1);
  const Money before = cloud_->balance(tenant_)->balance;
  faults_->set(lease.on.front(), Fault::kStuck);
  const auto lost = infer(tenant_, "e");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::kUnavailable);
  EXPECT_EQ(cloud_->balance(tenant_)->balance, before);
  EXPECT_TRUE(
      eventually([&] { return cloud_->balance(tenant_)->held == cloud_->lease(tenant_, lease.id)->held; }));
}

TEST_F(FleetTest, TheTimeOfALeaseStandsStillWithoutItsChip) {
  const Lease lease = lease_of(tenant_, "small.2");
  const Lease other = lease_of(tenant_, "small.2");
  clock_.monotonic += 10'000'000;
  ASSERT_TRUE(cloud_->set_chip_state(admin_, lease.on.front(), "failed", "burned"));
  EXPECT_EQ(cloud_->lease(tenant_, lease.id)->state, LeaseState::kQueued);
  clock_.monotonic += 1'000'000'000;
  ASSERT_TRUE(cloud_->release_lease(tenant_, other.id));
  ASSERT_TRUE(eventually([&] { return cloud_->lease(tenant_, lease.id)->state == LeaseState::kActive; }));
  clock_.monotonic += 2'500'000;
  EXPECT_EQ(cloud_->release_lease(tenant_, lease.id)->seconds_used, 13);
}

TEST_F(FleetTest, MaintenanceMovesLeasesAndPoolsAndTakesNothingNew) {
  const Lease lease = lease_of(tenant_, "small.1");
  endpoint_on("leased", lease.id, 1);
  endpoint_of(tenant_, "pooled");
  const std::string chip = lease.on.front();
  const auto drained = cloud_->set_chip_state(admin_, chip, "draining", "new fans");
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->state, "draining");
  EXPECT_EQ(drained->free_cores, 0);
  ASSERT_TRUE(eventually([&] { return serves("leased") && serves("pooled"); }));
  EXPECT_NE(cloud_->lease(tenant_, lease.id)->on.front(), chip);
  EXPECT_TRUE(infer(tenant_, "leased"));
  EXPECT_TRUE(infer(tenant_, "pooled"));
  EXPECT_EQ(cloud_->create_lease(tenant_, {"", "small.2", "", 60, "", 0}).error().code,
            Code::kResourceExhausted);
  EXPECT_EQ(cloud_->set_chip_state(tenant_, chip, "up", "").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->set_chip_state(admin_, "small.9", "up", "").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->set_chip_state(admin_, chip, "tired", "").error().code, Code::kInvalidArgument);
}

TEST_F(FleetTest, AQueuedLeaseSaysWhenItStartsAndStarts) {
  const Lease a = lease_of(tenant_, "small.2", "", 100), b = lease_of(tenant_, "small.2", "", 200);
  const auto queued = cloud_->create_lease(tenant_, {"q", "small.2", "", 60, "", 3'600});
  ASSERT_TRUE(queued) << queued.error().message;
  EXPECT_EQ(queued->state, LeaseState::kQueued);
  EXPECT_EQ(queued->estimated_start, format_utc(clock_.wall_us() + 100'000'000));
  EXPECT_EQ(cloud_->create_lease(tenant_, {"q", "small.2", "", 60, "", 3'600})->id, queued->id);
  ASSERT_TRUE(cloud_->release_lease(tenant_, b.id));
  ASSERT_TRUE(eventually([&] { return cloud_->lease(tenant_, queued->id)->state == LeaseState::kActive; }));
  const auto events = cloud_->lease_events(tenant_, queued->id);
  ASSERT_EQ(events->size(), 4U);
  EXPECT_EQ((*events)[1].what, "queued");
  EXPECT_THAT((*events)[2].what, HasSubstr("granted: " + b.on.front()));
  EXPECT_EQ((*events)[3].what, "active");
}

TEST_F(FleetTest, ASpotLeaseIsTakenBackAfterItsNotice) {
  const Lease spot = lease_of(tenant_, "small.2.spot", "", 3'000);
  const Lease kept = lease_of(tenant_, "small.2", "", 3'000);
  endpoint_on("e", spot.id, 2);
  const auto waits = cloud_->create_lease(tenant_, {"", "small.2", "", 60, "", 600});
  ASSERT_TRUE(waits) << waits.error().message;
  EXPECT_TRUE(cloud_->lease(tenant_, spot.id)->taken_back);
  EXPECT_FALSE(cloud_->lease(tenant_, kept.id)->taken_back);
  const auto events = cloud_->events(tenant_, 0, 1'000);
  EXPECT_TRUE(std::ranges::any_of(*events, [&](const Event& event) {
    return event.subject == spot.id && event.what.starts_with("notice: its cores are needed");
  }));
  EXPECT_TRUE(infer(tenant_, "e")) << "until the notice is over it serves";
  clock_.monotonic += 31'000'000;
  ASSERT_TRUE(eventually([&] { return cloud_->lease(tenant_, waits->id)->state == LeaseState::kActive; }));
  EXPECT_EQ(cloud_->lease(tenant_, spot.id)->reason, "taken back with notice");
  EXPECT_EQ(cloud_->lease(tenant_, spot.id)->seconds_used, 31);
}

TEST_F(FleetTest, WhatIsInFlightWhenASpotLeaseIsTakenBackIsAnsweredAndCharged) {
  restart(std::chrono::milliseconds(0));  // nobody finds out how slow the chip is
  const Lease spot = lease_of(tenant_, "small.2.spot", "", 3'000);
  lease_of(tenant_, "small.2", "", 3'000);
  endpoint_on("e", spot.id, 2);
  const auto waits = cloud_->create_lease(tenant_, {"", "small.2", "", 60, "", 600});
  ASSERT_TRUE(waits) << waits.error().message;
  faults_->set(spot.on.front(), Fault::kSlow);
  auto answer = std::async(std::launch::async, [&] { return infer(tenant_, "e"); });
  ASSERT_TRUE(eventually([&] { return cloud_->stats().requests_in_flight == 1; }));
  clock_.monotonic += 31'000'000;
  ASSERT_TRUE(eventually([&] { return cloud_->lease(tenant_, waits->id)->state == LeaseState::kActive; }));
  const auto done = answer.get();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->outputs[0].tensor.as<float>()[0], 3);
  EXPECT_GT(done->receipt.price, Money());
  EXPECT_FALSE(infer(tenant_, "e")) << "what comes later has no lease";
}

TEST_F(FleetTest, ALeaseOfTwoChipsServesOnBoth) {
  const Lease lease = lease_of(tenant_, "small.2x2");
  EXPECT_EQ(lease.on.size(), 2U);
  EXPECT_EQ(lease.held, *billing::capacity_price(60, 4, 40'000));
  endpoint_on("e", lease.id, 2);
  for (int i = 0; i < 6; ++i) {
    const auto answer = infer(tenant_, "e");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->receipt.cores, 2);
  }
  EXPECT_EQ(cloud_->chips(tenant_)->back().free_cores, 0);
}

TEST_F(FleetTest, ALeaseIsExtendedResizedAndMovedWhileItServes) {
  const Lease lease = lease_of(tenant_, "small.1", "", 100);
  endpoint_on("e", lease.id, 1);
  const auto longer = cloud_->extend_lease(tenant_, lease.id, 50, "x");
  ASSERT_TRUE(longer) << longer.error().message;
  EXPECT_EQ(longer->seconds_max, 150);
  EXPECT_EQ(cloud_->extend_lease(tenant_, lease.id, 50, "x")->seconds_max, 150) << "once";
  EXPECT_EQ(cloud_->extend_lease(tenant_, lease.id, 3'600, "").error().code, Code::kInvalidArgument);
  clock_.monotonic += 10'000'000;
  const auto larger = cloud_->resize_lease(tenant_, lease.id, "small.2", "r");
  ASSERT_TRUE(larger) << larger.error().message;
  EXPECT_EQ(larger->cores, 2);
  ASSERT_TRUE(eventually([&] { return serves("e"); }));
  EXPECT_EQ(infer(tenant_, "e")->receipt.cores, 2);
  const auto moved = cloud_->move_lease(tenant_, lease.id, "m");
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_NE(moved->on.front(), larger->on.front());
  ASSERT_TRUE(eventually([&] { return serves("e"); }));
  EXPECT_TRUE(infer(tenant_, "e"));
  EXPECT_EQ(cloud_->resize_lease(tenant_, lease.id, "small.2.spot", "").error().code, Code::kInvalidArgument);
  EXPECT_EQ(cloud_->move_lease(make_tenant("other", "1"), lease.id, "").error().code, Code::kNotFound);
  clock_.monotonic += 5'000'000;
  EXPECT_EQ(cloud_->release_lease(tenant_, lease.id)->charged,
            *billing::add(*billing::capacity_price(10, 1, 40'000), *billing::capacity_price(5, 2, 40'000)));
}

TEST_F(FleetTest, AfterARestartQueueLeasesAndChipsAreAsTheyWere) {
  const Lease a = lease_of(tenant_, "small.2", "", 1'000), b = lease_of(tenant_, "small.2", "", 1'000);
  const auto queued = cloud_->create_lease(tenant_, {"", "small.2", "", 60, "", 3'600});
  restart();
  EXPECT_EQ(cloud_->lease(tenant_, a.id)->state, LeaseState::kActive);
  EXPECT_EQ(cloud_->lease(tenant_, a.id)->on, a.on);
  EXPECT_EQ(cloud_->lease(tenant_, queued->id)->state, LeaseState::kQueued);
  ASSERT_TRUE(cloud_->release_lease(tenant_, b.id));
  EXPECT_TRUE(eventually([&] { return cloud_->lease(tenant_, queued->id)->state == LeaseState::kActive; }));
}

}  // namespace
}  // namespace chengying::cloud
