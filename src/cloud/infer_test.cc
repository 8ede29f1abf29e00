#include <gmock/gmock.h>

#include <thread>

#include "billing/record.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;
using testing::inputs_of;
using testing::units;

class InferTest : public CloudTest {
 protected:
  /// A failure's answer does not wait for its record.
  void wait_for_records(std::int64_t count) {
    for (int i = 0; i < 1'000 && cloud_->usage(tenant_, UsageFilter{})->count < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

TEST_F(InferTest, AnAnswerComesWithItsReceiptAndItsCharge) {
  const Endpoint endpoint = endpoint_of(tenant_, "abs");
  const auto answer = infer(tenant_, "abs");
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->outputs.size(), 1U);
  EXPECT_EQ(answer->outputs[0].name, "y");
  EXPECT_EQ(answer->outputs[0].tensor.as<float>()[0], 3);
  const Receipt& receipt = answer->receipt;
  EXPECT_GT(receipt.cycles, 0U);
  EXPECT_GT(receipt.picojoules, 0U);
  EXPECT_EQ(receipt.nanoseconds, receipt.cycles);  // 1 GHz
  EXPECT_EQ(receipt.record, 1);
  EXPECT_EQ(receipt.endpoint, endpoint.id);
  EXPECT_EQ(receipt.price.nano(), billing::work_price(receipt.cycles, 1, 1'000'000'000, 6'000'000)->nano());
  const auto balance = cloud_->balance(tenant_);
  ASSERT_TRUE(balance);
  EXPECT_EQ(balance->balance.nano(), 1'000'000'000 - receipt.price.nano());
  EXPECT_EQ(balance->held.nano(), 0);
  EXPECT_EQ(balance->spent, receipt.price);
}

TEST_F(InferTest, QuoteEqualsBillForEveryBatch) {
  endpoint_of(tenant_, "abs");
  for (std::int32_t batch = 1; batch <= 11; ++batch) {
    InferQuoteRequest request;
    request.endpoint = "abs";
    request.batch = batch;
    const auto quote = cloud_->quote_infer(tenant_, request);
    ASSERT_TRUE(quote) << quote.error().message;
    const auto answer = infer(tenant_, "abs", batch, "", -3, quote->token);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->receipt.price, quote->price) << batch;
    EXPECT_EQ(answer->receipt.cycles, quote->cycles);
    EXPECT_EQ(answer->receipt.quote, quote->id);
    EXPECT_EQ(answer->outputs[0].tensor.shape(), (Shape{batch, 4}));
  }
}

TEST_F(InferTest, AQuoteServesOnceItsTenantItsRequestAndItsTime) {
  endpoint_of(tenant_, "abs");
  InferQuoteRequest request;
  request.endpoint = "abs";
  const auto quote = cloud_->quote_infer(tenant_, request);
  ASSERT_TRUE(quote);
  EXPECT_THAT(infer(tenant_, "abs", 2, "", -3, quote->token).error().message,
              HasSubstr("another program, offer, batch or arguments"));
  const Caller other = make_tenant("other", "1");
  EXPECT_THAT(infer(other, "abs", 1, "", -3, quote->token).error().message, HasSubstr("no endpoint"));
  ASSERT_TRUE(infer(tenant_, "abs", 1, "", -3, quote->token));
  EXPECT_EQ(infer(tenant_, "abs", 1, "", -3, quote->token).error().code, Code::kConflict);
  const auto late = cloud_->quote_infer(tenant_, request);
  clock_.wall += (limits_.quote_seconds + 1) * 1'000'000;
  EXPECT_THAT(infer(tenant_, "abs", 1, "", -3, late->token).error().message, HasSubstr("expired"));
  EXPECT_THAT(infer(tenant_, "abs", 1, "", -3, "cq1.x.y").error().message,
              HasSubstr("not a quote of this service"));
}

TEST_F(InferTest, TheSameRequestIdIsChargedOnceAndAnsweredAlike) {
  endpoint_of(tenant_, "abs");
  const auto first = infer(tenant_, "abs", 1, "mine");
  ASSERT_TRUE(first);
  const Money after = cloud_->balance(tenant_)->balance;
  const auto again = infer(tenant_, "abs", 1, "mine");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->receipt.already_charged);
  EXPECT_EQ(again->receipt.record, first->receipt.record);
  EXPECT_EQ(again->receipt.price, first->receipt.price);
  EXPECT_EQ(again->outputs[0].tensor.as<float>()[0], first->outputs[0].tensor.as<float>()[0]);
  EXPECT_EQ(cloud_->balance(tenant_)->balance, after);
  const auto other_body = infer(tenant_, "abs", 1, "mine", 7);
  ASSERT_FALSE(other_body);
  EXPECT_EQ(other_body.error().code, Code::kConflict);
  reopen();
  wait_until_ready();
  const auto after_restart = infer(tenant_, "abs", 1, "mine");
  ASSERT_TRUE(after_restart) << after_restart.error().message;
  EXPECT_TRUE(after_restart->receipt.already_charged);
}

TEST_F(InferTest, WithoutMoneyNothingRuns) {
  const Caller poor = make_tenant("poor", "0");
  endpoint_of(poor, "abs");
  const auto answer = infer(poor, "abs");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kPaymentRequired);
  EXPECT_THAT(answer.error().message, HasSubstr("deposit the difference"));
}

TEST_F(InferTest, InputsThatDoNotFitAreRefusedByNameAndCostNothing) {
  endpoint_of(tenant_, "abs");
  const auto refused = [&](std::vector<NamedTensor> inputs, std::vector<std::string> outputs = {}) {
    InferRequest request;
    request.endpoint = "abs";
    request.inputs = std::move(inputs);
    request.outputs = std::move(outputs);
    const auto answer = cloud_->infer_wait(tenant_, std::move(request));
    EXPECT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kInvalidArgument);
    return answer.error().message;
  };
  EXPECT_THAT(refused({}), HasSubstr("input \"x\" (f32[-1,4]) is missing"));
  std::vector<NamedTensor> wrong;
  wrong.push_back({"x", Tensor(DType::kF32, {1, 5})});
  EXPECT_THAT(refused(wrong), HasSubstr("input \"x\" is f32[1,5], the model takes f32[-1,4]"));
  wrong[0].tensor = Tensor(DType::kU8, {1, 4});
  EXPECT_THAT(refused(wrong), HasSubstr("input \"x\" is u8[1,4]"));
  wrong[0].tensor = Tensor(DType::kF32, {0, 4});
  EXPECT_THAT(refused(wrong), HasSubstr("has 0 rows"));
  auto twice = inputs_of(1, 0);
  twice.push_back({"x", Tensor(DType::kF32, {1, 4})});
  EXPECT_THAT(refused(twice), HasSubstr("there twice"));
  EXPECT_THAT(refused(inputs_of(1, 0), {"z"}), HasSubstr("output \"z\""));
  EXPECT_THAT(refused(inputs_of(1025, 0)), HasSubstr("over the limit of 1024"));
  EXPECT_EQ(cloud_->balance(tenant_)->balance, units("1"));
  EXPECT_EQ(cloud_->balance(tenant_)->held, Money());
}

TEST_F(InferTest, APastDeadlineCostsNothing) {
  endpoint_of(tenant_, "abs");
  InferRequest request;
  request.endpoint = "abs";
  request.inputs = inputs_of(1, 0);
  request.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  const auto answer = cloud_->infer_wait(tenant_, std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kDeadlineExceeded);
  wait_for_records(1);
  EXPECT_EQ(cloud_->balance(tenant_)->balance, units("1"));
  EXPECT_EQ(cloud_->balance(tenant_)->held, Money());
  const auto page = cloud_->usage(tenant_, UsageFilter{});
  const auto record = billing::parse_record(page->jsonl.substr(0, page->jsonl.find('\n')));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->status, "deadline_exceeded");
  EXPECT_EQ(record->cycles, 0U);
  EXPECT_EQ(record->price, Money());
  EXPECT_EQ(record->bytes, 16U);
}

TEST_F(InferTest, AClientThatLeftIsNotCharged) {
  endpoint_of(tenant_, "abs");
  InferRequest request;
  request.endpoint = "abs";
  request.inputs = inputs_of(1, 0);
  request.gone = std::make_shared<const std::atomic<bool>>(true);
  const auto answer = cloud_->infer_wait(tenant_, std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("the client left"));
  wait_for_records(1);
  EXPECT_EQ(cloud_->balance(tenant_)->balance, units("1"));
  EXPECT_EQ(cloud_->balance(tenant_)->held, Money());
  EXPECT_THAT(cloud_->usage(tenant_, UsageFilter{})->jsonl, HasSubstr(R"("status":"unavailable")"));
}

TEST_F(InferTest, AFailureSpendsNeitherTheQuoteNorTheId) {
  endpoint_of(tenant_, "abs");
  InferQuoteRequest wanted;
  wanted.endpoint = "abs";
  const auto quote = cloud_->quote_infer(tenant_, wanted);
  InferRequest late;
  late.endpoint = "abs";
  late.request_id = "mine";
  late.inputs = inputs_of(1, 0);
  late.quote = quote->token;
  late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  ASSERT_FALSE(cloud_->infer_wait(tenant_, std::move(late)));
  wait_for_records(1);
  const auto answer = infer(tenant_, "abs", 1, "mine", -3, quote->token);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(answer->receipt.already_charged);
  EXPECT_EQ(answer->receipt.price, quote->price);
  EXPECT_EQ(answer->receipt.record, 2);
}

TEST_F(InferTest, ManyAtOnceAreEachChargedOnce) {
  endpoint_of(tenant_, "abs");
  std::vector<std::thread> threads;
  std::atomic<std::int64_t> charged = 0, answered = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto answer = infer(tenant_, "abs", 1 + i % 5, i % 3 == 0 ? "" : fmt::format("{}.{}", t, i));
        ASSERT_TRUE(answer) << answer.error().message;
        charged += answer->receipt.price.nano();
        ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 200);
  EXPECT_EQ(cloud_->balance(tenant_)->spent.nano(), charged);
  const auto usage = cloud_->usage(tenant_, {});
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->count, 200);
  EXPECT_EQ(usage->price.nano(), charged);
  ASSERT_TRUE(cloud_->drain(std::chrono::seconds(5)));
  const Stats stats = cloud_->stats();
  EXPECT_EQ(stats.requests, 200U);
  EXPECT_EQ(stats.requests_in_flight, 0);
}

TEST_F(InferTest, TheLastNanoIsNeverOvershot) {
  endpoint_of(tenant_, "abs");
  const Money price = infer(tenant_, "abs")->receipt.price;
  const Caller thin = make_tenant("thin", to_string(Money::nano(price.nano() * 10 + price.nano() / 2)));
  endpoint_of(thin, "abs");
  std::atomic<int> answered = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto answer = infer(thin, "abs");
        (answer ? answered : refused)++;
        if (!answer) {
          EXPECT_EQ(answer.error().code, Code::kPaymentRequired);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(refused, 30);
  EXPECT_EQ(cloud_->balance(thin)->balance.nano(), price.nano() / 2);
}

TEST_F(InferTest, KeysNeedTheirScopeAndTenantsDoNotSeeEachOther) {
  endpoint_of(tenant_, "abs");
  const auto key = cloud_->create_key(tenant_, "", "billing only", *parse_scopes("billing"), "", "");
  ASSERT_TRUE(key);
  const Caller billing_only = *cloud_->authenticate(key->secret);
  EXPECT_EQ(infer(billing_only, "abs").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->create_lease(billing_only, {"", "small.1", "", 60, ""}).error().code,
            Code::kPermissionDenied);
  const Caller other = make_tenant("other", "1");
  EXPECT_EQ(infer(other, "abs").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->delete_endpoint(other, "abs").error().code, Code::kNotFound);
}

TEST_F(InferTest, TheRequestsInFlightOfATenantAreLimited) {
  limits_.requests_in_flight = 0;
  reopen();
  endpoint_of(tenant_, "abs");
  const auto answer = infer(tenant_, "abs");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kResourceExhausted);
}

TEST_F(InferTest, ADrainingServiceRefuses) {
  endpoint_of(tenant_, "abs");
  ASSERT_TRUE(cloud_->drain(std::chrono::seconds(5)));
  EXPECT_EQ(infer(tenant_, "abs").error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace chengying::cloud
