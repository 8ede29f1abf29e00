// isolation BINARY EXECUTABLE.cyx [REQUESTS]: what a request costs more when its slice is a process (of
// BINARY) than when it is a thread. Requests go to one and to the other in turn, one at a time, so that both
// see the same machine.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <vector>

#include "base/check.h"
#include "runtime/device.h"
#include "runtime/worker/worker_device.h"

namespace chengying {
namespace {

using Clock = std::chrono::steady_clock;

struct Side {
  std::unique_ptr<runtime::Device> device;
  runtime::SliceId slice;
  runtime::LoadedId loaded;
  std::vector<double> whole_us, run_us;  // from submit to done; in the engine
};

Side side_of(std::unique_ptr<runtime::Device> device,
             const std::shared_ptr<const isa::Executable>& executable, const char* file) {
  Side side{std::move(device), {}, {}, {}, {}};
  side.slice = side.device->open_slice(executable->cores).value();
  side.loaded = side.device->load(side.slice, executable, file).value();
  return side;
}

void ask(Side& side, const isa::Program& program) {
  runtime::Work work{.loaded = side.loaded, .batch = program.batch, .inputs = {}, .done = {}};
  for (const isa::Binding& binding : program.inputs) work.inputs.emplace_back(binding.dtype, binding.shape);
  std::promise<runtime::RunDone> promise;
  work.done = [&](runtime::RunDone done) { promise.set_value(std::move(done)); };
  const Clock::time_point begin = Clock::now();
  CHECK(side.device->submit(side.slice, std::move(work)).has_value());
  const runtime::RunDone done = promise.get_future().get();
  CHECK(done.outputs.has_value());
  side.whole_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  side.run_us.push_back(static_cast<double>(done.cost.clock_ns) / 1e3);
}

double at(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// What is around the engine, request by request.
std::vector<double> around(const Side& side) {
  std::vector<double> result;
  for (std::size_t i = 0; i < side.run_us.size(); ++i) result.push_back(side.whole_us[i] - side.run_us[i]);
  return result;
}

int measure(const char* binary, const char* file, int requests) {
  const auto executable = std::make_shared<const isa::Executable>(isa::load_executable(file).value());
  const isa::ChipSpec chip =
      isa::load_chip_spec(fmt::format("{}/chips/{}.toml", CHENGYING_SOURCE_DIR, executable->chip)).value();
  runtime::WorkerOptions workers;
  workers.binary = binary;
  Side thread = side_of(runtime::make_engine_device(chip), executable, file);
  Side process = side_of(runtime::make_worker_device(chip, {}, workers), executable, file);
  const isa::Program& program = executable->programs.front();
  for (int i = 0; i < requests + 20; ++i) {
    if (i == 20) thread.whole_us = thread.run_us = process.whole_us = process.run_us = {};  // warm now
    ask(thread, program);
    ask(process, program);
  }
  for (const auto& [name, side] : {std::pair("thread", &thread), std::pair("process", &process)}) {
    const std::vector<double> rest = around(*side);
    fmt::print(
        "{:8} whole {:.0f} us (p99 {:.0f}), in the engine {:.0f} us, around it {:.0f} us (p99 {:.0f})\n",
        name, at(side->whole_us, 0.5), at(side->whole_us, 0.99), at(side->run_us, 0.5), at(rest, 0.5),
        at(rest, 0.99));
  }
  fmt::print("a process costs {:.0f} us more around the engine, {:.0f} us more in all (medians of {})\n",
             at(around(process), 0.5) - at(around(thread), 0.5),
             at(process.whole_us, 0.5) - at(thread.whole_us, 0.5), requests);
  return 0;
}

}  // namespace
}  // namespace chengying

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "isolation BINARY EXECUTABLE.cyx [REQUESTS]\n");
    return 2;
  }
  return chengying::measure(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 500);
}
