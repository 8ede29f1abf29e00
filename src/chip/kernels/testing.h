// For the tests of kernels: random operations with their operands, run by a kernel set and by the reference,
// and compared byte for byte, guard bytes and the gaps between elements included.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "chip/kernels/kernels.h"
#include "isa/packing.h"
#include "reference/execute.h"

namespace chengying::chip::testing {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  /// Uniform in low..high.
  std::int32_t in(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(engine_() % static_cast<std::uint32_t>(high - low + 1));
  }
  bool chance(int percent) { return in(1, 100) <= percent; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + in(0, static_cast<std::int32_t>(choices.size()) - 1));
  }
  float real(float low, float high) {
    return low + (high - low) * static_cast<float>(engine_() >> 8) * 0x1p-24F;
  }
  /// Mostly small numbers; `odd_percent` of NaN of any payload, infinities, zeros, subnormals and any bits at
  /// all.
  float any_float(int odd_percent) {
    if (!chance(odd_percent)) return real(-4, 4);
    const auto bits = [](std::uint32_t b) { return __builtin_bit_cast(float, b); };
    switch (in(0, 7)) {
      case 0:
        return bits(0x7f800001U | (static_cast<std::uint32_t>(engine_()) & 0x807fffffU));
      case 1:
        return bits(0x7f800000);
      case 2:
        return bits(0xff800000);
      case 3:
        return 0.0F;
      case 4:
        return -0.0F;
      case 5:
        return bits(static_cast<std::uint32_t>(engine_()) & 0x807fffffU);
      default:
        return bits(static_cast<std::uint32_t>(engine_()));
    }
  }
  void fill(std::vector<std::byte>& bytes) {
    for (std::byte& b : bytes) b = static_cast<std::byte>(engine_() >> 8);
  }

 private:
  std::mt19937 engine_;
};

/// A view with random gaps between its elements, and a buffer for it that ends where the view ends.
struct Place {
  isa::View view;
  std::vector<std::byte> bytes;  // exactly the extent, plus `slack`

  static Place make(Random& random, DType dtype, std::array<std::int32_t, 4> shape, bool gaps,
                    bool dense_inner = true, std::int32_t inner_round = 1, std::size_t slack = 0) {
    Place place;
    const auto size = static_cast<std::int64_t>(size_of(dtype));
    place.view.dtype = dtype;
    place.view.shape = shape;
    std::int64_t stride = size * (dense_inner ? 1 : random.in(1, 3));
    for (int d = 3; d >= 0; --d) {
      place.view.stride[static_cast<std::size_t>(d)] = stride;
      std::int64_t count = shape[static_cast<std::size_t>(d)];
      if (d == 3) count = (count + inner_round - 1) / inner_round * inner_round;
      stride = stride * count + (gaps ? size * random.in(0, 5) : 0);
    }
    std::uint64_t extent = static_cast<std::uint64_t>(size);
    for (std::size_t d = 0; d < 4; ++d)
      extent += static_cast<std::uint64_t>((shape[d] - 1) * place.view.stride[d]);
    place.bytes.resize(extent + slack);
    random.fill(place.bytes);
    return place;
  }

  template <class T, class Value>
  void set_each(Value value) {
    isa::View& v = view;
    for (std::int32_t a = 0; a < v.shape[0]; ++a) {
      for (std::int32_t b = 0; b < v.shape[1]; ++b) {
        for (std::int32_t c = 0; c < v.shape[2]; ++c) {
          for (std::int32_t d = 0; d < v.shape[3]; ++d) {
            const T x = value();
            std::memcpy(bytes.data() + a * v.stride[0] + b * v.stride[1] + c * v.stride[2] + d * v.stride[3],
                        &x, sizeof x);
          }
        }
      }
    }
  }
};

/// Runs `op` by the set and by the reference on the same operands; the output's whole buffers, with 64 guard
/// bytes on either side, must be equal. `offset` moves the output off alignment.
template <class Op>
void expect_same_bytes(KernelSet set, const Op& op, Operands at, const std::vector<std::byte>& output_before,
                       std::size_t offset, const std::string& what) {
  const auto run = [&](auto&& function) {
    std::vector<std::byte> guarded(output_before.size() + 192, std::byte{0xa5});
    std::memcpy(guarded.data() + 64 + offset, output_before.data(), output_before.size());
    at.output = guarded.data() + 64 + offset;
    function();
    return guarded;
  };
  const std::vector<std::byte> expected = run([&] { reference::execute(op, at); });
  const std::vector<std::byte> actual = run([&] { execute(kernels_of(set), op, at); });
  if (expected == actual) return;
  std::size_t first = 0, count = 0;
  for (std::size_t i = expected.size(); i-- > 0;) {
    if (expected[i] != actual[i]) first = i, ++count;
  }
  ADD_FAILURE() << name_of(set) << ": " << count << " bytes differ, the first at "
                << static_cast<std::ptrdiff_t>(first) - 64 - static_cast<std::ptrdiff_t>(offset) << ": "
                << static_cast<int>(actual[first]) << " instead of " << static_cast<int>(expected[first])
                << "\n"
                << what;
}

/// The fast sets that this machine has.
inline std::vector<KernelSet> fast_sets() {
  std::vector<KernelSet> sets;
  for (const KernelSet set : {KernelSet::kAvx2, KernelSet::kAvx512}) {
    if (supported(set)) sets.push_back(set);
  }
  return sets;
}

/// Calls make(set, random, seed text) with `count` seeds, for each fast set; stops at a failure.
template <class Make>
void with_random_cases(int count, Make make) {
  for (const KernelSet set : fast_sets()) {
    for (int i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
      Random random(static_cast<std::uint32_t>(i) * 7919 + 1);
      make(set, random, "seed " + std::to_string(i));
    }
  }
}

/// Bytes that move an output off alignment: up to 15 of its elements.
inline std::size_t random_offset(Random& random, DType dtype) {
  return static_cast<std::size_t>(random.in(0, 15)) * size_of(dtype);
}

}  // namespace chengying::chip::testing
