#include "cli/roofline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/peak.h"
#include "timing/bytes.h"

namespace chengying::cli {
namespace {

using timing::Limit;

constexpr double kOpsPerMac = 2;

struct LayerWork {
  std::uint64_t start = UINT64_MAX, end = 0;
  double operations = 0, bytes = 0;
};

/// The memory whose bytes matter: DRAM, a cache in front of it, or SRAM; the first that the program uses.
Limit memory_of(std::span<const timing::BytesByLink> bytes) {
  for (const Limit memory : {Limit::kDram, Limit::kCache})
    if (std::ranges::any_of(bytes, [&](const auto& b) { return b[static_cast<std::size_t>(memory)] > 0; }))
      return memory;
  return Limit::kSram;
}

}  // namespace

Plot roofline_of(const isa::Executable& executable, const isa::Program& program, const isa::ChipSpec& chip,
                 const timing::Timing& timing) {
  const auto bytes = timing::bytes_by_link(program, chip, executable.cores);
  const Limit memory = memory_of(bytes);
  std::map<std::uint32_t, LayerWork> layers;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const timing::InstructionTime& time = timing.instructions[i];
    LayerWork& layer = layers[program.instructions[i].layer];
    layer.start = std::min(layer.start, time.start_cycle);
    layer.end = std::max(layer.end, time.end_cycle);
    layer.operations += kOpsPerMac * static_cast<double>(time.macs);
    layer.bytes += static_cast<double>(bytes[i][static_cast<std::size_t>(memory)]);
  }
  PlotSeries points{.name = "layers", .points = {}};
  double lowest = 1e30, highest = 0;
  for (const auto& [index, layer] : layers) {
    if (layer.operations == 0 || layer.bytes == 0 || layer.end == layer.start) continue;
    const double seconds = static_cast<double>(layer.end - layer.start) / chip.clock_hz;
    points.points.push_back(
        {layer.operations / layer.bytes, layer.operations / seconds, executable.layers[index].name});
    lowest = std::min(lowest, points.points.back().x);
    highest = std::max(highest, points.points.back().x);
  }
  const double peak = peak_ops_per_second(program, chip) * executable.cores;
  const double rate = timing::bytes_per_second(memory, chip, executable.cores);
  PlotSeries roof{.name = "what the slice could do", .points = {}, .line = true};
  if (!points.points.empty() && rate > 0) {
    const double ridge = peak / rate, left = std::min(lowest, ridge) / 2,
                 right = std::max(highest, ridge) * 2;
    roof.points = {{left, left * rate, ""}, {ridge, peak, ""}, {right, peak, ""}};
  }
  return {.title = fmt::format("{}, {} core{}, batch {}", chip.title, executable.cores,
                               executable.cores == 1 ? "" : "s", program.batch),
          .x_label = fmt::format("operations for each byte of {}", timing::name_of(memory)),
          .y_label = "operations per second",
          .series = {std::move(points), std::move(roof)}};
}

}  // namespace chengying::cli
