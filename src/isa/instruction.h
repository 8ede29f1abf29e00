// Instructions: what a core can be told to do. Coarse (a tile with its whole epilogue), a small struct each,
// in one variant, so that a new opcode does not compile until every visitor handles it. docs/isa.md is this
// file in prose; docs/numerics.md defines the arithmetic; src/reference/ is the definition to the bit.
//
// Activations are u8 with a zero point (an i8 model's tensors are shifted by 128 when it is imported: the
// same real numbers); weights are i8, symmetric, with one scale per output channel; sums are i32, modulo
// 2^32. The f32 path of the same opcodes has f32 activations, weights and sums (fused multiply-add, one chain
// per output in the order kernel row, kernel column, input channel).
//
// Zero points lie in the range of their format; bounds are not NaN. Every f32 that is stored is canonical:
// any NaN becomes 0x7fc00000 (Copy, which moves bytes, excepted). Only elements are written, never bytes
// between them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "isa/address.h"
#include "isa/lengths.h"
#include "isa/products.h"
#include "isa/row_operations.h"
#include "isa/selections.h"

namespace chengying::isa {

/// A tensor added to the result inside an epilogue: same shape and format as the output.
/// u8: t = fma(f32(r - zero_point), scale, t).   f32: t = t + r (scale and zero_point unused).
struct Residual {
  View view;
  float scale = 1;
  std::int32_t zero_point = 0;
  bool operator==(const Residual&) const = default;
};

/// The rounding that a QDQ model asks for between a convolution and an addition: the result passes through u8
/// at its own scale. q = clamp(rne(t) + zero_point, 0, 255); t = f32(q - zero_point) * rescale.
struct InnerQuantise {
  std::int32_t zero_point = 0;
  float rescale = 1;
  bool operator==(const InnerQuantise&) const = default;
};

/// What happens to each sum before it is stored, in this order:
///   u8 to u8:   t = f32(sum) * scale[channel]; inner; residual; t = min(max(t, low), high);
///               store clamp(rne(t) + output_zero_point, 0, 255)
///   u8 to f32:  t = f32(sum) * scale[channel]; residual; t = min(max(t, low), high); store t
///   f32 to f32: t = sum; residual; t = min(max(t, low), high); store t
/// max(t, low) is `t > low ? t : low`, min likewise, so a NaN becomes `low`. rne rounds to nearest, ties to
/// even. `scale` is f32[output channels, padded to 16] in constants, ready in units of the next thing (the
/// inner quantiser's step if there is one, else the output's step; of an f32 output: the real value of one
/// step of the sum). What is stored is clamped before it is
/// rounded, so that no t overflows.
struct Epilogue {
  Address scale;                       // u8 input only
  std::optional<InnerQuantise> inner;  // u8 output only
  std::optional<Residual> residual;
  float low = -kInfinity;  // for u8 in output steps, relative to the zero point (ReLU: 0)
  float high = kInfinity;
  std::int32_t output_zero_point = 0;  // u8 output only
  bool operator==(const Epilogue&) const = default;
};

/// Geometry of a sliding window. The window of output row y starts at input row y * stride_h - pad_top (also
/// of a tile: the compiler moves pad_top, which may be negative). Places outside of the input view read as
/// `pad_value` (u8) or 0 (f32) in convolutions, as if they were there (0 times an infinite weight is NaN);
/// what falls off at the bottom and the right follows from the output's shape.
struct Window {
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  bool operator==(const Window&) const = default;
};

/// Convolution, and matrix product as its 1x1 case. input [n,h,w,c], output [n,oh,ow,k]: u8 to u8, u8 to f32
/// (exact integer sums as real numbers: a classifier's logits) or f32 to f32; the innermost stride of each is
/// the element's size.
///   sum(n,y,x,k) = init[k] + sum over kernel row, kernel column, channel of input * weight
/// weights: packed, see isa/packing.h (blocks of 16 output channels; u8: groups of 4 input channels).
/// The channel count is rounded up to 4 when u8 input is read: the bytes behind the last channel may hold
/// anything (their weights are 0) but must lie inside the memory, and stride[2] >= round_up(c, 4) unless
/// h = w = n = 1.
/// init: i32 (u8 input) or f32[k padded to 16]: bias, with the input's zero point folded in by the compiler:
/// init[k] = bias[k] - zero_point * sum of all weights of k, and pad_value = zero_point.
struct Conv {
  View input, output;
  Address weights;
  Address init;
  Window window;
  std::uint8_t pad_value = 0;
  Epilogue epilogue;
  bool operator==(const Conv&) const = default;
};

/// As Conv, but output channel k reads only input channel k (c == k).
struct DepthwiseConv {
  View input, output;
  Address weights;
  Address init;
  Window window;
  std::uint8_t pad_value = 0;
  Epilogue epilogue;
  bool operator==(const DepthwiseConv&) const = default;
};

enum class PoolKind : std::uint8_t {
  kMax,             // over the places inside of the input
  kAverage,         // divided by the number of places inside of the input
  kAverageWithPad,  // divided by kernel_h * kernel_w
};

/// Pooling; input and output both u8 or both f32, innermost stride = element size, window as in Conv.
/// max:     u8: the largest; f32: in order kernel row, kernel column, m = x > m ? x : m from the first.
///          kMax needs input and output of the same scale and zero point.
/// average: u8: t = (f32(sum of u8 - count * input_zero_point) / f32(divisor)) * scale,
///              store clamp(rne(t) + output_zero_point, 0, 255); the sum in i32
///          f32: sum in order kernel row, kernel column from +0, divided by f32(divisor)
/// The global average is the window of the whole image.
/// A window with no place inside of the input gives 0 (u8 max), -infinity (f32 max); kAverage then divides
/// the sum 0 by 1.
struct Pool {
  PoolKind kind = PoolKind::kMax;
  View input, output;
  Window window;
  std::int32_t input_zero_point = 0;
  float scale = 1;
  std::int32_t output_zero_point = 0;
  bool operator==(const Pool&) const = default;
};

enum class BinaryKind : std::uint8_t { kAdd, kSub, kMul, kDiv, kMax, kMin, kPow };

/// Elementwise on two inputs; a and b have the output's shape, with stride 0 where they repeat. All of one
/// format: u8, f32, i32 or i64.
///   u8:  x = f32(a - a_zero_point) * a_scale; y = f32(b - b_zero_point) * b_scale; t = x op y (kDiv and
///   kPow: f32 only);
///        t = min(max(t, low), high); store clamp(rne(t) + output_zero_point, 0, 255)
///   f32: t = a op b; store min(max(t, low), high) (a NaN becomes low only if low or high is finite;
///        otherwise t is stored as it is). max(a, b) is `a > b ? a : b`, min(a, b) is `a < b ? a : b`
///   i32, i64: modulo 2^32 or 2^64; kDiv drops the fraction, x / 0 is 0; no kPow, and low and high stay
///   infinite
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  View a, b, output;
  float a_scale = 1, b_scale = 1;
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  float low = -kInfinity, high = kInfinity;
  bool operator==(const Binary&) const = default;
};

enum class UnaryKind : std::uint8_t {
  kRelu,
  kClip,
  kLeakyRelu,
  kElu,
  kSigmoid,
  kHardSigmoid,
  kHardSwish,
  kTanh,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kNeg,
  kAbs,
  kErf,
  kGelu,
  kSoftplus,
  kFloor,
  kCeil,
  kRound,
  kSilu,
  kMish,
};
inline constexpr std::size_t kUnaryKindCount = 22;

/// Elementwise on one f32 input, same shape. `alpha`, `beta`: slope, bounds of kClip (low, high), or
/// coefficients, as ONNX names them. On u8 the compiler makes a Lut of it.
/// docs/numerics.md has the formula of each kind.
struct Unary {
  UnaryKind kind = UnaryKind::kRelu;
  View input, output;  // f32
  float alpha = 0, beta = 0;
  bool operator==(const Unary&) const = default;
};

/// output = table[input], bytes; the table is 256 bytes in constants. Any function of one u8 is this.
struct Lut {
  View input, output;  // u8 or i8 alike: bytes
  Address table;
  bool operator==(const Lut&) const = default;
};

/// Changes the number format; same shape, any strides (so a quantiser may also change NCHW to NHWC).
///   f32 -> integers: clamp(rne(x / scale) + zero_point) to the format's range; NaN gives the lowest
///   u8, i8, i16, i32, i64, bool -> f32: f32(q - zero_point) * scale (i32 subtraction modulo 2^32)
///   f32 -> bool: x != 0. zero_point is 0 from f32 to i16, i32, i64, bool and from i64 to f32
///   between integers: the value clamped to the target's range after adding zero_point
///   between f32 and f16 or bf16: exactly, or to nearest even (scale and zero_point unused)
struct Convert {
  View input, output;
  float scale = 1;
  std::int32_t zero_point = 0;
  bool operator==(const Convert&) const = default;
};

/// Softmax over the innermost dimension, f32, innermost stride 4. m = the largest that is
/// not NaN, plus +0; e_i = exp(x_i - m); s = sum of e in 16 strided partial sums (i mod 16, from +0) added
/// pairwise (8, 4, 2, 1: p[j] += p[j + width]); y_i = e_i / s.
/// log: y_i = (x_i - m) - log(s).
struct Softmax {
  View input, output;
  bool log = false;
  bool operator==(const Softmax&) const = default;
};

enum class ReduceKind : std::uint8_t { kSum, kMean, kMax, kMin, kSumOfSquares };

/// Reduction of f32 over the dimensions where the output's shape is 1 and the input's is not, in index order
/// from the first element (sums from +0, squares by fma; max is `x > m ? x : m`, min likewise); mean divides
/// by f32(count).
struct Reduce {
  ReduceKind kind = ReduceKind::kSum;
  View input, output;
  bool operator==(const Reduce&) const = default;
};

/// Moves bytes: same shape and dtype, any strides on both sides. Transposition, slices, concatenation,
/// gathers of tiles, broadcasts (source stride 0), host transfers and copies between cores are all this.
struct Copy {
  View source, destination;
  bool operator==(const Copy&) const = default;
};

using Operation = std::variant<Conv, DepthwiseConv, Pool, Binary, Unary, Lut, Convert, Softmax, Reduce, Copy,
                               MatMul, Compare, Select, Gather, Scatter, TopK, Norm, Rotary, Resize,
                               GroupedMatMul, Sample, Attention, Scan>;

/// The engines of a core. They run at once; each takes its instructions in program order.
enum class Engine : std::uint8_t { kTensor, kVector, kMemory };
inline constexpr std::size_t kEngineCount = 3;

struct Instruction {
  std::uint16_t core = 0;            // index within the slice
  std::uint32_t layer = 0;           // index into Executable::layers, for reports only
  std::vector<std::uint32_t> waits;  // indices of earlier instructions that must have ended, ascending
  Operation operation;
  bool operator==(const Instruction&) const = default;
};

Engine engine_of(const Operation& operation);
/// "conv", "depthwise_conv", "pool", ...
std::string_view name_of(const Operation& operation);
std::string_view name_of(Engine engine);
std::string_view name_of(PoolKind kind);
std::string_view name_of(BinaryKind kind);
std::string_view name_of(UnaryKind kind);
std::string_view name_of(ReduceKind kind);
std::string_view name_of(CompareKind kind);
std::string_view name_of(NormKind kind);

/// What an instruction touches: every view and every constant block with its size, for verify, the timing
/// walk and the engine alike. Reads first, then writes, in the order of the struct's fields: Conv gives
/// input, weights, init, scale (u8 input only), residual (if any), output. Blocks of constants come as dense
/// views.
struct Access {
  View view;
  bool write = false;
  /// Innermost elements at the end of the view that may be read but never matter (u8 channels rounded up to
  /// 4): they must lie inside the memory, but nobody need have written them.
  std::int32_t padding = 0;
  /// Elements that are moved, where these are not all of the view's: rows that an index picks.
  std::optional<std::int64_t> touched = std::nullopt;
};
/// Of Attention and Scan these are the views for the longest lengths; `touched_rows` has the share of a run.
/// CHECKs nothing; its answer means something once the operation's own numbers are sane (verify sees to
/// that).
std::vector<Access> accesses_of(const Operation& operation);

/// Rows of keys (and as many of values), or of the table, that a run with these arguments looks at, over all
/// sequences. `arguments` has those that the operation names.
std::int64_t touched_rows(const Attention& op, std::span<const std::int64_t> arguments);
std::int64_t touched_rows(const Scan& op, std::span<const std::int64_t> arguments);

}  // namespace chengying::isa
