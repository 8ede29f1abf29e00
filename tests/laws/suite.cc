#include "suite.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "chip/tiny_model_for_test.h"
#include "runtime/run.h"

namespace chengying::laws {
namespace {

Entry tiny_entry(std::uint32_t seed) {
  const auto model = std::make_shared<const chip::tiny::Model>(chip::tiny::make_model(seed));
  Entry entry;
  entry.name = fmt::format("tiny {}", seed);
  entry.executable = [model](const isa::ChipSpec& chip, std::uint16_t cores,
                             const std::vector<std::int32_t>& batches) {
    return chip::tiny::make_executable(*model, chip, cores, batches);
  };
  entry.input = [model](std::int32_t batch, std::uint32_t first) {
    Tensor tensor(DType::kF32, {batch, 3, model->size, model->size});
    const std::size_t sample = tensor.bytes().size() / static_cast<std::size_t>(batch);
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(batch); ++i)
      std::ranges::copy(chip::tiny::make_input(*model, 1, first + i).bytes(),
                        tensor.bytes().subspan(i * sample).begin());
    return tensor;
  };
  return entry;
}

}  // namespace

const std::vector<Entry>& suite() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> list;
    for (std::uint32_t seed = 1000; seed < 1016; ++seed) list.push_back(tiny_entry(seed));
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
  runtime::Part part{static_cast<std::int32_t>(input.shape()[0]), {&input, 1}, {}};
  const Status ran = runtime::run_parts(engine, *executable, {&part, 1});
  EXPECT_TRUE(ran.has_value()) << ran.error().message;
  if (!ran) return {};
  return {part.outputs[0].bytes().begin(), part.outputs[0].bytes().end()};
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
