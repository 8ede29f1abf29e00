#include "suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "../compiler/random_graph.h"

#include "chip/tiny_model_for_test.h"
#include "runtime/run.h"

namespace chengying::laws {
namespace {

/// Samples `first`, `first` + 1, ... one after another in one tensor.
template <class Sample>
Tensor joined(std::int32_t batch, std::uint32_t first, const Sample& sample) {
  const Tensor head = sample(first);
  Shape shape = head.shape();
  shape[0] *= batch;
  Tensor tensor(head.dtype(), shape);
  const std::size_t bytes = head.bytes().size();
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(batch); ++i)
    std::ranges::copy(sample(first + i).bytes(), tensor.bytes().subspan(i * bytes).begin());
  return tensor;
}

Entry tiny_entry(std::uint32_t seed) {
  const auto model = std::make_shared<const chip::tiny::Model>(chip::tiny::make_model(seed));
  Entry entry;
  entry.name = fmt::format("tiny {}", seed);
  entry.executable = [model](const isa::ChipSpec& chip, std::uint16_t cores,
                             const std::vector<std::int32_t>& batches) {
    return chip::tiny::make_executable(*model, chip, cores, batches);
  };
  entry.input = [model](std::int32_t batch, std::uint32_t first) {
    return joined(batch, first,
                  [&](std::uint32_t sample) { return chip::tiny::make_input(*model, 1, sample); });
  };
  return entry;
}

/// What the compiler makes of a random graph. Its constants may lie elsewhere for other batches, so an
/// executable is lowered for all of its batches together.
Entry compiled_entry(std::uint32_t seed, bool f32) {
  const compiler::testing::GraphOptions options{.f32 = f32, .nodes = 4 + seed % 8};
  Entry entry;
  entry.name = fmt::format("compiled {} {}", f32 ? "f32" : "u8", seed);
  entry.needs_f32 = f32;
  entry.executable = [seed, options](const isa::ChipSpec& chip, std::uint16_t cores,
                                     const std::vector<std::int32_t>& batches) {
    std::vector<compiler::BatchGraph> graphs;
    for (const std::int32_t batch : batches)
      graphs.push_back(compiler::testing::random_graph(seed, batch, options));
    auto lowered = compiler::lower(graphs, chip, cores);
    EXPECT_TRUE(lowered.has_value()) << lowered.error().message;
    return std::make_shared<const isa::Executable>(std::move(lowered).value());
  };
  const auto graph =
      std::make_shared<const compiler::Graph>(compiler::testing::random_graph(seed, 1, options).graph);
  entry.input = [graph](std::int32_t batch, std::uint32_t first) {
    return joined(batch, first, [&](std::uint32_t sample) {
      return compiler::testing::random_inputs(*graph, sample).at(0);
    });
  };
  return entry;
}

}  // namespace

const std::vector<Entry>& suite() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> list;
    for (std::uint32_t seed = 1000; seed < 1008; ++seed) list.push_back(tiny_entry(seed));
    for (std::uint32_t seed = 2000; seed < 2008; ++seed) list.push_back(compiled_entry(seed, /*f32=*/false));
    for (std::uint32_t seed = 3000; seed < 3004; ++seed) list.push_back(compiled_entry(seed, /*f32=*/true));
    return list;
  }();
  return entries;
}

isa::ChipSpec chip_named(const std::string& name, std::int64_t cores) {
  auto chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/" + name + ".toml");
  EXPECT_TRUE(chip.has_value()) << chip.error().message;
  chip->cores = std::max(chip->cores, cores);
  return *std::move(chip);
}

std::vector<std::byte> run_alone(const isa::ChipSpec& chip,
                                 const std::shared_ptr<const isa::Executable>& executable,
                                 const Tensor& input, unsigned threads, chip::KernelSet kernels) {
  chip::Engine engine(chip, executable->cores, threads, kernels);
  const Status loaded = engine.load(executable);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  if (!loaded) return {};
  const auto batch = static_cast<std::int32_t>(input.shape()[0]);
  const auto ran = runtime::run_alone(engine, *executable, batch, std::span(&input, 1));
  EXPECT_TRUE(ran.has_value()) << ran.error().message;
  if (!ran) return {};
  return {ran->at(0).bytes().begin(), ran->at(0).bytes().end()};
}

std::future<runtime::RunDone> send(runtime::Device& device, runtime::SliceId slice, runtime::LoadedId loaded,
                                   Tensor input) {
  // Shared, because a std::function is copied; a second completion would throw out of set_value.
  const auto promise = std::make_shared<std::promise<runtime::RunDone>>();
  std::future<runtime::RunDone> future = promise->get_future();
  runtime::Work work;
  work.loaded = loaded;
  work.batch = static_cast<std::int32_t>(input.shape()[0]);
  work.inputs.push_back(std::move(input));
  work.done = [promise](runtime::RunDone done) { promise->set_value(std::move(done)); };
  const Status submitted = device.submit(slice, std::move(work));
  if (!submitted) promise->set_value({std::unexpected(submitted.error()), {}});
  return future;
}

std::vector<std::byte> bytes_of(const runtime::RunDone& done) {
  EXPECT_TRUE(done.outputs.has_value()) << done.outputs.error().message;
  if (!done.outputs) return {};
  return {done.outputs->at(0).bytes().begin(), done.outputs->at(0).bytes().end()};
}

}  // namespace chengying::laws
