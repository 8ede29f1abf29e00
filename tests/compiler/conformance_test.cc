// ONNX's own node tests (Debian's libonnx-testdata), lowered: every model that can be prepared runs on the
// chips and gives the interpreter's bytes. Skipped where the package is not installed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "chip_runner.h"
#include "compiler/emit.h"
#include "compiler/graph/interpret.h"
#include "compiler/graph/print.h"
#include "compiler/passes/prepare.h"

namespace chengying::compiler {
namespace {

namespace fs = std::filesystem;

const fs::path kData = "/usr/share/libonnx-testdata/data";
constexpr const char* kFamilies[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};

std::vector<fs::path> models() {
  std::vector<fs::path> found;
  for (const char* family : kFamilies) {
    if (!fs::exists(kData / family)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(kData / family)) {
      if (fs::exists(entry.path() / "model.onnx")) found.push_back(entry.path() / "model.onnx");
    }
  }
  std::ranges::sort(found);
  return found;
}

/// For the batch that the model's first input has.
Result<Prepared> prepare_as_it_is(const fs::path& path) {
  CompileOptions options;
  TRY_ASSIGN(const ModelSignature signature, signature_of({.path = path, .bytes = nullptr}));
  if (!signature.inputs.empty() && !signature.inputs.front().shape.empty()) {
    const std::int64_t batch = signature.inputs.front().shape.front();
    if (batch > 0 && batch < 1000) options.batches = {static_cast<std::int32_t>(batch)};
  }
  return prepare({.path = path, .bytes = nullptr}, options);
}

std::vector<Tensor> inputs_of(const Graph& graph) {
  std::mt19937 random(1);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    Tensor tensor(graph.value(id).dtype, graph.value(id).shape);
    if (tensor.dtype() == DType::kF32) {
      for (float& x : tensor.as<float>()) x = static_cast<float>(random() % 4000) / 1000.0F - 2.0F;
    } else {
      const std::size_t size = size_of(tensor.dtype());
      for (std::size_t i = 0; i < tensor.bytes().size(); i += size)
        tensor.bytes()[i] = static_cast<std::byte>(random() % 2);
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

/// Whether the chip could run it; a refusal of a format is no failure.
bool expect_interpreted(const Prepared& prepared, const isa::ChipSpec& chip, std::uint16_t cores) {
  auto lowered = lower(prepared.graphs, chip, cores);
  if (!lowered) {
    EXPECT_EQ(lowered.error().code, Code::kUnsupported) << lowered.error().message;
    return false;
  }
  const auto executable = std::make_shared<const isa::Executable>(*std::move(lowered));
  const BatchGraph& bound = prepared.graphs.front();
  const std::vector<Tensor> inputs = inputs_of(bound.graph);
  const std::vector<Tensor> expected = interpret(bound.graph, inputs);
  const std::vector<Tensor> outputs = testing::run(executable, chip, bound.batch, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(outputs[i].bytes(), expected[i].bytes()))
        << "output " << i << "\n"
        << print(bound.graph) << isa::print(*executable);
  }
  return true;
}

TEST(Conformance, OnnxNodeTestsGiveTheInterpretersBytesOnEveryChip) {
  const std::vector<fs::path> all = models();
  if (all.empty()) GTEST_SKIP() << kData << " is not installed";
  const isa::ChipSpec host = testing::chip_named("host"), hanguang = testing::chip_named("hanguang800");
  int prepared_count = 0, on_host = 0, on_hanguang = 0;
  for (const fs::path& path : all) {
    SCOPED_TRACE(path.string());
    const auto prepared = prepare_as_it_is(path);
    if (!prepared) continue;  // what is imported, the importer's tests say
    ++prepared_count;
    on_host += expect_interpreted(*prepared, host, 2) ? 1 : 0;
    on_hanguang += expect_interpreted(*prepared, hanguang, 3) ? 1 : 0;
  }
  fmt::print("{} of {} models prepared; {} run on host, {} on hanguang800\n", prepared_count, all.size(),
             on_host, on_hanguang);
  EXPECT_EQ(on_host, prepared_count);
}

}  // namespace
}  // namespace chengying::compiler
