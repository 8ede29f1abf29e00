#include "cli/infer_body.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cloud/doors/open_inference.h"

namespace chengying::cli {
namespace {

NamedTensor numbered(std::string name, DType dtype, Shape shape) {
  NamedTensor named{std::move(name), Tensor(dtype, std::move(shape))};
  int next = 1;
  for (std::byte& byte : named.tensor.bytes()) byte = static_cast<std::byte>(next++ % 60);
  return named;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(a.bytes(), b.bytes());
}

TEST(InferMessage, IsReadByTheDoorAsItWasMeant) {
  const std::vector<NamedTensor> inputs = {numbered("x", DType::kF32, {2, 3}),
                                           numbered("y", DType::kI64, {1}),
                                           numbered("half", DType::kF16, {4})};
  const InferMessage message = infer_message(inputs, "r1", "cq1.token");
  const auto body = doors::parse_infer_body(message.body, message.json_bytes);
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->id, "r1");
  EXPECT_EQ(body->quote, "cq1.token");
  EXPECT_TRUE(body->binary_outputs);
  ASSERT_EQ(body->inputs.size(), inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(body->inputs[i].name, inputs[i].name);
    EXPECT_TRUE(same(body->inputs[i].tensor, inputs[i].tensor)) << i;
  }
}

HttpReply reply_of(const doors::Response& response) {
  HttpReply reply;
  reply.status = response.status;
  reply.body = response.body;
  for (const auto& header : response.headers) reply.headers.emplace_back(header.name, header.value);
  return reply;
}

TEST(InferReply, TensorsComeBackTheSameAsJsonAndAsBytes) {
  doors::InferReply reply;
  reply.model_name = "m";
  reply.parameters = "{}";
  NamedTensor y = numbered("y", DType::kI32, {2, 2});
  reply.outputs = {{y.name, y.tensor}};
  for (const bool binary : {false, true}) {
    doors::InferBody body;
    body.binary_outputs = binary;
    const auto result = read_infer_reply(reply_of(doors::infer_response(reply, body)));
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->outputs.size(), 1U);
    EXPECT_TRUE(same(result->outputs[0].tensor, y.tensor)) << binary;
  }
}

TEST(InferReply, WhatIsNoAnswerIsRefused) {
  for (const char* body : {"", "[]", "{}", R"({"outputs":[1]})", R"({"outputs":[{"name":"y"}]})",
                           R"({"outputs":[{"name":"y","datatype":"FP32","shape":[2]}]})"}) {
    HttpReply reply;
    reply.body = body;
    EXPECT_FALSE(read_infer_reply(reply)) << body;
  }
}

}  // namespace
}  // namespace chengying::cli
