// Formulas as exporters spell them become one node, and what looks like them stays as it is.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/graph/interpret.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kRows = 3, kColumns = 20;

class Formula {
 public:
  Formula() {
    model_.opsets[""] = 13;
    model_.inputs = {{.name = "x",
                      .dtype = DType::kF32,
                      .shape = {{.size = kRows, .symbol = {}}, {.size = kColumns, .symbol = {}}}}};
  }
  std::string number(float value) {
    Tensor tensor(DType::kF32, {});
    tensor.as<float>()[0] = value;
    return constant(std::move(tensor));
  }
  std::string row(float step) {
    Tensor tensor(DType::kF32, {kColumns});
    for (std::int64_t i = 0; i < kColumns; ++i) tensor.as<float>()[i] = 1 + step * static_cast<float>(i);
    return constant(std::move(tensor));
  }
  std::string step(const std::string& op, const std::vector<std::string>& inputs, std::int64_t axis = -1) {
    OnnxNode node{.name = "n" + std::to_string(model_.nodes.size()),
                  .op = op,
                  .domain = {},
                  .inputs = inputs,
                  .outputs = {"v" + std::to_string(model_.nodes.size())},
                  .attributes = {}};
    if (op == "ReduceMean") node.attributes["axes"] = std::vector<std::int64_t>{axis};
    model_.nodes.push_back(node);
    return node.outputs[0];
  }
  /// The names of the operators that are left, after a check that they give what the model gives.
  std::string left(const std::string& output) {
    model_.outputs = {{.name = output, .dtype = DType::kF32, .shape = {}}};
    const auto imported = import_onnx(model_, {.batch = kRows, .dimensions = {}});
    EXPECT_TRUE(imported) << imported.error().message;
    Graph named = *imported;
    Notes notes;
    name_formulas(named, notes);
    EXPECT_TRUE(check(named));
    Tensor x(DType::kF32, {kRows, kColumns});
    for (std::int64_t i = 0; i < x.elements(); ++i)
      x.as<float>()[i] = 3 * std::sin(static_cast<float>(i * i)) + 0.5F;
    const Tensor before = interpret(*imported, {x})[0], after = interpret(named, {x})[0];
    for (std::int64_t i = 0; i < x.elements(); ++i)
      EXPECT_NEAR(after.as<float>()[i], before.as<float>()[i], 2e-5) << i;
    std::string names;
    for (const Node& node : named.nodes) {
      const auto* unary = std::get_if<UnaryNode>(&node.op);
      names += std::string(names.empty() ? "" : " ") +
               std::string(unary != nullptr ? isa::name_of(unary->kind) : name_of(node.op));
    }
    return names;
  }

 private:
  std::string constant(Tensor tensor) {
    const std::string name = "c" + std::to_string(model_.initialisers.size());
    model_.initialisers[name] = std::make_shared<Tensor>(std::move(tensor));
    return name;
  }
  OnnxModel model_;
};

std::string centred(Formula& f, std::int64_t axis = -1) {
  return f.step("Sub", {"x", f.step("ReduceMean", {"x"}, axis)});
}
std::string deviation(Formula& f, const std::string& d, std::int64_t axis = -1) {
  const std::string variance = f.step("ReduceMean", {f.step("Pow", {d, f.number(2)})}, axis);
  return f.step("Sqrt", {f.step("Add", {variance, f.number(1e-5F)})});
}

TEST(NameFormulas, LayerNormalisationWithItsParametersIsOneNode) {
  Formula f;
  const std::string d = centred(f);
  const std::string y = f.step("Div", {d, deviation(f, d)});
  EXPECT_EQ(f.left(f.step("Add", {f.step("Mul", {y, f.row(0.1F)}), f.row(-0.2F)})), "norm");
}

TEST(NameFormulas, RmsNormalisationInItsThreeSpellingsIsOneNode) {
  Formula quotient, inverse, reciprocal;
  EXPECT_EQ(quotient.left(quotient.step("Div", {"x", deviation(quotient, "x")})), "norm");
  const std::string one_over = inverse.step("Div", {inverse.number(1), deviation(inverse, "x")});
  EXPECT_EQ(inverse.left(inverse.step("Mul", {"x", one_over})), "norm");
  const std::string r = reciprocal.step("Reciprocal", {deviation(reciprocal, "x")});
  EXPECT_EQ(reciprocal.left(reciprocal.step("Mul", {reciprocal.row(1), reciprocal.step("Mul", {r, "x"})})),
            "norm");
}

TEST(NameFormulas, WhatIsNormalisedAlongAnotherAxisOrByAnotherValueStays) {
  Formula columns, other;
  const std::string d = centred(columns, 0);
  EXPECT_EQ(columns.left(columns.step("Div", {d, deviation(columns, d, 0)})).find("norm"), std::string::npos);
  const std::string e = centred(other);
  EXPECT_EQ(other.left(other.step("Div", {"x", deviation(other, e)})).find("norm"), std::string::npos);
}

TEST(NameFormulas, AShiftWithoutAScaleStaysAnAddition) {
  Formula f;
  const std::string d = centred(f);
  EXPECT_EQ(f.left(f.step("Add", {f.step("Div", {d, deviation(f, d)}), f.row(0.1F)})), "norm binary");
}

std::string one_and_erf(Formula& f, float divisor) {
  return f.step("Add", {f.step("Erf", {f.step("Div", {"x", f.number(divisor)})}), f.number(1)});
}

TEST(NameFormulas, GeluInEveryOrderOfItsFactorsIsOneNode) {
  for (const int first : {0, 1, 2}) {
    Formula f;
    const std::string factors[] = {"x", f.number(0.5F), one_and_erf(f, std::sqrt(2.0F))};
    const std::string two = f.step("Mul", {factors[first], factors[(first + 1) % 3]});
    EXPECT_EQ(f.left(f.step("Mul", {factors[(first + 2) % 3], two})), "gelu") << first;
  }
}

TEST(NameFormulas, WhatIsNearlyAGeluStays) {
  Formula wide, heavy;
  EXPECT_EQ(wide.left(wide.step("Mul", {wide.step("Mul", {"x", one_and_erf(wide, 1.5F)}), wide.number(0.5F)}))
                .find("gelu"),
            std::string::npos);
  const std::string product = heavy.step("Mul", {"x", one_and_erf(heavy, std::sqrt(2.0F))});
  EXPECT_EQ(heavy.left(heavy.step("Mul", {product, heavy.number(0.6F)})).find("gelu"), std::string::npos);
}

}  // namespace
}  // namespace chengying::compiler
