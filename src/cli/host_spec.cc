#include "cli/host_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace chengying::cli {
namespace {

constexpr double kIssueSeconds = 100e-9;
constexpr double kMemoryShare = 0.7;  // of the machine's memory; the rest is the machine's own
constexpr std::int64_t kGib = std::int64_t{1} << 30;

class Writer {
 public:
  void section(std::string_view name) { text_ += fmt::format("\n[{}]\n", name); }
  void line(std::string_view text) { text_ += fmt::format("{}\n", text); }
  void number(std::string_view key, double value, std::string_view unit, std::string_view kind,
              std::string_view source) {
    const bool whole = value == std::round(value) && std::abs(value) < 1e15;
    const std::string shown = whole ? fmt::format("{:.0f}", value) : fmt::format("{:.6g}", value);
    text_ += fmt::format("{} = {{ value = {}, unit = \"{}\", kind = \"{}\", source = \"{}\" }}\n", key, shown,
                         unit, kind, source);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

/// Whole columns and pixels whose product is nearest to what a cycle does.
struct Shape {
  std::int64_t columns, pixels;
};
Shape shape_of(std::int64_t lanes, double instructions_per_cycle) {
  const auto pixels =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(instructions_per_cycle + 0.25)));
  const double columns = static_cast<double>(lanes) * instructions_per_cycle / static_cast<double>(pixels);
  return {std::max<std::int64_t>(1, std::llround(columns)), pixels};
}

void add_array(Writer& writer, std::string_view format, std::int64_t reduce, std::int64_t lanes,
               double rate) {
  const Shape shape = shape_of(lanes, rate);
  const std::string source = fmt::format("{:.3f} vectors of {} lanes a cycle", rate, lanes);
  writer.section(fmt::format("tensor.{}", format));
  writer.number("reduce", static_cast<double>(reduce), "MACs", "measured", source);
  writer.number("columns", static_cast<double>(shape.columns), "MACs", "measured", source);
  writer.number("pixels", static_cast<double>(shape.pixels), "MACs", "measured", source);
}

void add_kernels(Writer& writer, const isa::KernelCosts& costs) {
  struct Row {
    std::string_view key;
    double cycles;
    std::string_view source;
  };
  const Row rows[] = {
      {"moved_element", costs.moved_element, "a transposition of 256 x 192 bytes"},
      {"looked_up", costs.looked_up, "a table over 65,536 bytes"},
      {"pixel", costs.pixel, "a 1x1 convolution of 4 to 16 channels, less its product and its epilogue"},
      {"pair_places", costs.pair_places,
       "a 3x3 depthwise convolution of 64 channels, stride 1, less its epilogue"},
      {"places", costs.places, "the same, stride 2"},
      {"window", costs.window, "largest of 3x3, of 64 and of 320 channels: what does not grow with them"},
      {"max_place", costs.max_place, "the same: what grows with them"},
      {"average_place", costs.average_place, "average of 3x3 of 64 channels, less the window"}};
  writer.section("kernels");
  for (const Row& row : rows)
    writer.number(fmt::format("{}_cycles", row.key), row.cycles, "cycles", "measured", row.source);
}

/// The CPU's name without what would end a text of the file.
std::string plain(std::string name) {
  std::erase_if(name, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
  return name;
}

}  // namespace

std::string host_spec_toml(const MachineFacts& facts) {
  const std::int64_t lanes = facts.kernels == chip::KernelSet::kAvx512 ? 16 : 8;
  const double issue = std::round(kIssueSeconds * facts.clock_hz);
  const auto f32_lanes = static_cast<double>(lanes);
  Writer w;
  w.line(
      "# This machine's own CPU as a chip, written by `chengying calibrate`. Numbers marked \"measured\" are "
      "this machine's;");
  w.line("# the others are those of the chips/host.toml that the program carries.");
  w.section("chip");
  w.line(fmt::format("title = \"This machine's CPU ({})\"", plain(facts.cpu)));
  w.line("maker = \"this machine's\"");
  w.line("is_host = true");
  w.number("cores", static_cast<double>(facts.cores), "cores", "measured",
           "threads that the system runs at once");
  w.number("clock_hz", std::round(facts.clock_hz / 1e6) * 1e6, "Hz", "measured",
           "a chain of dependent additions, between the other measurements");
  w.number("launch_seconds", facts.handover_seconds, "s", "measured",
           "median hand-over to a sleeping thread");
  w.section("tensor");
  w.number("fill_cycles", 4, "cycles", "estimated", "latency of a chain of multiply-accumulates");
  w.number("issue_cycles", issue, "cycles", "estimated",
           "some 100 ns to take an instruction and enter its kernel");
  w.number("epilogue_lanes", f32_lanes, "elements/cycle", "derived", "one vector of f32 a cycle");
  add_array(w, "u8", 4, lanes, facts.u8_instructions_per_cycle);
  add_array(w, "f32", 1, lanes, facts.f32_instructions_per_cycle);
  w.section("vector");
  w.number("u8_lanes", 4 * f32_lanes, "elements/cycle", "derived", "one vector of bytes a cycle");
  w.number("f32_lanes", f32_lanes, "elements/cycle", "derived", "one vector of f32 a cycle");
  w.number("issue_cycles", issue, "cycles", "estimated", "as for the tensor engine");
  w.section("memory_engine");
  w.number("bytes_per_cycle", std::max(1.0, std::round(facts.copy_bytes_per_second / facts.clock_hz)),
           "B/cycle", "measured", "memcpy of 1 MiB within the caches");
  w.number("issue_cycles", issue, "cycles", "estimated", "as for the tensor engine");
  w.section("memory");
  w.line("engines_reach_dram = true");
  w.line("engines_reach_host = true");
  w.number("sram_bytes", 0, "B", "claimed", "a CPU has caches, and no memory that a program manages");
  const double memory = static_cast<double>(facts.memory_bytes) * kMemoryShare / static_cast<double>(kGib);
  w.number("dram_bytes", std::max(1.0, std::floor(memory)) * static_cast<double>(kGib), "B", "measured",
           "seven tenths of the machine's memory, in whole GiB");
  w.number("dram_bytes_per_second", facts.dram_bytes_per_second, "B/s", "measured",
           "all cores reading at once");
  w.number("dram_latency_seconds", facts.dram_latency_seconds, "s", "measured",
           "a chain of dependent loads in random order over 256 MiB");
  w.number("cache_bytes", static_cast<double>(facts.cache_bytes), "B", "measured",
           "the last level, as the system gives it");
  w.number("cache_bytes_per_second", facts.cache_bytes_per_second, "B/s", "measured",
           "one core reading its share of it again and again");
  add_kernels(w, facts.kernel_costs);
  w.section("power");
  w.number("mac_u8_pj", 20, "pJ", "estimated", "as in the built-in spec");
  w.number("mac_f32_pj", 80, "pJ", "estimated", "as in the built-in spec");
  w.number("vector_op_pj", 80, "pJ", "estimated", "as in the built-in spec");
  w.number("dram_byte_pj", 60, "pJ", "estimated", "as in the built-in spec");
  w.number("idle_watts", 2.5 * static_cast<double>(facts.cores), "W", "estimated",
           "2.5 W a core, as in the built-in spec");
  w.number("tdp_watts", 8.75 * static_cast<double>(facts.cores), "W", "estimated",
           "8.75 W a core, as in the built-in spec");
  return std::move(w).text();
}

}  // namespace chengying::cli
