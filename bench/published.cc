// published: what the models of chips say beside what was published of the chips themselves: the table in
// docs/timing.md. Pure arithmetic, the same on every machine; no network is run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "base/check.h"
#include "cli/estimate.h"
#include "cli/table.h"
#include "compiler/compile.h"
#include "guesses.h"
#include "isa/spec_edit.h"
#include "onnxim.h"
#include "synthetic.h"
#include "timing/stream.h"
#include "timing/timing.h"
#include "tpu_apps.h"

namespace chengying::bench {
namespace {

using cli::Align;
using cli::Table;

constexpr std::int32_t kHanguangBatch = 16;

isa::ChipSpec chip_named(const std::string& name) {
  auto chip = isa::load_chip_spec(fmt::format("{}/chips/{}.toml", CHENGYING_SOURCE_DIR, name));
  CHECK(chip.has_value());
  return *std::move(chip);
}

isa::Executable compiled(const std::string& onnx, const isa::ChipSpec& chip, std::uint16_t cores,
                         std::int32_t batch) {
  compiler::CompileOptions options;
  options.cores = cores;
  options.batches = {batch};
  auto output = compiler::compile({{}, std::make_shared<const std::string>(onnx)}, chip, options);
  if (!output) fmt::print(stderr, "{}: {}\n", chip.name, output.error().message);
  CHECK(output.has_value());
  return std::move(output->executable);
}

class FigureTable {
 public:
  FigureTable()
      : table_({{"CHIP"},
                {"FIGURE"},
                {"PUBLISHED", Align::kRight},
                {"PREDICTED", Align::kRight},
                {"ERROR", Align::kRight},
                {"KIND"}}) {}
  void add(const std::string& chip, const std::string& what, double published, double predicted,
           const char* kind) {
    table_.add({chip, what, text(published), text(predicted),
                fmt::format("{:+.1f} %", 100 * (predicted / published - 1)), kind});
  }
  void print() const { fmt::print("{}\n", table_.text()); }

 private:
  static std::string text(double value) {
    return value >= 1000 ? cli::grouped(static_cast<std::uint64_t>(std::llround(value)))
                         : fmt::format("{:.4g}", value);
  }
  Table table_;
};

/// ResNet-50 v1.5 on all cores of a chip: the first answer alone, and a stream of larger batches.
struct ResNet50 {
  ResNet50(const std::string& onnx, const isa::ChipSpec& chip, std::int32_t batch)
      : alone(cli::estimate_of(compiled(onnx, chip, static_cast<std::uint16_t>(chip.cores), 1), chip)),
        many(cli::estimate_of(compiled(onnx, chip, static_cast<std::uint16_t>(chip.cores), batch), chip)) {}
  double per_second() const { return many.samples_per_second; }
  double watts() const { return many.joules * many.samples_per_second; }
  /// Of a query of so many images at once: the first batch from the start, the others in its stream.
  double query_seconds(double images) const { return many.seconds + (images - many.batch) / per_second(); }

  cli::Estimate alone, many;
};

/// MLPerf's figures were measured on a host of two Skylakes, whose slots are PCIe Gen3: 15.75 GB/s each way,
/// less headers of 24 bytes on each 256.
isa::ChipSpec in_gen3_slot(isa::ChipSpec chip) {
  CHECK(isa::set_number(chip, "host_link.bytes_per_second", 14.4e9).has_value());
  CHECK(isa::finish_edit(chip).has_value());
  return chip;
}

void add_hanguang(FigureTable& table, const std::string& resnet50) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  const ResNet50 peak(resnet50, chip, kHanguangBatch), mlperf(resnet50, in_gen3_slot(chip), kHanguangBatch);
  const std::string name = "hanguang800";
  table.add(name, "ResNet-50 offline, images/s (MLPerf v0.5)", 69306.6, mlperf.per_second(), "measured");
  table.add(name, "ResNet-50 peak, images/s (ISSCC, press)", 78563, peak.per_second(), "claimed");
  table.add(name, "ResNet-50 single stream, median, us (MLPerf v0.5)", 161.04, mlperf.alone.seconds * 1e6,
            "measured");
  table.add(name, "ResNet-50 single stream, fastest, us (MLPerf v0.5)", 143.193, mlperf.alone.seconds * 1e6,
            "measured");
  table.add(name, "ResNet-50 multi-stream, 2,692 images, median, ms (MLPerf v0.5)", 44.27,
            mlperf.query_seconds(2692) * 1e3, "measured");
  table.add(name, "power at its peak, W (press)", 276, peak.watts(), "claimed");
  const ResNet50 low(resnet50, chip_named("hanguang800_low"), kHanguangBatch);
  table.add("hanguang800_low", "ResNet-50, images/s (Linley)", 53983, low.per_second(), "claimed");
  table.add("hanguang800_low", "power, W (Linley)", 108, low.watts(), "claimed");
}

void add_a100(FigureTable& table, const std::string& resnet50) {
  const ResNet50 a100(resnet50, chip_named("a100"), 216);
  table.add("a100", "ResNet-50 offline, images/s (MLPerf v1.0)", 38009.6, a100.per_second(), "measured");
  table.add("a100", "ResNet-50 single stream, p90, us (MLPerf v0.7)", 507.332, a100.alone.seconds * 1e6,
            "measured");
}

std::string share(double value) {
  return fmt::format("{:.1f}", 100 * value);
}

void print_tpu() {
  const isa::ChipSpec chip = chip_named("tpu_v1");
  Table table({{"APP"},
               {"WEIGHTS", Align::kRight},
               {"ACTIVE", Align::kRight},
               {"PAPER", Align::kRight},
               {"STALL", Align::kRight},
               {"PAPER", Align::kRight},
               {"SHIFT", Align::kRight},
               {"PAPER", Align::kRight},
               {"OTHER", Align::kRight},
               {"PAPER", Align::kRight},
               {"USEFUL", Align::kRight},
               {"PAPER", Align::kRight}});
  double active_error = 0, stall_error = 0;
  for (const TpuApp& app : tpu_apps()) {
    const isa::Executable executable = compiled(app.make(), chip, 1, app.rows);
    const TpuShares found = tpu_shares(executable.programs.front(), chip);
    const TpuShares& paper = app.published;
    table.add({app.name, cli::scaled_text(static_cast<double>(found.weight_bytes)) + "B", share(found.active),
               share(paper.active), share(found.stall), share(paper.stall), share(found.shift),
               share(paper.shift), share(found.other), share(paper.other), share(found.useful),
               share(paper.useful)});
    active_error += std::abs(found.active - paper.active) / 6;
    stall_error += std::abs(found.stall - paper.stall) / 6;
  }
  fmt::print(
      "tpu_v1, per cent of all cycles\n{}\nmean difference: array active {} points, weight stall {} points\n",
      table.text(), share(active_error), share(stall_error));
}

void print_guesses(const std::string& resnet50) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  fmt::print("\nhanguang800: what its guesses are worth\n{}", guesses_table(chip, resnet50, kHanguangBatch));
}

void print_onnxim() {
  const auto chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/bench/onnxim.toml");
  if (!chip) fmt::print(stderr, "{}\n", chip.error().message);
  CHECK(chip.has_value());
  fmt::print("\ncycles beside ONNXim's, on its TPU-v4-like configuration\n{}", onnxim_table(*chip));
}

/// How long a walk itself takes on this machine, the middle one of some.
void print_walk_time(const std::string& resnet50) {
  const isa::ChipSpec chip = chip_named("hanguang800");
  const isa::Executable executable = compiled(resnet50, chip, 4, 1);
  const isa::Program& program = executable.programs.front();
  std::vector<double> seconds;
  for (int i = 0; i < 21; ++i) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(timing::walk(program, chip, 4).cycles > 0);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(seconds);
  fmt::print("\nwalk of ResNet-50 on 4 cores of hanguang800 ({} instructions): {}\n",
             program.instructions.size(), cli::duration_text(seconds[seconds.size() / 2]));
}

}  // namespace
}  // namespace chengying::bench

int main() {
  using namespace chengying::bench;
  const std::string resnet50 = network("resnet50");
  FigureTable table;
  add_hanguang(table, resnet50);
  add_a100(table, resnet50);
  table.print();
  print_tpu();
  print_onnxim();
  print_guesses(resnet50);
  print_walk_time(resnet50);
}
