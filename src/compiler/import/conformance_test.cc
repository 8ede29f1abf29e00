// ONNX's own node tests (Debian's libonnx-testdata): for each one whose operator can be imported, the graph
// before and after the passes gives the golden outputs. Skipped where the package is not installed.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "compiler/graph/interpret.h"
#include "compiler/import/import.h"
#include "compiler/import/tensor_proto.h"
#include "compiler/passes/passes.h"

namespace chengying::compiler {
namespace {

namespace fs = std::filesystem;

const fs::path kData = "/usr/share/libonnx-testdata/data";
constexpr const char* kFamilies[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};

Result<Tensor> read_tensor(const fs::path& path) {
  TRY_ASSIGN(const std::string bytes, read_text_file(path, 1 << 26));
  onnx::TensorProto proto;
  if (!proto.ParseFromString(bytes)) return fail(Code::kInvalidArgument, "not a tensor");
  ExternalData none{fs::path()};
  TRY_ASSIGN(const auto tensor, tensor_of_proto(proto, path.filename().string(), none));
  return *tensor;
}

std::vector<Tensor> read_tensors(const fs::path& folder, const std::string& kind) {
  std::vector<Tensor> tensors;
  for (int i = 0; fs::exists(folder / fmt::format("{}_{}.pb", kind, i)); ++i)
    if (auto tensor = read_tensor(folder / fmt::format("{}_{}.pb", kind, i)))
      tensors.push_back(*std::move(tensor));
  return tensors;
}

/// The largest difference, in units of 1e-5 + 1e-5 |expected| for floats, and of steps for bytes; other types
/// must be equal.
double difference(const Tensor& got, const Tensor& expected) {
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) return 1e30;
  const bool steps = got.dtype() == DType::kU8 || got.dtype() == DType::kI8;
  if (got.dtype() != DType::kF32 && !steps)
    return std::ranges::equal(got.bytes(), expected.bytes()) ? 0 : 1e30;
  double worst = 0;
  for (std::int64_t i = 0; i < got.elements(); ++i) {
    if (got.dtype() == DType::kF32) {
      const double a = got.as<float>()[i], b = expected.as<float>()[i];
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      worst = std::max(worst, std::abs(a - b) / (1e-5 + 1e-5 * std::abs(b)));
      if (std::isnan(a) != std::isnan(b)) return 1e30;
    } else {
      worst = std::max(worst, std::abs(static_cast<double>(std::to_integer<int>(got.bytes()[i])) -
                                       std::to_integer<int>(expected.bytes()[i])));
    }
  }
  return worst;
}

/// In those units: the golden numbers of sampled images have four digits, and a 16-bit float that a second
/// operand asks for is held, and rounded, as f32.
double allowed_for(const std::string& name) {
  if (name.starts_with("test_roialign") || name.starts_with("test_gridsample")) return 10;
  return name.starts_with("test_castlike") && name.find("to_FLOAT16") != std::string::npos ? 50 : 1;
}

/// The golden inputs of a node test as the imported graph takes them; constants of the test are inputs in its
/// file, so those that the model needs at compile time are made initialisers first.
struct Case {
  OnnxModel model;
  std::vector<Tensor> inputs, outputs;
};

std::optional<Case> read_case(const fs::path& folder, bool constants) {
  auto model = read_model({folder / "model.onnx", nullptr});
  if (!model) return std::nullopt;
  Case result{std::move(*model), read_tensors(folder / "test_data_set_0", "input"),
              read_tensors(folder / "test_data_set_0", "output")};
  if (result.inputs.size() != result.model.inputs.size() || result.inputs.empty() ||
      result.outputs.size() != result.model.outputs.size())
    return std::nullopt;
  if (!constants) return result;
  for (std::size_t i = result.inputs.size(); i-- > 1;) {
    result.model.initialisers[result.model.inputs[i].name] = std::make_shared<Tensor>(result.inputs[i]);
    result.model.inputs.erase(result.model.inputs.begin() + static_cast<std::ptrdiff_t>(i));
    result.inputs.pop_back();
  }
  return result;
}

Result<Graph> import_case(const Case& c) {
  const std::int64_t batch = c.inputs[0].shape().empty() ? 1 : c.inputs[0].shape()[0];
  return import_onnx(c.model, {.batch = static_cast<std::int32_t>(batch), .dimensions = {}});
}

TEST(OnnxConformance, NodesThatCanBeImportedGiveTheGoldenOutputsBeforeAndAfterThePasses) {
  if (!fs::exists(kData)) GTEST_SKIP() << "libonnx-testdata is not installed";
  int passed = 0, refused = 0;
  std::set<std::string> reasons;
  std::vector<fs::directory_entry> entries;
  for (const char* family : kFamilies)
    for (const auto& entry : fs::directory_iterator(kData / family)) entries.push_back(entry);
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (!fs::exists(entry.path() / "model.onnx")) continue;
    bool done = false;
    for (const bool constants : {false, true}) {
      const auto c = read_case(entry.path(), constants);
      if (!c) break;
      Result<Graph> graph = import_case(*c);
      if (!graph) {
        reasons.insert(name + ": " + graph.error().message);
        continue;
      }
      const bool fits = std::ranges::equal(graph->inputs, c->inputs, [&](ValueId id, const Tensor& tensor) {
        return graph->value(id).shape == tensor.shape() && graph->value(id).dtype == tensor.dtype();
      });
      if (!fits) continue;  // a first dimension of 1 beside the batch
      done = true;
      ASSERT_TRUE(check(*graph)) << name << ": " << check(*graph).error().message;
      const auto compare = [&](const char* when) {
        const std::vector<Tensor> got = interpret(*graph, c->inputs);
        for (std::size_t i = 0; i < got.size(); ++i)
          EXPECT_LE(difference(got[i], c->outputs[i]), allowed_for(name))
              << name << " output " << i << ", " << when;
      };
      compare("as imported");
      PassLog log;
      ASSERT_TRUE(run_passes(simplifying_passes(), *graph, log)) << name;
      compare("simplified");
      const Status laid = run_passes(integer_passes(), *graph, log);
      ASSERT_TRUE(laid) << name << ": " << laid.error().message;
      compare("laid out");
    }
    done ? ++passed : ++refused;
  }
  std::printf("imported %d, refused %d\n", passed, refused);
  if (std::getenv("CHENGYING_LIST_REFUSALS") != nullptr)
    for (const std::string& reason : reasons) std::puts(reason.c_str());
  EXPECT_GE(passed, 700);
}

}  // namespace
}  // namespace chengying::compiler
