#include "onnxim.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "cli/table.h"
#include "compiler/compile.h"
#include "synthetic.h"
#include "timing/timing.h"

namespace chengying::bench {
namespace {

using cli::Align;

/// Its rows are the product's own: M = batch.
template <std::int64_t kSize>
std::string product() {
  QuantisedModel m("product");
  return m.finish(m.dense(m.input(kSize), kSize, false));
}

std::string resnet18() {
  return network("resnet18");
}
std::string resnet50() {
  return network("resnet50");
}

struct Work {
  const char* name;
  std::int32_t batch;
  std::string (*make)();
  std::uint64_t published;  // cycles of its 1 GHz clock
};
constexpr std::array kWorks{
    Work{"ResNet-18", 1, resnet18, 459'507},
    Work{"ResNet-50", 1, resnet50, 690'541},
    Work{"product of 256", 256, product<256>, 1'936},
    Work{"product of 512", 512, product<512>, 9'393},
    Work{"product of 1,024", 1024, product<1024>, 25'776},
    Work{"product of 2,048", 2048, product<2048>, 162'339},
};

struct Found {
  std::uint64_t cycles = 0, active = 0, by_multipliers = 0, by_dram = 0;
};

Found cycles_of(const Work& work, const isa::ChipSpec& chip) {
  compiler::CompileOptions options;
  options.cores = static_cast<std::uint16_t>(chip.cores);
  options.batches = {work.batch};
  auto output = compiler::compile({{}, std::make_shared<const std::string>(work.make())}, chip, options);
  if (!output) fmt::print(stderr, "{}: {}\n", work.name, output.error().message);
  CHECK(output.has_value());
  const isa::Program& program = output->executable.programs.front();
  const timing::Timing timing = timing::walk(program, chip, options.cores);
  Found found{.cycles = timing.cycles};
  for (const timing::InstructionTime& time : timing.instructions) found.active += time.active_cycles;
  found.active /= options.cores;
  const auto multipliers = static_cast<std::uint64_t>(chip.tensor.u8->macs() * chip.cores);
  found.by_multipliers = timing.macs / multipliers;
  found.by_dram = static_cast<std::uint64_t>(static_cast<double>(timing.dram_bytes) /
                                             (chip.memory.dram_bytes_per_second / chip.clock_hz));
  return found;
}

}  // namespace

std::string onnxim_table(const isa::ChipSpec& chip) {
  cli::Table table({{"WORK"},
                    {"ONNXIM", Align::kRight},
                    {"OURS", Align::kRight},
                    {"DIFFERENCE", Align::kRight},
                    {"ALL MULTIPLIERS", Align::kRight},
                    {"ARRAYS ACTIVE", Align::kRight},
                    {"DRAM", Align::kRight}});
  for (const Work& work : kWorks) {
    const Found found = cycles_of(work, chip);
    const double ratio = static_cast<double>(found.cycles) / static_cast<double>(work.published);
    table.add({work.name, cli::grouped(work.published), cli::grouped(found.cycles),
               fmt::format("{:+.1f} %", 100 * (ratio - 1)), cli::grouped(found.by_multipliers),
               cli::grouped(found.active), cli::grouped(found.by_dram)});
  }
  return table.text();
}

}  // namespace chengying::bench
