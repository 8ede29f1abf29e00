// Caps, projects, quotas, credits, spend, and what a month costs, through the Cloud.
#include <gmock/gmock.h>

#include "base/signature.h"
#include "billing/invoice.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;
using testing::units;

class SpendTest : public CloudTest {
 protected:
  Caller key_in(const std::string& project) {
    const auto key = cloud_->create_key(tenant_, "", "k", *parse_scopes("infer,deploy,billing"), "", project);
    EXPECT_TRUE(key) << key.error().message;
    return *cloud_->authenticate(key->secret);
  }
};

TEST_F(SpendTest, AProjectsKeyIsChargedToItUnderItsCap) {
  const auto project = cloud_->create_project(tenant_, "", "vision");
  ASSERT_TRUE(project);
  const Caller in = key_in(project->id);
  EXPECT_EQ(in.project, project->id);
  endpoint_of(tenant_, "e");
  const Money price = infer(in, "e")->receipt.price;
  ASSERT_TRUE(cloud_->set_cap(tenant_, "", project->id, Money::nano(2 * price.nano()), "50", ""));
  EXPECT_TRUE(infer(in, "e"));
  EXPECT_TRUE(infer(in, "e"));
  const auto over = infer(in, "e");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kPaymentRequired);
  EXPECT_TRUE(infer(tenant_, "e")) << "the tenant's own key is not held back";
  const auto caps = cloud_->caps(tenant_, "");
  ASSERT_EQ(caps->size(), 1U);
  EXPECT_EQ(caps->front().spent.nano(), 2 * price.nano());
  const auto events = cloud_->events(tenant_, 0, 100);
  EXPECT_TRUE(std::ranges::any_of(*events, [&](const Event& e) { return e.subject == project->id; }));
  UsageFilter filter;
  filter.project = project->id;
  EXPECT_EQ(cloud_->usage(tenant_, filter)->count, 3);
  filter.project = "";
  filter.key = in.key;
  EXPECT_EQ(cloud_->usage(tenant_, filter)->count, 3);
  const auto invoice = cloud_->create_invoice(tenant_, "", "");
  EXPECT_THAT(invoice->html, HasSubstr("Project " + project->id));
}

TEST_F(SpendTest, AProjectsKeyCanNotLeaveItsProjectNorLiftItsCap) {
  const auto project = cloud_->create_project(tenant_, "", "a"),
             other = cloud_->create_project(tenant_, "", "b");
  const Caller in = key_in(project->id);
  EXPECT_EQ(cloud_->set_cap(in, "", "", units("9"), "", "").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->remove_cap(in, "", project->id).error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->create_key(in, "", "k", 1, "", other->id).error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->create_key(in, "", "k", 1, "", "")->key.project, project->id);
  const Caller stranger = make_tenant("stranger", "1");
  EXPECT_EQ(cloud_->create_key(stranger, "", "k", 1, "", project->id).error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->set_cap(stranger, "", project->id, units("1"), "", "").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->set_cap(stranger, tenant_.tenant, "", units("1"), "", "").error().code, Code::kNotFound);
}

TEST_F(SpendTest, RequestsPerSecondAreTheTenantsQuota) {
  endpoint_of(tenant_, "e");
  Quota quota = *cloud_->quota(tenant_, "");
  quota.requests_per_second = 3;
  EXPECT_EQ(cloud_->set_quota(tenant_, "", quota).error().code, Code::kPermissionDenied);
  ASSERT_TRUE(cloud_->set_quota(admin_, tenant_.tenant, quota));
  EXPECT_EQ(*cloud_->quota(tenant_, ""), quota);
  clock_.monotonic += 5'000'000;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(infer(tenant_, "e"));
  const auto over = infer(tenant_, "e");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kResourceExhausted);
  EXPECT_THAT(over.error().message, HasSubstr("more than 3 requests in a second"));
  clock_.monotonic += 333'334;
  EXPECT_TRUE(infer(tenant_, "e"));
  EXPECT_FALSE(infer(tenant_, "e"));
}

TEST_F(SpendTest, ConcurrentHoldsStopAtTheLastNanoOfACap) {
  endpoint_of(tenant_, "e");
  const Money price = infer(tenant_, "e")->receipt.price;
  constexpr std::int64_t kMay = 25;
  ASSERT_TRUE(cloud_->set_cap(tenant_, "", "", Money::nano(kMay * price.nano() + price.nano() - 1), "", ""));
  std::atomic<int> answered{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto answer = infer(tenant_, "e");
        if (answer) ++answered;
        if (!answer && answer.error().code == Code::kPaymentRequired) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, kMay);
  EXPECT_EQ(answered + refused, 160);
  EXPECT_EQ(cloud_->caps(tenant_, "")->front().spent.nano(), kMay * price.nano());
  EXPECT_EQ(cloud_->caps(tenant_, "")->front().held.nano(), 0);
}

TEST_F(SpendTest, ACreditComesWithTheNextInvoiceAndThePeriodBeforeStays) {
  const Lease lease = lease_of(tenant_);
  clock_.monotonic += 10'000'000;
  ASSERT_TRUE(cloud_->release_lease(tenant_, lease.id));
  const auto first = cloud_->create_invoice(tenant_, "", "");
  ASSERT_TRUE(first);
  ASSERT_TRUE(cloud_->credit(admin_, tenant_.tenant, units("0.0001"), first->id + ": slow", "c"));
  ASSERT_TRUE(cloud_->credit(admin_, tenant_.tenant, units("0.0001"), first->id + ": slow", "c"));
  EXPECT_EQ(cloud_->credit(tenant_, "", units("1"), "me", "").error().code, Code::kPermissionDenied);
  const auto second = cloud_->create_invoice(tenant_, "", "");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->total_micro, -100);
  EXPECT_THAT(second->text, HasSubstr("adjustment"));
  EXPECT_EQ(cloud_->invoice(tenant_, first->id)->json, first->json);
  std::string records;
  ASSERT_TRUE(cloud_->invoice_records(tenant_, second->id, [&](std::string_view piece) -> Status {
    records += piece;
    return {};
  }));
  EXPECT_TRUE(billing::verify_invoice(second->json, records, std::string_view(testing::kBook)));
}

TEST_F(SpendTest, ARefundIsTheOperatorsToMakeAndPaysBackWhatIsFree) {
  EXPECT_EQ(cloud_->refund(tenant_, "", units("0.1"), "mine", "").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->refund(admin_, "tn_none", units("0.1"), "x", "").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->refund(admin_, tenant_.tenant, units("0.1"), "", "").error().code,
            Code::kInvalidArgument);
  const Money before = cloud_->balance(tenant_)->balance;
  const auto after = cloud_->refund(admin_, tenant_.tenant, units("0.1"), "closed", "r");
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->balance, *billing::subtract(before, units("0.1")));
  EXPECT_EQ(cloud_->refund(admin_, tenant_.tenant, units("0.1"), "closed", "r")->balance, after->balance);
  EXPECT_EQ(cloud_->refund(admin_, tenant_.tenant, before, "all", "").error().code, Code::kPaymentRequired);
}

TEST_F(SpendTest, ARunningLeaseIsOnTheInvoiceOfItsPeriodAndGoesOn) {
  const Lease lease = lease_of(tenant_);
  clock_.monotonic += 7'300'000;
  const auto first = cloud_->create_invoice(tenant_, "", "");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->records, 1);
  clock_.monotonic += 2'000'000;
  EXPECT_EQ(cloud_->release_lease(tenant_, lease.id)->charged, *billing::capacity_price(10, 1, 40'000));
  EXPECT_EQ(cloud_->create_invoice(tenant_, "", "")->records, 1);
}

TEST_F(SpendTest, SpendCountsRecordsAndRunningLeasesAndLooksAhead) {
  clock_.wall = 1'764'547'200'000'000 - std::int64_t{2} * 86'400 * 1'000'000;  // two days before 2025-12-01
  const Lease lease = lease_of(tenant_);
  clock_.monotonic += 10'000'000;
  ASSERT_TRUE(cloud_->release_lease(tenant_, lease.id));
  const Money ten = *billing::capacity_price(10, 1, 40'000);
  auto spend = cloud_->spend(tenant_);
  ASSERT_TRUE(spend) << spend.error().message;
  EXPECT_EQ(spend->today, ten);
  EXPECT_EQ(spend->month, ten);
  EXPECT_EQ(spend->forecast.nano(), 3 * ten.nano()) << "two more days like the last";
  lease_of(tenant_);
  clock_.monotonic += 10'000'000;
  spend = cloud_->spend(tenant_);
  EXPECT_EQ(spend->running, ten);
  EXPECT_EQ(spend->today.nano(), 2 * ten.nano());
  clock_.wall += std::int64_t{2} * 86'400 * 1'000'000;
  EXPECT_EQ(cloud_->spend(tenant_)->month, ten) << "a new month: only what runs";
}

TEST_F(SpendTest, AMonthIsPricedByEveryOfferTheCheapestFirst) {
  endpoint_of(tenant_, "e");
  MonthRequest request;
  request.endpoint = "e";
  request.requests = 1'000;
  const auto table = cloud_->quote_month(tenant_, request);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->rows[0].offer, "small.shared");
  EXPECT_EQ(table->rows[0].leases, 0);
  EXPECT_EQ(table->rows[0].total.nano(), infer(tenant_, "e")->receipt.price.nano() * 1'000) << "quote = bill";
  EXPECT_EQ(table->rows[1].leases, 1);
  EXPECT_EQ(table->rows[1].capacity, *billing::capacity_price(30 * 86'400, 1, 40'000));
  request.requests = 0;
  EXPECT_EQ(cloud_->quote_month(tenant_, request).error().code, Code::kInvalidArgument);
  request.requests = 1;
  request.endpoint = "nothing";
  EXPECT_EQ(cloud_->quote_month(tenant_, request).error().code, Code::kNotFound);
}

TEST_F(SpendTest, PriceBooksAreSignedAndAChangedOneIsFound) {
  const auto signature = cloud_->price_book_signature(1);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(verify_signature(*cloud_->price_book_text(1), signature->signature, signature->public_key));
  EXPECT_FALSE(
      verify_signature(*cloud_->price_book_text(1) + " ", signature->signature, signature->public_key));
  EXPECT_EQ(cloud_->price_book_signature(9).error().code, Code::kNotFound);
  reopen();
  EXPECT_EQ(cloud_->price_book_signature(1)->signature, signature->signature);
}

TEST_F(SpendTest, QuotesThatExpiredOrAreAnothersAreRefused) {
  const auto quote = cloud_->quote_lease(tenant_, "small.1", 30);
  const Caller other = make_tenant("other", "1");
  EXPECT_THAT(cloud_->create_lease(other, {"", "small.1", "", 30, quote->token, 0}).error().message,
              HasSubstr("not a quote of this service"));
  clock_.wall += std::int64_t{3'601} * 1'000'000;
  EXPECT_THAT(cloud_->create_lease(tenant_, {"", "small.1", "", 30, quote->token, 0}).error().message,
              HasSubstr("expired at"));
}

}  // namespace
}  // namespace chengying::cloud
