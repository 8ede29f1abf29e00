#include "tensor/arithmetic.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

namespace chengying::exact {
namespace {

/// Distance in representable floats; 0 for two NaNs.
std::int64_t ulps(float a, float b) {
  if (a != a && b != b) return 0;
  if ((a != a) != (b != b)) return std::int64_t{1} << 40;
  const auto order = [](float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return std::int64_t{bits < 0 ? std::int32_t{-0x7fffffff} - 1 - bits : bits};
  };
  return std::llabs(order(a) - order(b));
}

/// Every 997th float, of both signs, with the special ones.
std::vector<float> sample_floats() {
  std::vector<float> samples = {0.0F,
                                -0.0F,
                                1.0F,
                                -1.0F,
                                kInf,
                                -kInf,
                                kNaN,
                                0x1p-149F,
                                -0x1p-149F,
                                0x1p-126F,
                                std::numeric_limits<float>::max(),
                                -std::numeric_limits<float>::max()};
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 9973) {
    samples.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  for (float x = -110; x < 110; x += 0.0137F) samples.push_back(x);
  return samples;
}

void expect_within(const std::function<float(float)>& ours, const std::function<double(double)>& truth,
                   std::int64_t limit_ulps, float low = -kInf, float high = kInf) {
  std::int64_t worst = 0;
  float worst_at = 0;
  for (const float x : sample_floats()) {
    if (x < low || x > high) continue;
    const std::int64_t error = ulps(ours(x), static_cast<float>(truth(static_cast<double>(x))));
    if (error > worst) worst = error, worst_at = x;
  }
  EXPECT_LE(worst, limit_ulps) << "at " << worst_at << ": " << ours(worst_at) << " instead of "
                               << truth(static_cast<double>(worst_at));
}

TEST(Arithmetic, RneRoundsToNearestWithTiesToEven) {
  for (const float x : sample_floats()) {
    const float expected = std::nearbyint(x);
    EXPECT_EQ(ulps(rne<float>(x), expected), 0) << x;
    EXPECT_EQ(std::signbit(rne<float>(x)), std::signbit(x));
    EXPECT_EQ(ulps(floor_of<float>(x), std::floor(x)), 0) << x;
    EXPECT_EQ(ulps(ceil_of<float>(x), std::ceil(x)), 0) << x;
  }
  EXPECT_EQ(rne<float>(0.5F), 0.0F);
  EXPECT_EQ(rne<float>(1.5F), 2.0F);
  EXPECT_EQ(rne<float>(-2.5F), -2.0F);
}

TEST(Arithmetic, ClampTurnsNanIntoTheLowerBound) {
  EXPECT_EQ(clamp<float>(kNaN, -1, 1), -1);
  EXPECT_EQ(clamp<float>(-kInf, -1, 1), -1);
  EXPECT_EQ(clamp<float>(kInf, -1, 1), 1);
}

TEST(Arithmetic, RequantiseClampsAndTakesNanAsLowest) {
  EXPECT_EQ(requantise_u8(0.5F, 128), 128);
  EXPECT_EQ(requantise_u8(1.5F, 128), 130);
  EXPECT_EQ(requantise_u8(1e30F, 0), 255);
  EXPECT_EQ(requantise_u8(-kInf, 7), 0);
  EXPECT_EQ(requantise_u8(kNaN, 7), 0);
  EXPECT_EQ(requantise(kNaN, 0, -128, 127), -128);
  EXPECT_EQ(requantise(126.5F, 1, -128, 127), 127);
}

TEST(Arithmetic, FunctionsAreWithinFewUlps) {
  expect_within([](float x) { return exp<float>(x); }, [](double x) { return std::exp(x); }, 1);
  expect_within([](float x) { return expm1<float>(x); }, [](double x) { return std::expm1(x); }, 3);
  expect_within([](float x) { return log<float>(x); }, [](double x) { return std::log(x); }, 2);
  expect_within([](float x) { return tanh<float>(x); }, [](double x) { return std::tanh(x); }, 2);
  expect_within([](float x) { return erf<float>(x); }, [](double x) { return std::erf(x); }, 2);
  expect_within([](float x) { return sigmoid<float>(x); }, [](double x) { return 1 / (1 + std::exp(-x)); },
                3);
  expect_within([](float x) { return softplus<float>(x); },
                [](double x) { return x > 80 ? x : std::log1p(std::exp(x)); }, 3);
}

TEST(Arithmetic, PowAgreesWithTheLibraryEverywhere) {
  const std::vector<float> bases = {0.0F, -0.0F, 1.0F, -1.0F,  2.0F,    -2.0F,      0.5F,   -0.3F,
                                    kInf, -kInf, kNaN, 1e-40F, 3.3e38F, 1.0000001F, 17.25F, -17.0F};
  const std::vector<float> exponents = {0.0F,  -0.0F,       1.0F,  -1.0F,   2.0F,   3.0F,
                                        -3.0F, 0.5F,        -0.5F, kInf,    -kInf,  kNaN,
                                        1e9F,  16777217.0F, -7.0F, 0.3333F, 100.5F, -149.0F};
  for (const float x : bases) {
    for (const float y : exponents) {
      const auto truth = static_cast<float>(std::pow(static_cast<double>(x), static_cast<double>(y)));
      EXPECT_LE(ulps(pow(x, y), truth), 1) << x << " ^ " << y << " gives " << pow(x, y) << " not " << truth;
      if (truth == truth) {
        EXPECT_EQ(std::signbit(pow(x, y)), std::signbit(truth)) << x << " ^ " << y;
      }
    }
  }
}

TEST(Arithmetic, EveryHalfGoesThereAndBack) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float x = f32_from_f16(static_cast<std::uint16_t>(bits));
    if (x == x) {
      EXPECT_EQ(f16_from_f32(x), bits);
    } else {
      EXPECT_EQ(f16_from_f32(x), 0x7e00);
    }
    const float b = f32_from_bf16(static_cast<std::uint16_t>(bits));
    if (b == b) {
      EXPECT_EQ(bf16_from_f32(b), bits);
    }
  }
  EXPECT_EQ(f16_from_f32(65519.0F), 0x7bff);
  EXPECT_EQ(f16_from_f32(65520.0F), 0x7c00);
  EXPECT_EQ(f16_from_f32(-0x1p-25F), 0x8000);
  EXPECT_EQ(f16_from_f32(0x1.8p-24F), 0x0002);
  EXPECT_EQ(f16_from_f32(1.00048828125F), 0x3c00);
  EXPECT_EQ(bf16_from_f32(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(bf16_from_f32(kNaN), 0x7fc0);
}

}  // namespace
}  // namespace chengying::exact
