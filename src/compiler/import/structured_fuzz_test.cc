// Structure-aware fuzzing of the importer and the passes: ONNX's own test models, each changed in ways that
// leave a readable model (another operator, another axis, a dimension, an operand less, a node twice),
// compiled. Nothing may crash; what is compiled was verified. Seeded: a failure names the seed that repeats
// it.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "compiler/graph/graph.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"

namespace chengying::compiler {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMutantsEach = 30;  // of a model
const fs::path kData = "/usr/share/libonnx-testdata/data";

std::vector<onnx::ModelProto> seeds() {
  std::vector<fs::path> paths;
  for (const char* family : {"node", "simple"}) {
    if (!fs::exists(kData / family)) continue;
    for (const auto& entry : fs::directory_iterator(kData / family)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<onnx::ModelProto> models;
  for (const fs::path& path : paths) {
    const auto bytes = read_text_file(path / "model.onnx", 1 << 20);
    onnx::ModelProto model;
    if (bytes && model.ParseFromString(*bytes)) models.push_back(std::move(model));
  }
  return models;
}

/// Test models give weights, axes and sizes as inputs: as constants they reach further.
void make_constants(onnx::GraphProto& graph, std::mt19937& random) {
  for (int i = 1; i < graph.input_size();) {
    const auto& port = graph.input(i);
    std::int64_t elements = 1;
    for (const auto& dim : port.type().tensor_type().shape().dim())
      elements *= std::max<std::int64_t>(dim.dim_value(), 1);
    if (!port.type().has_tensor_type() || elements > 4096 || random() % 4 == 0) {
      ++i;
      continue;
    }
    auto& tensor = *graph.add_initializer();
    tensor.set_name(port.name());
    tensor.set_data_type(port.type().tensor_type().elem_type());
    for (const auto& dim : port.type().tensor_type().shape().dim())
      tensor.add_dims(std::max<std::int64_t>(dim.dim_value(), 1));
    for (std::int64_t e = 0; e < elements; ++e) {
      const auto small = static_cast<std::int32_t>(random() % 5) - 1;
      switch (tensor.data_type()) {
        case onnx::TensorProto::FLOAT:
          tensor.add_float_data(static_cast<float>(small) * 0.5F);
          break;
        case onnx::TensorProto::DOUBLE:
          tensor.add_double_data(small * 0.5);
          break;
        case onnx::TensorProto::INT64:
          tensor.add_int64_data(small);
          break;
        default:
          tensor.add_int32_data(small);
          break;
      }
    }
    graph.mutable_input()->DeleteSubrange(i, 1);
  }
}

std::int64_t odd_number(std::mt19937& random) {
  constexpr std::int64_t kNumbers[] = {
      -1,        0,        1, 2, 3, 7, -2, 64, 4097, 1 << 20, std::int64_t{1} << 31, -(std::int64_t{1} << 40),
      INT64_MAX, INT64_MIN};
  return kNumbers[random() % std::size(kNumbers)];
}

void change_attribute(onnx::AttributeProto& attribute, std::mt19937& random) {
  if (attribute.ints_size() > 0) {
    if (random() % 3 == 0)
      attribute.add_ints(odd_number(random));
    else
      attribute.set_ints(static_cast<int>(random() % static_cast<unsigned>(attribute.ints_size())),
                         odd_number(random));
  } else if (attribute.type() == onnx::AttributeProto::INT) {
    attribute.set_i(odd_number(random));
  } else if (attribute.type() == onnx::AttributeProto::FLOAT) {
    constexpr float kFloats[] = {0,
                                 -1,
                                 1e30F,
                                 -1e-30F,
                                 std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::quiet_NaN()};
    attribute.set_f(kFloats[random() % std::size(kFloats)]);
  } else if (attribute.type() == onnx::AttributeProto::STRING) {
    attribute.set_s(random() % 2 == 0 ? "" : "SAME_LOWER");
  }
}

void change_number(onnx::TensorProto& tensor, std::mt19937& random) {
  if (tensor.int64_data_size() > 0)
    tensor.set_int64_data(static_cast<int>(random() % static_cast<unsigned>(tensor.int64_data_size())),
                          odd_number(random));
  else if (tensor.float_data_size() > 0)
    tensor.set_float_data(static_cast<int>(random() % static_cast<unsigned>(tensor.float_data_size())),
                          random() % 2 == 0 ? std::numeric_limits<float>::quiet_NaN() : 1e30F);
}

void mutate(onnx::ModelProto& model, const std::vector<std::string>& operators, std::mt19937& random) {
  auto& graph = *model.mutable_graph();
  if (graph.node_size() == 0) return;
  auto& node = *graph.mutable_node(static_cast<int>(random() % static_cast<unsigned>(graph.node_size())));
  switch (random() % 8) {
    case 0:
      node.set_op_type(operators[random() % operators.size()]);
      break;
    case 1:
      if (node.attribute_size() > 0)
        change_attribute(*node.mutable_attribute(
                             static_cast<int>(random() % static_cast<unsigned>(node.attribute_size()))),
                         random);
      break;
    case 2:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    case 3:
      if (node.input_size() > 1) node.mutable_input()->SwapElements(0, node.input_size() - 1);
      break;
    case 4:
      if (graph.input_size() > 0) {
        auto& shape =
            *graph.mutable_input(static_cast<int>(random() % static_cast<unsigned>(graph.input_size())))
                 ->mutable_type()
                 ->mutable_tensor_type()
                 ->mutable_shape();
        constexpr std::int64_t kSizes[] = {1, 2, 5, 17};
        if (shape.dim_size() > 0 && random() % 2 == 0)
          shape.mutable_dim(static_cast<int>(random() % static_cast<unsigned>(shape.dim_size())))
              ->set_dim_value(kSizes[random() % 4]);
        else
          shape.add_dim()->set_dim_value(kSizes[random() % 4]);
      }
      break;
    case 5: {
      onnx::NodeProto twice = node;
      for (auto& output : *twice.mutable_output()) output += "_again";
      if (twice.input_size() > 0 && node.output_size() > 0) twice.set_input(0, node.output(0));
      *graph.add_node() = twice;
      if (twice.output_size() > 0 && graph.output_size() > 0)
        graph.mutable_output(0)->set_name(twice.output(0));
      break;
    }
    case 6:
      if (graph.initializer_size() > 0)
        change_number(*graph.mutable_initializer(
                          static_cast<int>(random() % static_cast<unsigned>(graph.initializer_size()))),
                      random);
      break;
    default:
      model.mutable_opset_import(0)->set_version(static_cast<std::int64_t>(1 + random() % 21));
      break;
  }
}

bool is_small(const Graph& graph) {
  std::int64_t elements = 0;
  for (const Value& value : graph.values) elements += *element_count(value.shape);
  return elements < 1 << 20 && graph.nodes.size() < 3000;
}

/// Whether it was imported; the passes then keep their rules.
bool survives(const onnx::ModelProto& proto) {
  const auto model = read_model({{}, std::make_shared<const std::string>(proto.SerializeAsString())});
  if (!model) return false;
  std::int32_t batch = 1;
  if (!model->inputs.empty() && !model->inputs[0].shape.empty())
    batch = static_cast<std::int32_t>(std::clamp<std::int64_t>(model->inputs[0].shape[0].size, 1, 64));
  Result<Graph> graph = import_onnx(*model, {.batch = batch, .dimensions = {}});
  if (!graph || !is_small(*graph)) return false;
  PassLog log;
  const Status simplified = run_passes(simplifying_passes(), *graph, log);
  EXPECT_TRUE(simplified) << simplified.error().message;
  if (!simplified) return false;
  const Status laid = run_passes(integer_passes(), *graph, log);
  EXPECT_TRUE(laid) << laid.error().message;
  return true;
}

TEST(StructuredFuzz, ChangedModelsAreImportedOrRefusedAndThePassesKeepTheirRules) {
  const std::vector<onnx::ModelProto> all = seeds();
  if (all.empty()) GTEST_SKIP() << kData << " is not installed";
  std::vector<std::string> operators;
  for (const onnx::ModelProto& model : all)
    for (const auto& node : model.graph().node()) operators.push_back(node.op_type());
  std::ranges::sort(operators);
  operators.erase(std::unique(operators.begin(), operators.end()), operators.end());
  std::size_t tried = 0, imported = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t m = 0; m < kMutantsEach; ++m) {
      const auto seed = static_cast<std::uint32_t>(i * 100 + m);
      SCOPED_TRACE(fmt::format("seed {}", seed));
      if (std::getenv("CHENGYING_FUZZ_VERBOSE") != nullptr) fmt::print(stderr, "seed {}\n", seed);
      std::mt19937 random(seed);
      onnx::ModelProto model = all[i];
      make_constants(*model.mutable_graph(), random);
      for (std::size_t changes = 1 + random() % 3; changes-- > 0;) mutate(model, operators, random);
      ++tried;
      imported += survives(model) ? 1 : 0;
    }
  fmt::print("{} changed models, {} of them imported\n", tried, imported);
  EXPECT_GT(imported, tried / 10);
}

}  // namespace
}  // namespace chengying::compiler
