#include "timing/engine_work.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "isa/packing.h"
#include "timing/cycles.h"
#include "timing/kernel_work.h"

namespace chengying::timing {
namespace {

using isa::View;

// Costs of vector operations, in lane cycles for one element. Of the simple ones one; of the others the
// length of the polynomial or iteration that docs/numerics.md defines them by, roughly.
constexpr std::array<std::uint64_t, isa::kUnaryKindCount> kUnaryCosts{
    1,   // relu
    2,   // clip
    2,   // leaky_relu
    20,  // elu
    20,  // sigmoid
    3,   // hard_sigmoid
    4,   // hard_swish
    20,  // tanh
    16,  // exp
    20,  // log
    4,   // sqrt
    4,   // reciprocal
    1,   // neg
    1,   // abs
    25,  // erf
    27,  // gelu
    40,  // softplus
    1,   // floor
    1,   // ceil
    1,   // round
    21,  // silu
    60,  // mish
};
constexpr std::array<std::uint64_t, 7> kBinaryCosts{1, 1, 1, 4, 1, 1, 40};  // add sub mul div max min pow
constexpr std::uint64_t kRequantiseCost = 3;  // fma or multiply, round and clamp, pack
constexpr std::uint64_t kSoftmaxCost = 23;    // largest, subtract, exp, sum, divide
constexpr std::uint64_t kConvertCost = 2;
constexpr std::uint64_t kLayerNormCost = 5;  // sum; subtract, square; subtract, multiply
constexpr std::uint64_t kRmsNormCost = 2;    // square; multiply
constexpr std::uint64_t kRotaryCost = 3;     // two products, one sum

// Steps of an epilogue for one element, on chips whose array stands still for it.
constexpr std::uint64_t kEpilogueU8 = 5;     // to f32, scale, clamp, round, pack
constexpr std::uint64_t kEpilogueF32 = 2;    // clamp, store
constexpr std::uint64_t kRealSums = 2;       // integer sums to f32, scale
constexpr std::uint64_t kQuantiseSteps = 5;  // absolute, largest; divide, round, pack
constexpr std::uint64_t kGroupSteps = 3;     // to f32, scale, fma
constexpr std::uint64_t kInnerSteps = 3;     // round, clamp, rescale
constexpr std::uint64_t kResidualU8 = 3;     // widen, to f32, fma
constexpr std::uint64_t kResidualF32 = 1;    // add

std::uint64_t elements_of(const View& view) {
  return static_cast<std::uint64_t>(view.elements());
}

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::uint64_t round_up_to(std::uint64_t value, std::uint64_t step) {
  return ceil_div(value, step) * step;
}

std::uint64_t places_of(const isa::Window& window) {
  return unsigned_of(window.kernel_h) * unsigned_of(window.kernel_w);
}

class Visitor {
 public:
  Visitor(const isa::ChipSpec& chip, std::span<const std::int64_t> arguments)
      : chip_(chip), arguments_(arguments) {}

  EngineWork operator()(const isa::Conv& op) const {
    const std::uint64_t c = unsigned_of(op.input.shape[3]);
    const bool u8 = op.input.dtype == DType::kU8;
    // Packed u8 weights have groups of 4 input channels: those of padding cost as much as real ones.
    const std::uint64_t depth = places_of(op.window) * (u8 ? round_up_to(c, isa::kReduceGroup) : c);
    return convolution(op, depth, places_of(op.window) * c);
  }

  EngineWork operator()(const isa::DepthwiseConv& op) const {
    // Each column holds a channel; the places of its window run along the reduction, in groups of 4 if u8.
    const std::uint64_t places = places_of(op.window);
    const bool u8 = op.input.dtype == DType::kU8;
    EngineWork work = convolution(op, u8 ? round_up_to(places, isa::kReduceGroup) : places, places);
    if (chip_.kernels && u8) {
      const std::uint64_t usual = work.active_cycles;
      work.cycles = add(work.cycles - usual, kernel_depthwise_cycles(op, chip_));
    }
    return work;
  }

  EngineWork operator()(const isa::Pool& op) const {
    const std::uint64_t reads = multiply(elements_of(op.output), places_of(op.window));
    const bool u8 = op.input.dtype == DType::kU8;
    EngineWork work = lanes(u8, reads, 1);
    if (op.kind != isa::PoolKind::kMax)
      work = plus(work, lanes(false, elements_of(op.output), u8 ? 1 + kRequantiseCost : kBinaryCosts[3]));
    if (chip_.kernels) work.cycles = kernel_pool_cycles(op, chip_);
    return work;
  }

  EngineWork operator()(const isa::Binary& op) const {
    const std::uint64_t cost = kBinaryCosts[static_cast<std::size_t>(op.kind)];
    const bool u8 = op.output.dtype == DType::kU8;
    if (u8) return lanes(false, elements_of(op.output), 2 * kConvertCost + cost + kRequantiseCost);
    return lanes(false, elements_of(op.output), cost * words_of(op.output));
  }

  EngineWork operator()(const isa::Unary& op) const {
    return lanes(false, elements_of(op.output), kUnaryCosts[static_cast<std::size_t>(op.kind)]);
  }

  EngineWork operator()(const isa::Lut& op) const {
    EngineWork work = lanes(true, elements_of(op.output), 1);
    if (chip_.kernels) work.cycles = kernel_lut_cycles(op, *chip_.kernels);
    return work;
  }

  EngineWork operator()(const isa::Convert& op) const {
    return lanes(false, elements_of(op.output), kConvertCost);
  }

  EngineWork operator()(const isa::Softmax& op) const {
    return lanes(false, elements_of(op.output), kSoftmaxCost);
  }

  EngineWork operator()(const isa::Reduce& op) const { return lanes(false, elements_of(op.input), 1); }

  EngineWork operator()(const isa::MatMul& op) const {
    // Each product of the batch has weights of its own, so rows of two products don't share a pass.
    const View& output = op.output;
    const bool u8 = op.a.dtype == DType::kU8;
    const std::uint64_t products = unsigned_of(output.shape[0]) * unsigned_of(output.shape[1]);
    ArrayCycles passes =
        passes_of(u8, unsigned_of(output.shape[2]), unsigned_of(op.a.shape[3]), unsigned_of(output.shape[3]));
    passes.total = multiply(products, passes.total);
    passes.active = multiply(products, passes.active);
    std::uint64_t steps = output.dtype == DType::kU8 ? kEpilogueU8 : kEpilogueF32 + 1;  // and the scale
    if (op.addend) steps += kResidualF32;
    return array_work(u8, passes, standing_cycles(multiply(elements_of(output), steps)),
                      multiply(elements_of(output), unsigned_of(op.a.shape[3])));
  }

  EngineWork operator()(const isa::GroupedMatMul& op) const {
    // Whole numbers by whole numbers on the array of u8; quantising and the end of each group are epilogue.
    const std::uint64_t k = unsigned_of(op.input.shape[3]), n = unsigned_of(op.output.shape[3]);
    const std::uint64_t outputs = elements_of(op.output), groups = k / unsigned_of(op.group);
    const std::uint64_t steps = add(multiply(elements_of(op.input), kQuantiseSteps),
                                    multiply(outputs, groups * kGroupSteps + kEpilogueF32));
    return array_work(true, passes_of(true, outputs / n, k, n), standing_cycles(steps), multiply(outputs, k));
  }

  EngineWork operator()(const isa::Sample& op) const {
    return lanes(false, elements_of(op.input), kSoftmaxCost);
  }

  EngineWork operator()(const isa::Attention& op) const {
    // Of each sequence and each head of keys two products, and between them a softmax that the array waits
    // for.
    const std::uint64_t d = unsigned_of(op.query.shape[3]), heads_kv = unsigned_of(op.keys.shape[1]);
    const std::uint64_t rows = unsigned_of(op.query.shape[1]) / heads_kv * unsigned_of(op.query.shape[2]);
    ArrayCycles passes;
    std::uint64_t scores = 0;
    for (std::size_t s = 0; s < unsigned_of(op.query.shape[0]); ++s) {
      const std::uint64_t length = unsigned_of(arguments_[op.lengths + s]);
      for (const ArrayCycles& one : {passes_of(false, rows, d, length), passes_of(false, rows, length, d)}) {
        passes.total = add(passes.total, multiply(heads_kv, one.total));
        passes.active = add(passes.active, multiply(heads_kv, one.active));
      }
      scores = add(scores, multiply(heads_kv * rows, length));
    }
    const std::uint64_t steps = add(multiply(scores, kSoftmaxCost), elements_of(op.output));
    return array_work(false, passes, standing_cycles(steps), multiply(2 * d, scores));
  }

  EngineWork operator()(const isa::Scan& op) const {
    const bool u8 = op.query.dtype == DType::kU8;
    const std::uint64_t m = unsigned_of(op.query.shape[2]), d = unsigned_of(op.query.shape[3]);
    const auto n = unsigned_of(isa::touched_rows(op, arguments_)), k = unsigned_of(op.output.shape[3]);
    const std::uint64_t steps = kRealSums + (op.addend ? 1 : 0) + 1 + unsigned_of(std::bit_width(k - 1));
    return array_work(u8, passes_of(u8, m, d, n), standing_cycles(multiply(m * n, steps)),
                      multiply(m * n, d));
  }

  EngineWork operator()(const isa::Copy& op) const {
    EngineWork work = moved(op.destination);
    if (chip_.kernels) work.cycles = std::max(work.cycles, kernel_copy_cycles(op, *chip_.kernels));
    return work;
  }
  EngineWork operator()(const isa::Gather& op) const { return moved(op.output); }
  EngineWork operator()(const isa::Scatter& op) const { return moved(op.updates); }

  EngineWork operator()(const isa::Compare& op) const {
    return lanes(size_of(op.a.dtype) == 1, elements_of(op.output), words_of(op.a));
  }

  EngineWork operator()(const isa::Select& op) const {
    return lanes(size_of(op.output.dtype) == 1, elements_of(op.output), words_of(op.output));
  }

  EngineWork operator()(const isa::TopK& op) const {
    // The best so far stand in a sorted list: a comparison for each of its levels.
    const auto k = unsigned_of(op.output.shape[3]);
    return lanes(false, elements_of(op.input), 1 + static_cast<std::uint64_t>(std::bit_width(k - 1)));
  }

  EngineWork operator()(const isa::Norm& op) const {
    const std::uint64_t steps = op.kind == isa::NormKind::kLayer ? kLayerNormCost : kRmsNormCost;
    return lanes(false, elements_of(op.output), steps + (op.scale || op.shift ? 1 : 0));
  }

  EngineWork operator()(const isa::Rotary& op) const {
    return lanes(false, elements_of(op.output), kRotaryCost);
  }

  EngineWork operator()(const isa::Resize& op) const {
    const bool u8 = op.output.dtype == DType::kU8;
    const std::uint64_t samples = unsigned_of(op.taps_h) * unsigned_of(op.taps_w);
    const std::uint64_t steps = samples * (u8 ? 1 + kConvertCost : 1) + unsigned_of(op.taps_h);
    return lanes(false, elements_of(op.output), steps + (u8 ? kRequantiseCost : 0));
  }

 private:
  EngineWork moved(const View& view) const {
    return {.cycles = ceil_div(elements_of(view) * size_of(view.dtype),
                               unsigned_of(chip_.memory_engine.bytes_per_cycle)),
            .issue_cycles = unsigned_of(chip_.memory_engine.issue_cycles)};
  }

  /// Lanes that an element takes: those of 64 bits take two.
  static std::uint64_t words_of(const View& view) { return size_of(view.dtype) == 8 ? 2 : 1; }

  /// `depth`: products in each sum as the array sees them; `useful`: without padding.
  template <class Convolution>
  EngineWork convolution(const Convolution& op, std::uint64_t depth, std::uint64_t useful) const {
    const View& output = op.output;
    const bool u8 = op.input.dtype == DType::kU8;
    const std::uint64_t channels = unsigned_of(output.shape[3]);
    const std::uint64_t pixels = elements_of(output) / channels;
    ArrayCycles passes = passes_of(u8, pixels, depth, channels);
    if (chip_.kernels) passes.total = add(passes.total, kernel_pixel_cycles(*chip_.kernels, pixels));
    return array_work(u8, passes, epilogue_cycles(op.epilogue, output, u8),
                      multiply(elements_of(output), useful));
  }

  ArrayCycles passes_of(bool u8, std::uint64_t m, std::uint64_t k, std::uint64_t n) const {
    const auto& array = u8 ? chip_.tensor.u8 : chip_.tensor.f32;
    CHECK(array.has_value());
    return array_cycles(chip_.tensor, *array, m, k, n);
  }

  EngineWork array_work(bool u8, const ArrayCycles& passes, std::uint64_t epilogue_cycles,
                        std::uint64_t macs) const {
    return {.cycles = add(add(passes.total, unsigned_of(chip_.tensor.fill_cycles)), epilogue_cycles),
            .issue_cycles = unsigned_of(chip_.tensor.issue_cycles),
            .active_cycles = passes.active,
            .macs = macs,
            .picojoules = static_cast<double>(macs) * (u8 ? chip_.power.mac_u8_pj : chip_.power.mac_f32_pj)};
  }

  std::uint64_t epilogue_cycles(const isa::Epilogue& epilogue, const View& output, bool integer_sums) const {
    const bool u8 = output.dtype == DType::kU8;
    std::uint64_t steps = u8 ? kEpilogueU8 : kEpilogueF32;
    if (integer_sums && !u8) steps += kRealSums;
    if (epilogue.inner) steps += kInnerSteps;
    if (epilogue.residual) steps += u8 ? kResidualU8 : kResidualF32;
    return standing_cycles(multiply(elements_of(output), steps));
  }

  /// Cycles for which the array stands still while its lanes take `steps` of epilogues.
  std::uint64_t standing_cycles(std::uint64_t steps) const {
    if (chip_.tensor.epilogue_lanes == 0) return 0;
    return ceil_div(steps, unsigned_of(chip_.tensor.epilogue_lanes));
  }

  /// `elements` times `cost` lane cycles, on u8 or wide lanes; a chip without the one uses the other.
  EngineWork lanes(bool u8, std::uint64_t elements, std::uint64_t cost) const {
    const isa::VectorEngine& vector = chip_.vector;
    const bool use_u8 = u8 ? vector.u8_lanes > 0 : vector.f32_lanes == 0;
    const std::uint64_t operations = multiply(elements, cost);
    return {.cycles = ceil_div(operations, unsigned_of(use_u8 ? vector.u8_lanes : vector.f32_lanes)),
            .issue_cycles = unsigned_of(vector.issue_cycles),
            .macs = 0,
            .picojoules = static_cast<double>(operations) * chip_.power.vector_op_pj};
  }

  static EngineWork plus(EngineWork a, const EngineWork& b) {
    a.cycles = add(a.cycles, b.cycles);
    a.picojoules += b.picojoules;
    return a;
  }

  const isa::ChipSpec& chip_;
  std::span<const std::int64_t> arguments_;
};

/// A systolic array keeps one tile of weights after another. With one set of weight registers a tile costs
/// its rows to shift in, and what the last pixel takes to cross rows and columns, before the next may shift
/// in: SCALE-Sim v2's count, whose last cycle begins at total - 1. With two sets the next tile shifts in
/// meanwhile.
std::uint64_t systolic_cycles(const isa::MacArray& array, std::uint64_t m, std::uint64_t tiles,
                              bool double_buffered) {
  const std::uint64_t rows = unsigned_of(array.reduce), columns = unsigned_of(array.columns);
  const std::uint64_t tile = add(m, 2 * rows + columns - 2);
  const std::uint64_t all =
      double_buffered ? add(multiply(tiles - 1, std::max(m, rows)), tile) : multiply(tiles, tile);
  return std::max<std::uint64_t>(all - 1, 1);
}

}  // namespace

ArrayCycles array_cycles(const isa::TensorEngine& tensor, const isa::MacArray& array, std::uint64_t m,
                         std::uint64_t k, std::uint64_t n) {
  const std::uint64_t tiles =
      multiply(ceil_div(k, unsigned_of(array.reduce)), ceil_div(n, unsigned_of(array.columns)));
  const std::uint64_t active = multiply(tiles, ceil_div(m, unsigned_of(array.pixels)));
  if (!tensor.systolic) return {active, active};
  return {systolic_cycles(array, m, tiles, tensor.systolic_double_buffered), active};
}

EngineWork engine_work(const isa::Operation& operation, const isa::ChipSpec& chip,
                       std::span<const std::int64_t> arguments) {
  return std::visit(Visitor(chip, arguments), operation);
}

}  // namespace chengying::timing
