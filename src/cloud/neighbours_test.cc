// Two control processes over one store: what one does the other knows, each serves what is on its chips, and
// one that is gone is taken over.
#include <gmock/gmock.h>

#include "cloud/store/placement.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;

class NeighboursTest : public CloudTest {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("chengying_cloud_" + random_hex(6));
    store_url_ = testing::PostgresServer::new_store();
    for (const char* name : {"a", "b"}) {
      auto opened = Cloud::open(named(name));
      ASSERT_TRUE(opened) << opened.error().message;
      clouds_[name] = *std::move(opened);
    }
    const auto secret = read_text_file(clouds_["a"]->operator_key_file(), 1000);
    admin_ = *clouds_["b"]->authenticate(secret->substr(0, secret->size() - 1));
  }
  void TearDown() override {
    clouds_.clear();
    CloudTest::TearDown();
  }
  Config named(const std::string& name) {
    Config config = this->config();
    config.process = name;
    return config;
  }
  /// The key of a tenant that was made at `name`.
  std::string tenant_at(const std::string& name) {
    const auto made = clouds_[name]->create_tenant(admin_, "acme", Money());
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_TRUE(clouds_[name]->deposit(admin_, made->id, testing::units("1"), ""));
    return clouds_[name]
        ->create_key(admin_, made->id, "k", *parse_scopes("infer,deploy,billing"), "", "")
        ->secret;
  }
  /// Waits for `is_so`, which a neighbour makes so.
  template <class IsSo>
  bool soon(IsSo is_so, int seconds = 3) {
    for (int i = 0; i < seconds * 100; ++i) {
      if (is_so()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  Result<InferAnswer> ask(const std::string& name, const Caller& caller, const std::string& request = "") {
    InferRequest asked;
    asked.endpoint = "e";
    asked.request_id = request;
    asked.inputs = testing::inputs_of(1, -3);
    return clouds_[name]->infer_wait(caller, std::move(asked));
  }
  EndpointRequest endpoint_on(const std::string& model, const std::string& lease) {
    EndpointRequest request;
    request.name = "e";
    request.model = model;
    request.lease = lease;
    request.shared_offer = lease.empty() ? "small.shared" : "";
    return request;
  }

  std::map<std::string, std::unique_ptr<Cloud>> clouds_;
};

TEST_F(NeighboursTest, AKeyOfOneIsTheOthersAndGoesWithIt) {
  const std::string secret = tenant_at("a");
  ASSERT_TRUE(soon([&] { return clouds_["b"]->authenticate(secret).has_value(); }));
  const Caller caller = *clouds_["b"]->authenticate(secret);
  ASSERT_TRUE(clouds_["b"]->revoke_key(admin_, caller.key));
  EXPECT_TRUE(soon([&] { return !clouds_["a"]->authenticate(secret).has_value(); }));
}

TEST_F(NeighboursTest, ASharedEndpointIsServedByBothAndARequestIsChargedOnce) {
  const std::string secret = tenant_at("a");
  const Caller caller = *clouds_["a"]->authenticate(secret);
  const auto model = clouds_["a"]->create_model(caller, "abs", testing::absolute_file(1, {1}));
  ASSERT_TRUE(model);
  const auto made = clouds_["a"]->create_endpoint(caller, endpoint_on(model->id, ""), true);
  ASSERT_TRUE(made && made->state == EndpointState::kReady);
  ASSERT_TRUE(soon([&] { return ask("b", caller).has_value(); }));
  const auto first = ask("a", caller, "r1");
  ASSERT_TRUE(first) << first.error().message;
  const auto again = ask("b", caller, "r1");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->receipt.already_charged);
  EXPECT_EQ(again->receipt.record, first->receipt.record);
  ASSERT_TRUE(clouds_["b"]->delete_endpoint(caller, "e"));
  EXPECT_TRUE(soon([&] {
    const auto gone = ask("a", caller);
    return !gone && gone.error().code == Code::kNotFound;
  }));
}

TEST_F(NeighboursTest, ALeaseIsServedByTheOneThatHasItsChipsAndMovesWhenThatOneIsGone) {
  const std::string secret = tenant_at("a");
  const Caller caller = *clouds_["a"]->authenticate(secret);
  const auto model = clouds_["a"]->create_model(caller, "abs", testing::absolute_file(1, {1}));
  const auto lease = clouds_["a"]->create_lease(caller, {"", "small.1", "", 3'000, ""});
  ASSERT_TRUE(model && lease);
  const auto now = [&](const std::string& at) { return *clouds_[at]->lease(caller, lease->id); };
  ASSERT_TRUE(soon([&] { return now("a").state == LeaseState::kActive; }));
  const std::string serving(process_of(now("a").on.front()));
  const std::string other = serving == "a" ? "b" : "a";
  ASSERT_TRUE(clouds_[other]->create_endpoint(caller, endpoint_on(model->id, lease->id), false));
  ASSERT_TRUE(soon([&] { return ask(serving, caller).has_value(); }));
  const auto elsewhere = ask(other, caller);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Code::kUnavailable);
  EXPECT_THAT(elsewhere.error().message, HasSubstr("control process \"" + serving + "\" serves it"));

  clouds_.erase(serving);
  clock_.monotonic += 60'000'000;
  ASSERT_TRUE(soon([&] { return ask(other, caller).has_value(); }, 15))
      << "its neighbour takes its leases over";
  EXPECT_EQ(process_of(now(other).on.front()), other);
  EXPECT_LT(now(other).seconds_used, 30) << "the time without a chip is not billed";
}

TEST_F(NeighboursTest, OfOneNameThereIsOne) {
  const auto second = Cloud::open(named("a"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("called \"a\""));
  Config bad = named("A/b");
  EXPECT_THAT(Cloud::open(bad).error().message, HasSubstr("must be at most 32 of a-z, 0-9 and '-'"));
  bad = named("c");
  bad.store_url = "";
  EXPECT_THAT(Cloud::open(bad).error().message, HasSubstr("has no shared store"));
  bad.store_url = "mysql://x";
  EXPECT_THAT(Cloud::open(bad).error().message, HasSubstr("a store is postgresql://..."));
}

}  // namespace
}  // namespace chengying::cloud
