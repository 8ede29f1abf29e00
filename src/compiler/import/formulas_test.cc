// Operators without an opcode: their formulas give the function, also where a shortcut would not: at large
// and small arguments, at infinities and NaN.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "compiler/graph/check.h"
#include "compiler/import/testing.h"

namespace chengying::compiler {
namespace {

using testing::reals;
using testing::wholes;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> evaluate(const testing::OneNode& node) {
  const auto outputs = testing::run(node);
  EXPECT_TRUE(outputs) << outputs.error().message;
  if (!outputs) return {};
  return {outputs->front().as<float>().begin(), outputs->front().as<float>().end()};
}
std::vector<bool> truths(const testing::OneNode& node) {
  const auto outputs = testing::run(node);
  EXPECT_TRUE(outputs) << outputs.error().message;
  std::vector<bool> result;
  if (outputs)
    for (const std::uint8_t b : outputs->front().as<std::uint8_t>()) result.push_back(b != 0);
  return result;
}

struct Function {
  const char* op;
  double (*exact)(double);
  std::vector<float> at;
  double relative, absolute;
};

TEST(Formulas, GiveTheFunctionOverTheirRange) {
  std::vector<float> wide, unit, above;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const double u = static_cast<double>(random()) / 4294967296.0;
    unit.push_back(static_cast<float>(2 * u - 1));
    wide.push_back(static_cast<float>((2 * u - 1) * std::pow(10.0, static_cast<double>(random() % 8) - 4)));
    above.push_back(static_cast<float>(1 + u * std::pow(10.0, static_cast<double>(random() % 8) - 4)));
  }
  std::vector<float> to_thousand = wide, to_eighty = wide;
  for (float& x : to_thousand) x = std::clamp(x, -1000.0F, 1000.0F);
  for (float& x : to_eighty) x = std::clamp(x, -80.0F, 80.0F);
  const Function functions[] = {
      {"Sin", [](double x) { return std::sin(x); }, to_thousand, 0, 3e-7},
      {"Cos", [](double x) { return std::cos(x); }, to_thousand, 0, 3e-7},
      {"Asin", [](double x) { return std::asin(x); }, unit, 1e-6, 1e-9},
      {"Acos", [](double x) { return std::acos(x); }, unit, 2e-6, 1e-6},
      {"Atan", [](double x) { return std::atan(x); }, wide, 1e-6, 1e-9},
      {"Sinh", [](double x) { return std::sinh(x); }, to_eighty, 2e-6, 1e-9},
      {"Cosh", [](double x) { return std::cosh(x); }, to_eighty, 2e-6, 0},
      {"Asinh", [](double x) { return std::asinh(x); }, wide, 2e-6, 1e-9},
      {"Acosh", [](double x) { return std::acosh(x); }, above, 2e-6, 1e-9},
      {"Atanh", [](double x) { return std::atanh(x); }, unit, 2e-6, 1e-9},
      {"Softsign", [](double x) { return x / (1 + std::abs(x)); }, wide, 1e-6, 0},
  };
  for (const Function& f : functions) {
    const std::vector<float> y = evaluate({.op = f.op, .inputs = {reals(f.at)}});
    ASSERT_EQ(y.size(), f.at.size()) << f.op;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double exact = f.exact(static_cast<double>(f.at[i]));
      ASSERT_NEAR(y[i], exact, f.absolute + f.relative * std::abs(exact)) << f.op << " of " << f.at[i];
    }
  }
}

TEST(Formulas, WhereTakesInfinitiesAndNaNAsTheyAreAndOnlyFromTheSideThatIsTaken) {
  const Tensor condition = testing::tensor<std::uint8_t>(DType::kBool, {6}, {1, 0, 1, 0, 1, 0});
  const std::vector<float> y = evaluate({.op = "Where",
                                         .inputs = {condition, reals({1, kNaN, -kInf, kInf, kNaN, 2}),
                                                    reals({kNaN, -3, kInf, -kInf, 0, kNaN})}});
  ASSERT_EQ(y.size(), 6U);
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], -3);
  EXPECT_EQ(y[2], -kInf);
  EXPECT_EQ(y[3], -kInf);
  EXPECT_TRUE(std::isnan(y[4]));
  EXPECT_TRUE(std::isnan(y[5]));
}

TEST(Formulas, ComparisonsAreThoseOfIeee) {
  const Tensor a = reals({1, 2, kNaN, kInf, -kInf, 0.0F, 1e-45F}),
               b = reals({2, 2, kNaN, kInf, kInf, -0.0F, 0});
  using Truths = std::vector<bool>;
  EXPECT_EQ(truths({.op = "Less", .inputs = {a, b}}), (Truths{1, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(truths({.op = "Greater", .inputs = {a, b}}), (Truths{0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(truths({.op = "Equal", .inputs = {a, b}}), (Truths{0, 1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(truths({.op = "LessOrEqual", .inputs = {a, b}}), (Truths{1, 1, 0, 1, 1, 1, 0}));
  EXPECT_EQ(truths({.op = "IsNaN", .inputs = {a}}), (Truths{0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(truths({.op = "IsInf", .inputs = {a}}), (Truths{0, 0, 0, 1, 1, 0, 0}));
}

TEST(Formulas, NarrowIntegersWrapAroundAndDivideTowardsZero) {
  const auto bytes = [](const std::vector<std::uint8_t>& v) {
    return testing::tensor<std::uint8_t>(DType::kU8, {static_cast<std::int64_t>(v.size())}, v);
  };
  const auto sum = testing::run({.op = "Add", .inputs = {bytes({250, 1}), bytes({10, 2})}});
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->front().as<std::uint8_t>()[0], 4);
  EXPECT_EQ(sum->front().as<std::uint8_t>()[1], 3);
  const auto quotient = testing::run({.op = "Div", .inputs = {wholes({-7, 7, 6}), wholes({2, -2, 3})}});
  ASSERT_TRUE(quotient);
  const auto q = quotient->front().as<std::int64_t>();
  EXPECT_EQ(std::vector<std::int64_t>(q.begin(), q.end()), (std::vector<std::int64_t>{-3, -3, 2}));
}

TEST(Formulas, ArgMaxTakesTheFirstOrTheLastOfEquals) {
  const Tensor x = reals({1, 5, 2, 5, -3});
  for (const std::int64_t last : {0, 1}) {
    const auto y = testing::run({.op = "ArgMax",
                                 .attributes = {{"select_last_index", last}, {"keepdims", std::int64_t{0}}},
                                 .inputs = {x}});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->front().as<std::int64_t>()[0], last != 0 ? 3 : 1);
  }
}

TEST(Formulas, CumSumIsNotSpoiledByWhatComesLater) {
  const std::vector<float> y =
      evaluate({.op = "CumSum", .inputs = {reals({1, 2, kInf, 4})}, .constants = {wholes({0})}});
  EXPECT_EQ(y, (std::vector<float>{1, 3, kInf, kInf}));
}

TEST(Formulas, PowerOfWholeNumbersIsWhole) {
  const auto y = testing::run({.op = "Pow", .inputs = {wholes({1, 2, 3, 7}), wholes({4, 5, 6, 3})}});
  ASSERT_TRUE(y);
  const auto p = y->front().as<std::int64_t>();
  EXPECT_EQ(std::vector<std::int64_t>(p.begin(), p.end()), (std::vector<std::int64_t>{1, 32, 729, 343}));
}

}  // namespace
}  // namespace chengying::compiler
