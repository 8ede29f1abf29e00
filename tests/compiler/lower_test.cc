// What lower() makes, run on the chip, gives the interpreter's bytes: for random graphs, on every chip and
// slice.
#include <gtest/gtest.h>

#include <algorithm>

#include "chip/engine.h"
#include "compiler/emit.h"
#include "compiler/graph/check.h"
#include "compiler/graph/interpret.h"
#include "compiler/graph/print.h"
#include "random_graph.h"

namespace chengying::compiler {
namespace {

using testing::GraphOptions;

const std::uint32_t kSeeds = std::getenv("SEEDS") ? std::atoi(std::getenv("SEEDS")) : 60;

isa::ChipSpec chip_named(const std::string& name) {
  auto chip = isa::load_chip_spec(std::string(CHENGYING_SOURCE_DIR "/chips/") + name + ".toml");
  if (!chip) ADD_FAILURE() << chip.error().message;
  return chip ? *chip : isa::ChipSpec{};
}

std::vector<Tensor> run(const std::shared_ptr<const isa::Executable>& executable, const isa::ChipSpec& chip,
                        std::int32_t batch, const std::vector<Tensor>& inputs) {
  chip::Engine engine(chip, executable->cores, 1, chip::KernelSet::kReference);
  const Status loaded = engine.load(executable);
  EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message);
  const isa::Program& program = *executable->program_for(batch);
  std::vector<Tensor> outputs;
  for (const isa::Binding& binding : program.outputs) outputs.emplace_back(binding.dtype, binding.shape);
  std::vector<std::span<const std::byte>> in;
  std::vector<std::span<std::byte>> out;
  for (const Tensor& tensor : inputs) in.push_back(tensor.bytes());
  for (Tensor& tensor : outputs) out.push_back(tensor.bytes());
  const auto trap = engine.run(program, in, out);
  EXPECT_FALSE(trap.has_value()) << (trap ? trap->reason : "");
  return outputs;
}

void expect_interpreted(std::uint32_t seed, const isa::ChipSpec& chip, std::uint16_t cores,
                        const std::vector<std::int32_t>& batches, const GraphOptions& options) {
  SCOPED_TRACE(fmt::format("seed {} on {} cores of {}", seed, cores, chip.name));
  std::vector<BatchGraph> graphs;
  for (const std::int32_t batch : batches) {
    graphs.push_back(testing::random_graph(seed, batch, options));
    const Status checked = check(graphs.back().graph, CheckStage::kLaidOut);
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
  }
  auto lowered = lower(graphs, chip, cores);
  ASSERT_TRUE(lowered.has_value()) << lowered.error().message;
  const auto executable = std::make_shared<const isa::Executable>(std::move(*lowered));
  for (const BatchGraph& bound : graphs) {
    const std::vector<Tensor> inputs = testing::random_inputs(bound.graph, seed + 1);
    const std::vector<Tensor> expected = interpret(bound.graph, inputs);
    const std::vector<Tensor> outputs = run(executable, chip, bound.batch, inputs);
    ASSERT_EQ(outputs.size(), expected.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ASSERT_TRUE(std::ranges::equal(outputs[i].bytes(), expected[i].bytes()))
          << "output " << i << " of batch " << bound.batch << "\n"
          << print(bound.graph) << isa::print(*executable);
    }
  }
}

TEST(Lower, QuantisedGraphsOnHostGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 2), {1, 2, 3},
                       {.nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, FloatGraphsOnHostGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("host");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 2), {1, 3},
                       {.f32 = true, .nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

TEST(Lower, QuantisedGraphsOnSramChipsGiveTheInterpretersBytes) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    expect_interpreted(seed, chip, static_cast<std::uint16_t>(1 + seed % 4), {1, 2, 5},
                       {.nodes = 3 + seed % 12});
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace chengying::compiler
