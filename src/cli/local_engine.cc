#include "cli/local_engine.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "runtime/cost.h"
#include "runtime/run.h"

namespace chengying::cli {

unsigned default_threads(std::int64_t cores) {
  const unsigned machine = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::clamp<std::int64_t>(cores, 1, machine));
}

LocalEngine::LocalEngine(const isa::ChipSpec& chip, std::uint16_t cores, unsigned threads)
    : chip_(chip), engine_(chip, cores, threads) {}

Status LocalEngine::load(std::shared_ptr<const isa::Executable> executable) {
  TRY(engine_.load(executable));
  executable_ = std::move(executable);
  return {};
}

Result<std::vector<Tensor>> LocalEngine::run(std::int32_t batch, const std::vector<Tensor>& inputs,
                                             std::span<const std::int64_t> arguments) {
  CHECK(executable_ != nullptr);
  TRY(runtime::check_inputs(*executable_, batch, inputs));
  const isa::Program* exact = executable_->program_for(batch);
  TRY(runtime::check_arguments(exact != nullptr ? *exact : executable_->programs.front(), arguments));
  const auto start = std::chrono::steady_clock::now();
  TRY_ASSIGN(std::vector<Tensor> outputs,
             runtime::run_alone(engine_, *executable_, batch, inputs, {.arguments = arguments}));
  const auto time = std::chrono::steady_clock::now() - start;
  clock_ns_ = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
  return outputs;
}

Result<runtime::RunCost> LocalEngine::cost_of(std::int32_t batch,
                                              std::span<const std::int64_t> arguments) const {
  CHECK(executable_ != nullptr);
  TRY_ASSIGN(runtime::RunCost cost, runtime::cost_of(*executable_, chip_, batch, arguments));
  cost.clock_ns = clock_ns_;
  return cost;
}

namespace {

/// What the runner has loaded. An executable is recognised by its address and its constants' owner: an owner
/// that is still alive has not been followed by another executable at the same address.
struct Loaded {
  bool holds(const isa::Executable& executable) const {
    const auto alive = owner.lock();
    return address == &executable && alive != nullptr && alive == executable.constants_owner;
  }
  Status load(const isa::ChipSpec& chip, const isa::Executable& executable) {
    address = nullptr;
    engine = std::make_unique<LocalEngine>(chip, executable.cores, default_threads(chip.cores));
    // The compiler keeps its executable alive while it calls the runner with it: nothing is owned here.
    TRY(engine->load(std::shared_ptr<const isa::Executable>(std::shared_ptr<void>(), &executable)));
    address = &executable;
    owner = executable.constants_owner;
    return {};
  }

  std::unique_ptr<LocalEngine> engine;
  const isa::Executable* address = nullptr;
  std::weak_ptr<const void> owner;
};

}  // namespace

compiler::Runner make_runner(const isa::ChipSpec& chip) {
  // Shared because a std::function must be copyable; the copies are used one at a time.
  auto loaded = std::make_shared<Loaded>();
  return [&chip, loaded](const isa::Executable& executable,
                         const std::vector<Tensor>& inputs) -> Result<std::vector<Tensor>> {
    if (!loaded->holds(executable)) TRY(loaded->load(chip, executable));
    return loaded->engine->run(executable.programs.front().batch, inputs);
  };
}

}  // namespace chengying::cli
