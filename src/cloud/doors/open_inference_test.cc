#include "cloud/doors/open_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace chengying::doors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string input(std::string_view rest) {
  return fmt::format(R"({{"inputs":[{{"name":"x",{}}}]}})", rest);
}

std::string refusal(std::string_view body, std::optional<std::uint64_t> json_bytes = std::nullopt) {
  const auto parsed = parse_infer_body(body, json_bytes);
  return parsed ? "accepted" : parsed.error().message;
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto span = tensor.as<T>();
  return {span.begin(), span.end()};
}

TEST(InferBody, TakesFlatAndNestedDataAlike) {
  for (const std::string data : {"[1,2.5,3e0,4,5,6]", "[[1,2.5,3],[4,5,6]]"}) {
    const auto body = parse_infer_body(input(R"("datatype":"FP32","shape":[2,3],"data":)" + data), {});
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_THAT(values<float>(body->inputs.at(0).tensor), ElementsAre(1, 2.5F, 3, 4, 5, 6));
    EXPECT_EQ(body->inputs[0].tensor.shape(), (Shape{2, 3}));
  }
}

TEST(InferBody, TakesArgumentsByName) {
  const auto body = [](std::string_view arguments) {
    return fmt::format(
        R"({{"parameters":{{"arguments":{}}},"inputs":[{{"name":"x","datatype":"BOOL","shape":[1],"data":[true]}}]}})",
        arguments);
  };
  EXPECT_EQ(parse_infer_body(body(R"({"length":17,"offset":-3.0})"), {})->arguments,
            (cloud::Arguments{{"length", 17}, {"offset", -3}}));
  EXPECT_EQ(refusal(body("[17]")), "parameters.arguments must be an object");
  EXPECT_EQ(refusal(body(R"({"length":1.5})")),
            "parameters.arguments.length must be a whole number, not 1.5E0");
  EXPECT_EQ(refusal(body(R"({"length":"17"})")),
            "parameters.arguments.length must be a whole number, not \"17\"");
}

TEST(InferBody, TakesEachTypeAtItsLimits) {
  const auto read = [](std::string_view type, std::string_view data) {
    return parse_infer_body(input(fmt::format(R"("datatype":"{}","shape":[2],"data":{})", type, data)), {});
  };
  EXPECT_THAT(values<std::int8_t>(read("INT8", "[-128,127]")->inputs[0].tensor), ElementsAre(-128, 127));
  EXPECT_THAT(values<std::uint8_t>(read("UINT8", "[0,255]")->inputs[0].tensor), ElementsAre(0, 255));
  EXPECT_THAT(
      values<std::int64_t>(read("INT64", "[-9223372036854775808,9223372036854775807]")->inputs[0].tensor),
      ElementsAre(INT64_MIN, INT64_MAX));
  EXPECT_THAT(values<bool>(read("BOOL", "[true,false]")->inputs[0].tensor), ElementsAre(true, false));
  EXPECT_TRUE(std::isnan(values<float>(read("FP32", R"(["NaN","-Infinity"])")->inputs[0].tensor)[0]));
  EXPECT_THAT(values<std::int16_t>(read("INT16", "[3.0,-1]")->inputs[0].tensor), ElementsAre(3, -1));
}

TEST(InferBody, RefusesElementsThatTheTypeDoesNotHold) {
  const auto read = [](std::string_view type, std::string_view element) {
    return refusal(input(fmt::format(R"("datatype":"{}","shape":[2],"data":[1,{}])", type, element)));
  };
  EXPECT_EQ(read("INT8", "128"), "inputs[0] 'x': data[1] is 128, which is no INT8");
  EXPECT_EQ(read("UINT8", "-1"), "inputs[0] 'x': data[1] is -1, which is no UINT8");
  EXPECT_EQ(read("INT32", "1.5"), "inputs[0] 'x': data[1] is 1.5E0, which is no INT32");
  EXPECT_EQ(read("FP32", "1e39"), "inputs[0] 'x': data[1] is 1E39, which is no FP32");
  EXPECT_EQ(read("FP32", "null"), "inputs[0] 'x': data[1] is null, which is no FP32");
  EXPECT_EQ(read("FP32", "\"1\""), "inputs[0] 'x': data[1] is \"1\", which is no FP32");
  EXPECT_EQ(read("INT8", "true"), "inputs[0] 'x': data[1] is true, which is no INT8");
  EXPECT_EQ(read("BOOL", "1"), "inputs[0] 'x': data[0] is 1, which is no BOOL");
}

TEST(InferBody, RefusesDataThatTheShapeDoesNotAllow) {
  const auto read = [](std::string_view shape, std::string_view data) {
    return refusal(input(fmt::format(R"("datatype":"FP32","shape":{},"data":{})", shape, data)));
  };
  EXPECT_EQ(read("[3]", "[1,2]"), "inputs[0] 'x': data has 2 elements, but shape [3] needs 3");
  EXPECT_EQ(read("[2,2]", "[[1,2],[3]]"),
            "inputs[0] 'x': data is nested with 1 elements at depth 1, but shape [2,2] needs 2");
  EXPECT_EQ(read("[2,2]", "[[1,2],3]"),
            "inputs[0] 'x': data is nested neither flat nor as shape [2,2] says (at depth 1)");
  EXPECT_EQ(read("[1000000,1000000]", "[1]"),
            "inputs[0] 'x': data cannot hold the 1000000000000 elements of shape [1000000,1000000]");
  EXPECT_THAT(read("[0]", "[]"), HasSubstr("each dimension is a whole number of at least 1"));
  EXPECT_THAT(read("[-1]", "[]"), HasSubstr("each dimension is a whole number of at least 1"));
  EXPECT_THAT(read("[1.5]", "[1]"), HasSubstr("each dimension is a whole number of at least 1"));
  EXPECT_THAT(read("[1,1,1,1,1,1,1,1,1]", "[1]"), HasSubstr("shape has 9 dimensions; at most 8 are taken"));
  EXPECT_NE(read("[4294967296,4294967296,4294967296]", "[1]"), "accepted");
}

TEST(InferBody, RefusesWhatIsNoRequest) {
  EXPECT_THAT(refusal("{"), HasSubstr("the body is not valid JSON"));
  EXPECT_EQ(refusal("[]"), "the request must be a JSON object");
  EXPECT_EQ(refusal("{}"), "'inputs' is missing: it must be an array of at least one tensor");
  EXPECT_EQ(refusal(R"({"inputs":{}})"), "'inputs' must be an array");
  EXPECT_EQ(refusal(R"({"inputs":[1]})"), "inputs[0] must be an object");
  EXPECT_EQ(refusal(R"({"inputs":[{}]})"), "inputs[0]: 'name' is missing: it must be a string");
  EXPECT_EQ(refusal(R"({"inputs":[{"name":"x"}]})"),
            "inputs[0] 'x': 'datatype' is missing: such as \"FP32\"");
  EXPECT_THAT(refusal(input(R"("datatype":"FP31","shape":[1],"data":[1])")),
              HasSubstr("datatype 'FP31' is not served"));
  EXPECT_EQ(refusal(input(R"("datatype":"FP32","shape":[1])")),
            "inputs[0] 'x': it has neither 'data' nor parameters.binary_data_size");
  EXPECT_EQ(refusal(input(R"("datatype":"FP16","shape":[1],"data":[1])")),
            "inputs[0] 'x': FP16 travels as binary data only (parameters.binary_data_size)");
  EXPECT_EQ(refusal(R"({"id":7,"inputs":[]})"), "'id' must be a string");
  EXPECT_THAT(refusal(std::string(100, '[')), HasSubstr("not valid JSON"));
  const std::string twice = R"({"name":"x","datatype":"FP32","shape":[1],"data":[1]})";
  EXPECT_EQ(refusal(fmt::format(R"({{"inputs":[{0},{0}]}})", twice)),
            "inputs[1] 'x': the name is there twice");
}

TEST(InferBody, TakesRawBytesBehindItsHead) {
  const std::string head = input(R"("datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8})");
  const float raw[2] = {1.5F, -2};
  std::string body = head;
  body.append(reinterpret_cast<const char*>(raw), sizeof raw);
  const auto parsed = parse_infer_body(body, head.size());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(values<float>(parsed->inputs[0].tensor), ElementsAre(1.5F, -2));
}

TEST(InferBody, RefusesBinaryLengthsThatLie) {
  const auto lie = [](std::string_view size, std::size_t tail, std::string_view shape = "[2]") {
    const std::string head = input(
        fmt::format(R"("datatype":"FP32","shape":{},"parameters":{{"binary_data_size":{}}})", shape, size));
    return refusal(head + std::string(tail, 'x'), head.size());
  };
  EXPECT_EQ(lie("8", 7),
            "inputs[0] 'x': parameters.binary_data_size is 8, but only 7 bytes of the body are left");
  EXPECT_EQ(lie("8", 9), "1 bytes are left behind the last binary tensor");
  EXPECT_EQ(
      lie("4", 8),
      "inputs[0] 'x': parameters.binary_data_size is 4, but shape [2] of FP32 has 2 elements of 4 bytes");
  EXPECT_EQ(
      lie("9", 9),
      "inputs[0] 'x': parameters.binary_data_size is 9, but shape [2] of FP32 has 2 elements of 4 bytes");
  EXPECT_THAT(lie("-8", 8), HasSubstr("parameters.binary_data_size must be a whole number"));
  EXPECT_THAT(lie("\"8\"", 8), HasSubstr("parameters.binary_data_size must be a whole number"));
  EXPECT_THAT(lie("4611686018427387904", 8, "[1152921504606846976]"),
              HasSubstr("only 8 bytes of the body are left"));
  EXPECT_EQ(refusal("{}", 3), "Inference-Header-Content-Length is 3, but the body has only 2 bytes");
}

TEST(InferBody, RefusesDataTwice) {
  const std::string head =
      input(R"("datatype":"FP32","shape":[1],"data":[1],"parameters":{"binary_data_size":4})");
  EXPECT_EQ(refusal(head + "abcd", head.size()),
            "inputs[0] 'x': it has both 'data' and parameters.binary_data_size");
}

TEST(InferBody, SharedMemoryIsRefusedByName) {
  EXPECT_THAT(refusal(input(R"("datatype":"FP32","shape":[1],"parameters":{"shared_memory_region":"r"})")),
              HasSubstr("shared memory is not offered"));
}

InferReply reply_of(Tensor tensor) {
  InferReply reply;
  reply.model_name = "m";
  reply.parameters = "{}";
  reply.outputs.push_back({"y", std::move(tensor)});
  reply.labels = {"ant", "bee", "cat"};
  return reply;
}

Tensor floats(Shape shape, std::vector<float> numbers) {
  Tensor tensor(DType::kF32, std::move(shape));
  std::ranges::copy(numbers, tensor.as<float>().begin());
  return tensor;
}

TEST(InferResponse, WritesFloatsThatReadBackTheSame) {
  const float odd = 0.1F + 0.2F;
  const Response response = infer_response(reply_of(floats({3}, {odd, 1e-30F, -0.0F})), {});
  EXPECT_EQ(response.content_type, "application/json");
  const std::size_t data = response.body.find("\"data\":");
  const auto body =
      parse_infer_body(input(R"("datatype":"FP32","shape":[3],)" +
                             response.body.substr(data, response.body.find(']', data) + 1 - data)),
                       {});
  ASSERT_TRUE(body) << response.body;
  EXPECT_THAT(values<float>(body->inputs[0].tensor), ElementsAre(odd, 1e-30F, -0.0F));
}

TEST(InferResponse, PutsRawBytesBehindTheHead) {
  InferBody body;
  body.binary_outputs = true;
  const Response response = infer_response(reply_of(floats({2}, {1, 2})), body);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "Inference-Header-Content-Length");
  const std::size_t head = std::stoul(response.headers[0].value);
  EXPECT_EQ(response.body.size(), head + 8);
  EXPECT_THAT(response.body.substr(0, head), HasSubstr(R"("parameters":{"binary_data_size":8})"));
  float second = 0;
  std::memcpy(&second, response.body.data() + head + 4, 4);
  EXPECT_EQ(second, 2);
}

TEST(InferResponse, ListsTheBestClassesOfEachRow) {
  InferBody body;
  body.outputs.push_back({.name = "y", .binary = false, .classification = 2});
  const Response response = infer_response(reply_of(floats({2, 3}, {0.25F, 0.5F, 0.125F, 3, 1, 2})), body);
  EXPECT_THAT(response.body, HasSubstr(R"("datatype":"BYTES","shape":[2,2],"data":["0.5:1:bee","0.25:0:ant",)"
                                       R"("3:0:ant","2:2:cat"])"));
}

TEST(InferResponse, HalfPrecisionIsRefusedAsJsonBeforeAnythingRuns) {
  const cloud::Signature signature{{}, {{"y", DType::kF16, {-1}}}};
  InferBody body;
  EXPECT_THAT(check_outputs(body, signature).error().message,
              HasSubstr("output 'y' is FP16, which travels as binary data only"));
  body.binary_outputs = true;
  EXPECT_TRUE(check_outputs(body, signature));
}

}  // namespace
}  // namespace chengying::doors
