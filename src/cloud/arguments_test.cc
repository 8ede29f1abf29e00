// Requests of a model that asks how long its sequence is: what they cost, what is quoted, what the record
// says.
#include <gmock/gmock.h>

#include <array>

#include "billing/record.h"
#include "cloud/testing.h"
#include "runtime/cost.h"
#include "runtime/lengths_for_test.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;
using testing::units;
namespace lengths = runtime::lengths;

class ArgumentsTest : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    executable_ = lengths::make_executable(testing::small_chip());
    const auto model = cloud_->create_model(tenant_, "lengths", isa::encode(*executable_));
    ASSERT_TRUE(model) << model.error().message;
    EndpointRequest request;
    request.name = "lengths";
    request.model = model->id;
    request.shared_offer = "small.shared";
    const auto endpoint = cloud_->create_endpoint(tenant_, request, true);
    ASSERT_TRUE(endpoint) << endpoint.error().message;
    ASSERT_EQ(endpoint->state, EndpointState::kReady) << endpoint->reason;
    EXPECT_EQ(endpoint->signature.arguments, (std::vector<isa::Argument>{{"length", 1, lengths::kRowsMost}}));
  }
  Result<InferAnswer> ask(const Arguments& arguments, const std::string& quote = "",
                          const std::string& id = "") {
    InferRequest request;
    request.endpoint = "lengths";
    request.request_id = id;
    std::vector<Tensor> tensors = lengths::make_inputs();
    for (std::size_t i = 0; i < tensors.size(); ++i)
      request.inputs.push_back({executable_->programs[0].inputs[i].name, std::move(tensors[i])});
    request.arguments = arguments;
    request.quote = quote;
    return cloud_->infer_wait(tenant_, std::move(request));
  }
  std::uint64_t cycles_of(std::int64_t length) const {
    return runtime::cost_of(*executable_, testing::small_chip(), 1, std::array{length})->cycles;
  }
  Result<QuoteAnswer> quote(const Arguments& arguments) {
    InferQuoteRequest request;
    request.endpoint = "lengths";
    request.arguments = arguments;
    return cloud_->quote_infer(tenant_, request);
  }
  std::string records() { return cloud_->usage(tenant_, UsageFilter{})->jsonl; }

  std::shared_ptr<const isa::Executable> executable_;
};

TEST_F(ArgumentsTest, EachLengthHasItsAnswerItsQuoteAndItsBill) {
  for (std::int64_t length = 1; length <= lengths::kRowsMost; ++length) {
    const auto quoted = quote({{"length", length}});
    ASSERT_TRUE(quoted) << quoted.error().message;
    EXPECT_EQ(quoted->arguments, std::to_string(length));
    const auto answer = ask({{"length", length}}, quoted->token);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_NEAR(answer->outputs[0].tensor.as<float>()[0], lengths::answer(length),
                1e-5F * lengths::kRowsMost);
    EXPECT_EQ(answer->receipt.arguments, std::to_string(length));
    EXPECT_EQ(answer->receipt.cycles, cycles_of(length));
    EXPECT_EQ(answer->receipt.price, quoted->price);
  }
  EXPECT_LT(cycles_of(1), cycles_of(lengths::kRowsMost));
}

TEST_F(ArgumentsTest, AQuoteForWhateverItWillBeIsTheMostAndTheBillIsWhatItWas) {
  const auto quoted = quote({});
  ASSERT_TRUE(quoted) << quoted.error().message;
  EXPECT_EQ(quoted->cycles, cycles_of(lengths::kRowsMost));
  EXPECT_EQ(quoted->arguments, "");
  const auto answer = ask({{"length", 1}}, quoted->token);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->receipt.cycles, cycles_of(1));
  EXPECT_LT(answer->receipt.price, quoted->price);
  const auto balance = cloud_->balance(tenant_);
  EXPECT_EQ(balance->held, Money());
  EXPECT_EQ(balance->balance.nano() + answer->receipt.price.nano(), units("1").nano());
}

TEST_F(ArgumentsTest, AQuoteForOneLengthIsNotForAnother) {
  const auto quoted = quote({{"length", 2}});
  const auto other = ask({{"length", 1}}, quoted->token);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("another program, offer, batch or arguments"));
}

TEST_F(ArgumentsTest, TheRecordSaysWhatItsCostFollowsFrom) {
  ASSERT_TRUE(ask({{"length", 4}}));
  const std::string text = records();
  const auto record = billing::parse_record(text.substr(0, text.find('\n')));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->arguments, "4");
  EXPECT_EQ(record->status, "");
  EXPECT_LE(record->started_us, record->monotonic_us);
  std::uint64_t bytes = 0;
  for (const auto& each : executable_->programs[0].inputs) bytes += each.bytes();
  for (const auto& each : executable_->programs[0].outputs) bytes += each.bytes();
  EXPECT_EQ(record->bytes, bytes);
}

TEST_F(ArgumentsTest, WhatIsNotTheModelsIsRefusedByName) {
  const auto refusal = [&](const Arguments& arguments) { return ask(arguments).error().message; };
  EXPECT_EQ(refusal({}), "argument \"length\" (1 to 128) is missing");
  EXPECT_EQ(refusal({{"length", 129}}), "argument \"length\" is 129, the model takes 1 to 128");
  EXPECT_EQ(refusal({{"length", 1}, {"width", 1}}), "argument \"width\" is not one of the model's");
  EXPECT_EQ(quote({{"width", 1}}).error().message, "argument \"length\" (1 to 128) is missing");
  EXPECT_EQ(cloud_->balance(tenant_)->balance, units("1"));
}

TEST_F(ArgumentsTest, TheSameIdWithAnotherLengthIsAConflict) {
  ASSERT_TRUE(ask({{"length", 2}}, "", "mine"));
  EXPECT_TRUE(ask({{"length", 2}}, "", "mine")->receipt.already_charged);
  EXPECT_EQ(ask({{"length", 3}}, "", "mine").error().code, Code::kConflict);
}

}  // namespace
}  // namespace chengying::cloud
