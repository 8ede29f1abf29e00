#include "cli/answers.h"

#include <gtest/gtest.h>

namespace chengying::cli {
namespace {

TEST(Answers, TheLargestComeFirstWithTheirNames) {
  Tensor tensor(DType::kF32, {2, 3});
  const float values[] = {0.1F, 0.7F, 0.2F, 0.5F, 0.0F, 0.5F};
  std::ranges::copy(values, tensor.as<float>().begin());
  const auto rows = top_answers(tensor, 2, {"cat", "dog"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][0].label, "dog");
  EXPECT_EQ(rows[0][1].index, 2u);
  EXPECT_EQ(rows[0][1].label, "");  // more classes than names
  EXPECT_EQ(rows[1][0].index, 0u);  // of equals the first
}

TEST(Answers, LabelsThatAreNoListOfTextsAreNone) {
  EXPECT_EQ(labels_of({{"labels", R"(["a","b"])"}}), (std::vector<std::string>{"a", "b"}));
  for (const char* broken : {"{", "{}", "[1]", ""})
    EXPECT_TRUE(labels_of({{"labels", broken}}).empty()) << broken;
  EXPECT_TRUE(labels_of({}).empty());
}

TEST(Answers, OnlyRowsOfNumbersAreAClassification) {
  EXPECT_TRUE(is_classification(Tensor(DType::kF32, {1, 1000})));
  EXPECT_TRUE(is_classification(Tensor(DType::kF32, {4, 10, 1, 1})));
  EXPECT_FALSE(is_classification(Tensor(DType::kU8, {1, 1000})));
  EXPECT_FALSE(is_classification(Tensor(DType::kF32, {1000})));
  EXPECT_FALSE(is_classification(Tensor(DType::kF32, {1, 1})));
  EXPECT_FALSE(is_classification(Tensor(DType::kF32, {1, 3, 8, 8})));
}

TEST(Answers, OtherTensorsAreSummarised) {
  Tensor tensor(DType::kF32, {2, 2, 2});
  tensor.as<float>()[0] = 4;
  EXPECT_EQ(summary_of({"y", tensor}), "y f32[2,2,2], 0 to 4, mean 0.5");
  EXPECT_EQ(summary_of({"y", Tensor(DType::kI64, {2})}), "y i64[2]");
}

}  // namespace
}  // namespace chengying::cli
