#include <gtest/gtest.h>

#include <algorithm>

#include "chip/kernels/testing.h"
#include "isa/instruction.h"

namespace chengying::chip {
namespace {

using testing::Place;
using testing::Random;

/// A convolution, plain or depthwise, with all that it reads.
template <class Op>
struct Case {
  Op op;
  Place input, output, residual;
  AlignedBytes weights, init, scale;
  std::string what;

  Operands operands() const {
    return {.input = input.bytes.data(),
            .second = op.epilogue.residual ? residual.bytes.data() : nullptr,
            .weights = weights.data(),
            .init = init.data(),
            .scale = scale.data()};
  }
};

isa::Window random_window(Random& random, std::int32_t h, std::int32_t w) {
  isa::Window window;
  const std::int32_t square = random.one_of({1, 1, 3, 3, 5, 7});
  window.kernel_h = random.chance(80) ? square : random.in(1, 4);
  window.kernel_w = random.chance(80) ? square : random.in(1, 4);
  window.stride_h = random.in(1, 3);
  window.stride_w = random.chance(80) ? window.stride_h : random.in(1, 3);
  window.dilation_h = random.chance(80) ? 1 : random.in(1, 3);
  window.dilation_w = random.chance(80) ? window.dilation_h : random.in(1, 3);
  const auto pad = [&](std::int32_t kernel, std::int32_t extent) {
    if (random.chance(50)) return kernel / 2;
    return random.in(-std::min(2, extent - 1), kernel + 1);
  };
  window.pad_top = pad(window.kernel_h, h);
  window.pad_left = pad(window.kernel_w, w);
  return window;
}

/// Formats of input and output.
enum class Path { kU8, kReal, kF32 };

void set_random_epilogue(Random& random, isa::Epilogue& e, const isa::View& residual, Path path, int odd) {
  const bool is_f32 = path == Path::kF32;
  if (path == Path::kU8 && random.chance(40))
    e.inner = isa::InnerQuantise{random.in(0, 255), random.real(0.01F, 3)};
  if (random.chance(40)) e.residual = isa::Residual{residual, random.real(0.01F, 2), random.in(0, 255)};
  if (random.chance(50)) e.low = random.chance(70) ? 0.0F : random.real(-100, 300);
  if (random.chance(30)) e.high = random.chance(70) ? 6.0F : random.real(-100, 300);
  if (random.chance(60)) e.output_zero_point = random.in(0, 255);
  if (is_f32 && odd > 0 && random.chance(20)) e.low = -isa::kInfinity;
}

template <class T, class Value>
AlignedBytes constants(std::size_t count, Value value) {
  AlignedBytes bytes(count * sizeof(T));
  for (std::size_t i = 0; i < count; ++i) {
    const T x = value();
    std::memcpy(bytes.data() + i * sizeof(T), &x, sizeof x);
  }
  return bytes;
}

template <class Op>
void set_random_weights(Random& random, Case<Op>& one, bool is_f32, int odd) {
  constexpr bool kDepthwise = std::is_same_v<Op, isa::DepthwiseConv>;
  const isa::Window& w = one.op.window;
  const std::int32_t c = one.op.input.shape[3], k = one.op.output.shape[3], places = w.kernel_h * w.kernel_w;
  const std::size_t natural =
      static_cast<std::size_t>(places) * static_cast<std::size_t>(kDepthwise ? c : c * k);
  const isa::ConvWeightShape shape{k, w.kernel_h, w.kernel_w, c};
  const auto keep = [&](const auto& packed) {
    one.weights = AlignedBytes(packed.size() * sizeof(packed[0]));
    std::memcpy(one.weights.data(), packed.data(), one.weights.size());
  };
  if (is_f32) {
    std::vector<float> weights(natural);
    for (float& x : weights) x = random.any_float(odd);
    keep(kDepthwise ? isa::pack_depthwise_f32(weights, c, places) : isa::pack_conv_f32(weights, shape));
  } else {
    std::vector<std::int8_t> weights(natural);
    for (std::int8_t& x : weights)
      x = static_cast<std::int8_t>(random.chance(90) ? random.in(-128, 127) : -128);
    keep(kDepthwise ? isa::pack_depthwise_i8(weights, c, places) : isa::pack_conv_i8(weights, shape));
  }
  const std::size_t padded = static_cast<std::size_t>((k + 15) / 16 * 16);
  if (is_f32) {
    one.init = constants<float>(padded, [&] { return random.any_float(odd); });
  } else {
    one.init = constants<std::int32_t>(padded, [&] {
      return random.chance(95) ? random.in(-20000, 20000) : random.one_of({2147483647, -2147483647 - 1});
    });
    const float size = 60.0F / (static_cast<float>(places) * static_cast<float>(kDepthwise ? 1 : c) * 64);
    one.scale = constants<float>(
        padded, [&] { return random.chance(2) ? random.any_float(100) : random.real(0.1F, 2) * size; });
  }
}

template <class Op>
Case<Op> random_case(Random& random, Path path, std::int32_t channels_max) {
  const bool is_f32 = path == Path::kF32;
  constexpr bool kDepthwise = std::is_same_v<Op, isa::DepthwiseConv>;
  Case<Op> one;
  const int odd = random.chance(30) ? 3 : 0;
  const std::int32_t n = random.in(1, 2), h = random.in(1, 12), w = random.in(1, 12);
  const std::int32_t c = random.in(1, channels_max), k = kDepthwise ? c : random.in(1, channels_max);
  one.op.window = random_window(random, h, w);
  const DType dtype = is_f32 ? DType::kF32 : DType::kU8;
  const bool gaps = random.chance(50);
  one.input = Place::make(random, dtype, {n, h, w, c}, gaps, true, is_f32 || kDepthwise ? 1 : 4, 4);
  const std::int32_t oh = random.in(1, 10), ow = random.in(1, 10);
  const DType result = path == Path::kU8 ? DType::kU8 : DType::kF32;
  one.output = Place::make(random, result, {n, oh, ow, k}, gaps);
  one.residual = Place::make(random, result, {n, oh, ow, k}, gaps, random.chance(90));
  if (is_f32) one.input.template set_each<float>([&] { return random.any_float(odd); });
  if (path != Path::kU8) one.residual.template set_each<float>([&] { return random.any_float(odd); });
  one.op.input = one.input.view;
  one.op.output = one.output.view;
  // Places of 0 are left out.
  one.op.pad_value = static_cast<std::uint8_t>(random.chance(50) ? 0 : random.in(0, 255));
  set_random_epilogue(random, one.op.epilogue, one.residual.view, path, odd);
  set_random_weights(random, one, is_f32, odd);
  one.what = "input " + to_string(one.op.input) + " output " + to_string(one.op.output) + " kernel " +
             std::to_string(one.op.window.kernel_h) + "x" + std::to_string(one.op.window.kernel_w);
  return one;
}

template <class Op>
void compare_random_cases(Path path, std::int32_t channels_max, int count) {
  testing::with_random_cases(count, [&](KernelSet set, Random& random, const std::string& seed) {
    const Case<Op> one = random_case<Op>(random, path, channels_max);
    testing::expect_same_bytes(set, one.op, one.operands(), one.output.bytes,
                               testing::random_offset(random, one.op.output.dtype), seed + " " + one.what);
  });
}

TEST(ConvKernels, U8EqualTheReferenceOnSmallShapes) {
  compare_random_cases<isa::Conv>(Path::kU8, 67, 700);
}
TEST(ConvKernels, U8EqualTheReferenceOnFewChannels) {
  compare_random_cases<isa::Conv>(Path::kU8, 5, 700);
}
TEST(ConvKernels, U8EqualTheReferenceOnManyChannels) {
  compare_random_cases<isa::Conv>(Path::kU8, 300, 40);
}
TEST(ConvKernels, U8ToF32EqualTheReferenceOnSmallShapes) {
  compare_random_cases<isa::Conv>(Path::kReal, 67, 400);
}
TEST(ConvKernels, U8ToF32EqualTheReferenceOnManyChannels) {
  compare_random_cases<isa::Conv>(Path::kReal, 300, 40);
}
TEST(ConvKernels, F32EqualTheReferenceOnSmallShapes) {
  compare_random_cases<isa::Conv>(Path::kF32, 67, 400);
}
TEST(ConvKernels, F32EqualTheReferenceOnFewChannels) {
  compare_random_cases<isa::Conv>(Path::kF32, 5, 700);
}
TEST(ConvKernels, DepthwiseU8EqualsTheReference) {
  compare_random_cases<isa::DepthwiseConv>(Path::kU8, 67, 1000);
}
TEST(ConvKernels, DepthwiseU8EqualsTheReferenceOnManyChannels) {
  compare_random_cases<isa::DepthwiseConv>(Path::kU8, 250, 500);
}
TEST(ConvKernels, DepthwiseU8ToF32EqualsTheReference) {
  compare_random_cases<isa::DepthwiseConv>(Path::kReal, 67, 700);
}
TEST(ConvKernels, DepthwiseF32EqualsTheReference) {
  compare_random_cases<isa::DepthwiseConv>(Path::kF32, 67, 1000);
}

}  // namespace
}  // namespace chengying::chip
