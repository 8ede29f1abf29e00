#include "isa/spec_rows.h"

#include <fmt/format.h>

#include <array>

namespace chengying::isa {
namespace {

// Limits: generous for any chip that could be built, small enough that products of them stay inside 64 bits.
constexpr double kMaxCycles = 1e9;
constexpr double kMaxBytes = 1LL << 50;
constexpr double kMaxRate = 1e16;  // bytes a second
constexpr double kMaxPicojoules = 1e9;
constexpr double kMaxArray = 1 << 20;
constexpr double kTiny = 1e-12;  // the smallest number that is not nothing

constexpr std::array kSections{
    SpecSection{"chip"},
    SpecSection{"tensor"},
    SpecSection{"tensor.u8", false, [](ChipSpec& chip) { chip.tensor.u8.emplace(); }},
    SpecSection{"tensor.f32", false, [](ChipSpec& chip) { chip.tensor.f32.emplace(); }},
    SpecSection{"vector"},
    SpecSection{"memory_engine"},
    SpecSection{"memory"},
    SpecSection{"host_link", false},
    SpecSection{"kernels", false, [](ChipSpec& chip) { chip.kernels.emplace(); }},
    SpecSection{"power"},
};

// Where a number lies in the spec.
template <auto Member>
auto& of(ChipSpec& chip) {
  return chip.*Member;
}
template <auto Part, auto Member>
auto& in(ChipSpec& chip) {
  return chip.*Part.*Member;
}
template <auto Format, auto Member>
auto& in_array(ChipSpec& chip) {
  return *(chip.tensor.*Format).*Member;
}

template <auto Member>
double& in_kernels(ChipSpec& chip) {
  return *chip.kernels.*Member;
}

constexpr bool kRequired = true, kOptional = false;

constexpr SpecNumberRow number(std::string_view section, std::string_view key, std::string_view unit,
                               double lowest, double highest, bool required,
                               std::int64_t& (*place)(ChipSpec&)) {
  return {section, key, unit, lowest, highest, required, place, nullptr};
}
constexpr SpecNumberRow number(std::string_view section, std::string_view key, std::string_view unit,
                               double lowest, double highest, bool required, double& (*place)(ChipSpec&)) {
  return {section, key, unit, lowest, highest, required, nullptr, place};
}

// clang-format off
constexpr std::array kNumbers{
    number("chip", "cores", "cores", 1, 1024, kRequired, of<&ChipSpec::cores>),
    number("chip", "clock_hz", "Hz", 1e3, 1e11, kRequired, of<&ChipSpec::clock_hz>),
    number("chip", "launch_seconds", "s", 0, 1, kRequired, of<&ChipSpec::launch_seconds>),

    number("tensor", "fill_cycles", "cycles", 0, kMaxCycles, kRequired, in<&ChipSpec::tensor, &TensorEngine::fill_cycles>),
    number("tensor", "issue_cycles", "cycles", 0, kMaxCycles, kRequired, in<&ChipSpec::tensor, &TensorEngine::issue_cycles>),
    number("tensor", "epilogue_lanes", "elements/cycle", 0, kMaxArray, kOptional, in<&ChipSpec::tensor, &TensorEngine::epilogue_lanes>),
    number("tensor", "weights_ahead_bytes", "B", 0, kMaxBytes, kOptional, in<&ChipSpec::tensor, &TensorEngine::weights_ahead_bytes>),
    number("tensor.u8", "reduce", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::u8, &MacArray::reduce>),
    number("tensor.u8", "columns", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::u8, &MacArray::columns>),
    number("tensor.u8", "pixels", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::u8, &MacArray::pixels>),
    number("tensor.f32", "reduce", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::f32, &MacArray::reduce>),
    number("tensor.f32", "columns", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::f32, &MacArray::columns>),
    number("tensor.f32", "pixels", "MACs", 1, kMaxArray, kRequired, in_array<&TensorEngine::f32, &MacArray::pixels>),

    number("vector", "u8_lanes", "elements/cycle", 0, kMaxArray, kRequired, in<&ChipSpec::vector, &VectorEngine::u8_lanes>),
    number("vector", "f32_lanes", "elements/cycle", 0, kMaxArray, kRequired, in<&ChipSpec::vector, &VectorEngine::f32_lanes>),
    number("vector", "issue_cycles", "cycles", 0, kMaxCycles, kRequired, in<&ChipSpec::vector, &VectorEngine::issue_cycles>),

    number("memory_engine", "bytes_per_cycle", "B/cycle", 1, kMaxArray, kRequired, in<&ChipSpec::memory_engine, &MemoryEngine::bytes_per_cycle>),
    number("memory_engine", "issue_cycles", "cycles", 0, kMaxCycles, kRequired, in<&ChipSpec::memory_engine, &MemoryEngine::issue_cycles>),

    number("memory", "sram_bytes", "B", 0, kMaxBytes, kRequired, in<&ChipSpec::memory, &Memory::sram_bytes>),
    number("memory", "sram_bytes_per_cycle", "B/cycle", 0, kMaxArray, kOptional, in<&ChipSpec::memory, &Memory::sram_bytes_per_cycle>),
    number("memory", "dram_bytes", "B", 0, kMaxBytes, kRequired, in<&ChipSpec::memory, &Memory::dram_bytes>),
    number("memory", "dram_bytes_per_second", "B/s", 0, kMaxRate, kOptional, in<&ChipSpec::memory, &Memory::dram_bytes_per_second>),
    number("memory", "dram_latency_seconds", "s", 0, 1, kOptional, in<&ChipSpec::memory, &Memory::dram_latency_seconds>),
    number("memory", "cache_bytes", "B", 0, kMaxBytes, kOptional, in<&ChipSpec::memory, &Memory::cache_bytes>),
    number("memory", "cache_bytes_per_second", "B/s", 0, kMaxRate, kOptional, in<&ChipSpec::memory, &Memory::cache_bytes_per_second>),
    number("memory", "ring_bytes_per_second", "B/s", 0, kMaxRate, kOptional, in<&ChipSpec::memory, &Memory::ring_bytes_per_second>),
    number("memory", "ring_latency_seconds", "s", 0, 1, kOptional, in<&ChipSpec::memory, &Memory::ring_latency_seconds>),

    number("host_link", "bytes_per_second", "B/s", 1, kMaxRate, kRequired, in<&ChipSpec::host_link, &HostLink::bytes_per_second>),
    number("host_link", "latency_seconds", "s", 0, 1, kRequired, in<&ChipSpec::host_link, &HostLink::latency_seconds>),

    number("kernels", "moved_element_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::moved_element>),
    number("kernels", "looked_up_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::looked_up>),
    number("kernels", "pixel_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::pixel>),
    number("kernels", "pair_places_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::pair_places>),
    number("kernels", "places_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::places>),
    number("kernels", "window_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::window>),
    number("kernels", "max_place_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::max_place>),
    number("kernels", "average_place_cycles", "cycles", 0, kMaxCycles, kRequired, in_kernels<&KernelCosts::average_place>),

    number("power", "mac_u8_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::mac_u8_pj>),
    number("power", "mac_f32_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::mac_f32_pj>),
    number("power", "vector_op_pj", "pJ", kTiny, kMaxPicojoules, kRequired, in<&ChipSpec::power, &Power::vector_op_pj>),
    number("power", "sram_byte_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::sram_byte_pj>),
    number("power", "dram_byte_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::dram_byte_pj>),
    number("power", "ring_byte_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::ring_byte_pj>),
    number("power", "host_byte_pj", "pJ", kTiny, kMaxPicojoules, kOptional, in<&ChipSpec::power, &Power::host_byte_pj>),
    number("power", "idle_watts", "W", 0, 1e6, kRequired, in<&ChipSpec::power, &Power::idle_watts>),
    number("power", "tdp_watts", "W", kTiny, 1e6, kRequired, in<&ChipSpec::power, &Power::tdp_watts>),
};

constexpr std::array kSwitches{
    SpecSwitchRow{"chip", "is_host", of<&ChipSpec::is_host>},
    SpecSwitchRow{"tensor", "systolic", in<&ChipSpec::tensor, &TensorEngine::systolic>},
    SpecSwitchRow{"tensor", "systolic_double_buffered", in<&ChipSpec::tensor, &TensorEngine::systolic_double_buffered>},
    SpecSwitchRow{"memory", "engines_reach_dram", in<&ChipSpec::memory, &Memory::engines_reach_dram>},
    SpecSwitchRow{"memory", "engines_reach_host", in<&ChipSpec::memory, &Memory::engines_reach_host>},
    SpecSwitchRow{"memory", "engines_reach_other_cores", in<&ChipSpec::memory, &Memory::engines_reach_other_cores>},
};

constexpr std::array kTexts{
    SpecTextRow{"chip", "title", of<&ChipSpec::title>},
    SpecTextRow{"chip", "maker", of<&ChipSpec::maker>},
};
// clang-format on

}  // namespace

std::span<const SpecSection> spec_sections() {
  return kSections;
}
std::span<const SpecNumberRow> spec_numbers() {
  return kNumbers;
}
std::span<const SpecSwitchRow> spec_switches() {
  return kSwitches;
}
std::span<const SpecTextRow> spec_texts() {
  return kTexts;
}

Digest digest_of(const ChipSpec& chip) {
  ChipSpec copy = chip;  // the rows give places to write to; reading them needs a value of one's own
  std::string text = copy.name + "\n";
  for (const SpecNumberRow& row : kNumbers) {
    if (row.section == "tensor.u8" && !copy.tensor.u8) continue;
    if (row.section == "tensor.f32" && !copy.tensor.f32) continue;
    if (row.section == "kernels" && !copy.kernels) continue;
    text += row.whole != nullptr ? fmt::format("{}.{}={}\n", row.section, row.key, row.whole(copy))
                                 : fmt::format("{}.{}={}\n", row.section, row.key, row.real(copy));
  }
  for (const SpecSwitchRow& row : kSwitches)
    text += fmt::format("{}.{}={}\n", row.section, row.key, row.place(copy));
  return sha256(text);
}

}  // namespace chengying::isa
