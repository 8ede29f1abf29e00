// EngineWork: how long an engine itself is busy with an operation, all operands at hand. From the spec's
// arrays and lanes alone; docs/timing.md has the formulas. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "isa/instruction.h"
#include "isa/spec.h"

namespace chengying::timing {

// What each operation costs, cycles and then energy, a line each; docs/opcodes.md is made of them.
//
// `passes(M, K, N)` is
// `ceil(K / reduce) * ceil(N / columns) * ceil(M / pixels)` of the chip's array for the format, or what a
// systolic array takes (docs/timing.md), and `fill_cycles` once; `c4` is c rounded up to 4. `steps(n)` is
// `ceil(n / epilogue_lanes)`, 0 on a chip whose epilogue is a stage of its own. `lanes(n)` is `ceil(n /
// lanes)` of u8 or f32. `mac` is `mac_u8_pj` or `mac_f32_pj`, `lane` is `vector_op_pj`, both an operation. On
// a chip whose engines are loops of software (`[kernels]`) docs/timing.md has more terms. Bytes over links
// come on top: time by the slowest of engine and links, energy by each link's rate.
//
// clang-format off
//   conv | passes(n oh ow, kernel_h kernel_w c4 (f32: c), k) + steps(outputs * (u8 5, f32 2, u8 to f32 4; residual 3, of f32 1; inner quantise 3)) | outputs * kernel_h kernel_w c * mac
//   depthwise_conv | passes(n oh ow, kernel_h kernel_w rounded up to 4 (f32: not), k) + steps as conv | outputs * kernel_h kernel_w * mac
//   pool | lanes(outputs * kernel_h kernel_w), average: + lanes(outputs * 4) | as many lane
//   binary | lanes(outputs * its lane cycles), of 64 bits twice, u8: + 7 each | as many lane
//   unary | lanes(outputs * its lane cycles) | as many lane
//   lut | lanes(outputs), of u8 | outputs * lane
//   convert | lanes(outputs * 2) | as many lane
//   softmax | lanes(outputs * 23) | as many lane
//   reduce | lanes(inputs) | inputs * lane
//   copy | ceil(bytes / bytes_per_cycle) | 0
//   matmul | x y * passes(m, k, n) + steps(outputs * (f32 3, u8 5; addend 1)) | outputs * k * mac
//   compare | lanes(outputs), of 64 bits twice | as many lane
//   select | lanes(outputs), of 64 bits twice | as many lane
//   gather | ceil(bytes moved / bytes_per_cycle) | 0
//   scatter | ceil(bytes moved / bytes_per_cycle) | 0
//   topk | lanes(inputs * (1 + ceil(log2 k))) | as many lane
//   norm | lanes(outputs * (layer 5, rms 2; 1 more with scale or shift)) | as many lane
//   rotary | lanes(outputs * 3) | as many lane
//   resize | lanes(outputs * (taps_h taps_w + taps_h; u8: 3 taps_h taps_w + taps_h + 3)) | as many lane
//   grouped_matmul | passes(x y m, k, n) of u8 + steps(5 inputs + outputs * (3 k / group + 2)) | outputs * k * mac_u8_pj
//   sample | lanes(inputs * 23) | as many lane
//   attention | of each sequence of length L and head of keys: passes(rows, d, L) + passes(rows, L, d), rows of all its query heads; + steps(23 scores + outputs) | 2 d * scores * mac_f32_pj
//   scan | passes(m, d, rows that count) + steps(m * rows * (3 + ceil(log2 k); addend 1)) | m * rows * d * mac
// clang-format on

struct EngineWork {
  std::uint64_t cycles = 0;         // of the engine, without issue
  std::uint64_t issue_cycles = 0;   // fixed, before it
  std::uint64_t active_cycles = 0;  // of them, those in which a multiplier array takes operands
  std::uint64_t macs = 0;           // multiply-accumulates that the model asks for (not those of padding)
  double picojoules = 0;            // of the arithmetic, not of moving bytes
};

/// `arguments` of the run, as the program's.
EngineWork engine_work(const isa::Operation& operation, const isa::ChipSpec& chip,
                       std::span<const std::int64_t> arguments = {});

/// Cycles of an array for a product of M x K by K x N. Exact, never less than 1.
struct ArrayCycles {
  std::uint64_t total = 0;   // with fill and drain of a systolic array
  std::uint64_t active = 0;  // in which it takes pixels
};
ArrayCycles array_cycles(const isa::TensorEngine& tensor, const isa::MacArray& array, std::uint64_t m,
                         std::uint64_t k, std::uint64_t n);

}  // namespace chengying::timing
