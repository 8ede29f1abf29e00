// Contradictions: rules over several numbers of a chip, one row each.
#include <array>

#include "isa/spec_rows.h"

namespace chengying::isa {
namespace {

constexpr bool takes_many_pixels(const TensorEngine& tensor) {
  return (tensor.u8 && tensor.u8->pixels != 1) || (tensor.f32 && tensor.f32->pixels != 1);
}

constexpr std::array kRules{
    SpecRule{"tensor.u8", [](const ChipSpec& c) { return !c.tensor.u8 && !c.tensor.f32; },
             "the chip has neither [tensor.u8] nor [tensor.f32]; at least one MAC array is needed"},
    SpecRule{"tensor.systolic",
             [](const ChipSpec& c) { return c.tensor.systolic && takes_many_pixels(c.tensor); },
             "a systolic array takes one pixel a cycle; set pixels to 1 or systolic = false"},
    SpecRule{"tensor.systolic_double_buffered",
             [](const ChipSpec& c) { return c.tensor.systolic_double_buffered && !c.tensor.systolic; },
             "only a systolic array keeps weights; set systolic = true or systolic_double_buffered = false"},
    SpecRule{
        "tensor.weights_ahead_bytes",
        [](const ChipSpec& c) { return c.tensor.weights_ahead_bytes > 0 && !c.memory.engines_reach_dram; },
        "weights are fetched ahead from a DRAM that the engines don't reach; set "
        "memory.engines_reach_dram = true or drop weights_ahead_bytes"},
    SpecRule{"vector.u8_lanes",
             [](const ChipSpec& c) { return c.vector.u8_lanes == 0 && c.vector.f32_lanes == 0; },
             "the vector engine has neither u8 nor f32 lanes; at least one must be 1 or more"},
    SpecRule{"memory.sram_bytes",
             [](const ChipSpec& c) { return c.memory.sram_bytes == 0 && c.memory.dram_bytes == 0; },
             "a slice would have no memory at all; sram_bytes or dram_bytes must be 1 or more"},
    SpecRule{
        "memory.sram_bytes_per_cycle",
        [](const ChipSpec& c) { return (c.memory.sram_bytes == 0) != (c.memory.sram_bytes_per_cycle == 0); },
        "SRAM and its bandwidth go together; give both sram_bytes and sram_bytes_per_cycle, or neither"},
    SpecRule{
        "memory.dram_bytes_per_second",
        [](const ChipSpec& c) { return (c.memory.dram_bytes == 0) != (c.memory.dram_bytes_per_second == 0); },
        "DRAM and its bandwidth go together; give both dram_bytes and dram_bytes_per_second, or neither"},
    SpecRule{"memory.cache_bytes_per_second",
             [](const ChipSpec& c) {
               return (c.memory.cache_bytes == 0) != (c.memory.cache_bytes_per_second == 0);
             },
             "a cache and its bandwidth go together; give both cache_bytes and cache_bytes_per_second, or "
             "neither"},
    SpecRule{"memory.cache_bytes",
             [](const ChipSpec& c) { return c.memory.cache_bytes != 0 && c.memory.dram_bytes == 0; },
             "a cache lies in front of DRAM, but dram_bytes is 0; drop the cache or give dram_bytes"},
    SpecRule{"memory.engines_reach_dram",
             [](const ChipSpec& c) { return c.memory.engines_reach_dram && c.memory.dram_bytes == 0; },
             "the engines reach a DRAM of 0 bytes; set engines_reach_dram = false or give dram_bytes"},
    SpecRule{"memory.engines_reach_dram",
             [](const ChipSpec& c) { return !c.memory.engines_reach_dram && c.memory.sram_bytes == 0; },
             "the engines reach no memory; set engines_reach_dram = true or give sram_bytes"},
    SpecRule{
        "memory.engines_reach_other_cores",
        [](const ChipSpec& c) {
          return c.memory.engines_reach_other_cores && c.memory.ring_bytes_per_second == 0;
        },
        "the engines reach other cores over a ring of 0 B/s; give ring_bytes_per_second or set it false"},
    SpecRule{
        "memory.ring_bytes_per_second",
        [](const ChipSpec& c) { return c.memory.ring_bytes_per_second != 0 && c.memory.sram_bytes == 0; },
        "a ring joins the SRAMs of the cores, but sram_bytes is 0; drop the ring or give sram_bytes"},
    SpecRule{
        "host_link.bytes_per_second",
        [](const ChipSpec& c) { return c.host_link.bytes_per_second == 0 && !c.memory.engines_reach_host; },
        "the chip can't reach the host's tensors; give [host_link] or set memory.engines_reach_host = true"},
    SpecRule{"power.mac_u8_pj",
             [](const ChipSpec& c) { return c.tensor.u8.has_value() != (c.power.mac_u8_pj > 0); },
             "[tensor.u8] and mac_u8_pj go together; give both or neither"},
    SpecRule{"power.mac_f32_pj",
             [](const ChipSpec& c) { return c.tensor.f32.has_value() != (c.power.mac_f32_pj > 0); },
             "[tensor.f32] and mac_f32_pj go together; give both or neither"},
    SpecRule{"power.sram_byte_pj",
             [](const ChipSpec& c) { return (c.memory.sram_bytes > 0) != (c.power.sram_byte_pj > 0); },
             "sram_bytes and sram_byte_pj go together; give both or neither"},
    SpecRule{"power.dram_byte_pj",
             [](const ChipSpec& c) { return (c.memory.dram_bytes > 0) != (c.power.dram_byte_pj > 0); },
             "dram_bytes and dram_byte_pj go together; give both or neither"},
    SpecRule{
        "power.ring_byte_pj",
        [](const ChipSpec& c) { return (c.memory.ring_bytes_per_second > 0) != (c.power.ring_byte_pj > 0); },
        "ring_bytes_per_second and ring_byte_pj go together; give both or neither"},
    SpecRule{
        "power.host_byte_pj",
        [](const ChipSpec& c) { return (c.host_link.bytes_per_second > 0) != (c.power.host_byte_pj > 0); },
        "[host_link] and host_byte_pj go together; give both or neither"},
    SpecRule{"power.idle_watts", [](const ChipSpec& c) { return c.power.idle_watts > c.power.tdp_watts; },
             "the chip idles above its tdp_watts; idle_watts must be at most tdp_watts"},
};

}  // namespace

std::span<const SpecRule> spec_rules() {
  return kRules;
}

}  // namespace chengying::isa
