// Every pass keeps what a real model computes: the interpreter's answer before and after each, on ResNet-50
// and on every model of scripts/models.txt that is there (all of them after scripts/models.sh --fetch).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "compiler/graph/interpret.h"
#include "compiler/graph/print.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"
#include "peer/model_row.h"
#include "peer/side_by_side.h"

namespace chengying {
namespace {

using compiler::Graph;

/// A sum in another order, a scale taken into weights: some ulp of the largest element for each layer on the
/// way.
constexpr double kRelative = 1e-4;
/// Models that round on the way: a value just between two steps may fall on the other side of one.
constexpr double kRounding = 0.1;
/// Of these only the ends are interpreted: a scalar walk takes seconds for a billion products.
constexpr std::array<std::string_view, 5> kLarge{"resnet50", "gte-small", "modnet", "ppocr detection",
                                                 "whisper encoder int8"};

std::vector<Tensor> inputs_of(const Graph& graph, const peer::ModelRow& row) {
  std::vector<Tensor> inputs;
  for (const compiler::ValueId id : graph.inputs) {
    const compiler::Value& value = graph.value(id);
    inputs.push_back(peer::input_of(row, value.name, value.dtype, value.shape));
  }
  return inputs;
}

/// The largest difference of any output, as a part of its largest element; infinite if it is another tensor,
/// or not the same whole numbers.
double difference(const std::vector<Tensor>& before, const std::vector<Tensor>& after) {
  if (before.size() != after.size()) return INFINITY;
  peer::SideBySide sum;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!peer::compare(std::to_string(i), after[i], before[i], sum)) return INFINITY;
    if (before[i].dtype() != DType::kF32 && !std::ranges::equal(before[i].bytes(), after[i].bytes()))
      return INFINITY;
  }
  return sum.difference;
}

bool rounds(const Graph& graph) {
  return std::ranges::any_of(graph.nodes, [](const compiler::Node& node) {
    return std::holds_alternative<compiler::QuantiseNode>(node.op);
  });
}

/// The graph of the model as it came, interpreted, and what each pass makes of the answer.
void expect_kept(const std::filesystem::path& path, const peer::ModelRow& row,
                 const std::map<std::string, std::int64_t>& dimensions) {
  const auto onnx = compiler::read_model({.path = path, .bytes = nullptr});
  ASSERT_TRUE(onnx) << onnx.error().message;
  auto imported = compiler::import_onnx(*onnx, {.batch = 1, .dimensions = dimensions});
  ASSERT_TRUE(imported) << imported.error().message;
  Graph graph = *std::move(imported);
  const std::vector<Tensor> inputs = inputs_of(graph, row);
  const std::vector<Tensor> before = compiler::interpret(graph, inputs);
  const bool each = std::ranges::find(kLarge, row.name) == kLarge.end();
  const bool rounding = rounds(graph) || row.cosine_min > 0;  // these round at run time
  const double most = rounding ? kRounding : kRelative;
  double furthest = 0;
  const auto check = [&](std::string_view pass) {
    const double now = difference(before, compiler::interpret(graph, inputs));
    EXPECT_LE(now, most) << "after " << pass;
    furthest = std::max(furthest, now);
  };
  std::string text = compiler::print(graph);
  int changed = 0;
  for (const auto passes : {compiler::simplifying_passes(), compiler::integer_passes()}) {
    for (const compiler::Pass& pass : passes) {
      compiler::PassLog log;
      const Status run = compiler::run_passes({&pass, 1}, graph, log);
      ASSERT_TRUE(run) << run.error().message;
      std::string now = compiler::print(graph);
      if (now == text) continue;
      text = std::move(now);
      ++changed;
      if (each) check(pass.name);
    }
    if (!each) check("the last of them");
  }
  fmt::print("{}: {} passes changed it; largest difference {:.1e} of the largest element\n", row.name,
             changed, furthest);
  EXPECT_GT(changed, 0);
}

class PassesOnRealModels : public ::testing::TestWithParam<const char*> {};

TEST_P(PassesOnRealModels, KeepWhatIsComputed) {
  const std::filesystem::path repository = CHENGYING_SOURCE_DIR;
  const auto rows = peer::read_model_rows(repository / "scripts/models.txt");
  ASSERT_TRUE(rows) << rows.error().message;
  const auto row = std::ranges::find(*rows, GetParam(), &peer::ModelRow::name);
  ASSERT_NE(row, rows->end());
  if (!std::filesystem::exists(row->path(repository))) GTEST_SKIP() << "scripts/models.sh --fetch brings it";
  expect_kept(row->path(repository), *row, row->dimensions);
}

INSTANTIATE_TEST_SUITE_P(Peer, PassesOnRealModels,
                         ::testing::Values("minilm", "gte-small", "minilm int8", "retinaface", "modnet",
                                           "ppocr detection", "ppocr recognition", "ppocr direction",
                                           "silero vad v5", "silero vad v4", "silero vad 16k", "wake word",
                                           "whisper encoder int8", "whisper decoder int8", "minimind2 int8"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '-'; }, '_');
                           return name;
                         });

TEST(PassesOnResNet50, KeepWhatIsComputed) {
  const std::filesystem::path path = CHENGYING_SOURCE_DIR "/.cache/models/resnet50.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "scripts/setup.sh brings it";
  peer::ModelRow row;
  row.name = "resnet50";
  expect_kept(path, row, {});
}

}  // namespace
}  // namespace chengying
