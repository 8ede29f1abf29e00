#include "compiler/tiles/strided.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "reference/execute.h"

namespace chengying::compiler::tiles {
namespace {

Strided dense(std::vector<std::int64_t> shape, std::int64_t padding = 0) {
  Strided window{{}, DType::kU8, shape, std::vector<std::int64_t>(shape.size())};
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    window.stride[d] = stride;
    stride *= shape[d] + (d + 1 == shape.size() ? padding : 0);
  }
  return window;
}

std::vector<std::uint8_t> bytes_in_order(const Strided& window, const std::vector<std::uint8_t>& memory) {
  std::vector<std::uint8_t> result;
  const std::int64_t count =
      std::accumulate(window.shape.begin(), window.shape.end(), std::int64_t{1}, std::multiplies{});
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i, byte = static_cast<std::int64_t>(window.at.offset);
    for (std::size_t d = window.shape.size(); d-- > 0;) {
      byte += rest % window.shape[d] * window.stride[d];
      rest /= window.shape[d];
    }
    result.push_back(memory[byte]);
  }
  return result;
}

/// Runs the copies and compares the elements in row-major order of each window.
void expect_copied(const Strided& source, const Strided& destination) {
  std::vector<std::uint8_t> from(4096), to(4096, 0);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  const auto all = copies(source, destination);
  ASSERT_TRUE(all.has_value());
  for (const isa::Copy& copy : *all) {
    Operands operands;
    operands.input = reinterpret_cast<const std::byte*>(from.data() + copy.source.at.offset);
    operands.output = reinterpret_cast<std::byte*>(to.data() + copy.destination.at.offset);
    reference::execute(copy, operands);
  }
  EXPECT_EQ(bytes_in_order(source, from), bytes_in_order(destination, to));
}

TEST(Strided, CopiesMoveEveryElementOfAnyPermutation) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::int64_t> shape;
    for (std::uint32_t d = 0; d < 1 + random() % 6; ++d) shape.push_back(1 + random() % 3);
    const Strided source = dense(shape);
    std::vector<std::size_t> order(shape.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::int64_t> permuted;
    for (const std::size_t d : order) permuted.push_back(shape[d]);
    const Strided back = dense(permuted);
    Strided destination = source;
    for (std::size_t i = 0; i < order.size(); ++i) destination.stride[order[i]] = back.stride[i];
    expect_copied(source, destination);
  }
}

TEST(Strided, ReshapesKeepTheRowMajorOrderOverAnyPadding) {
  expect_copied(dense({4, 6}), dense({2, 2, 6}, 2));
  expect_copied(dense({3, 4, 5}, 3), dense({60}));
  expect_copied(dense({6, 5}, 3), dense({5, 6}, 2));  // boundaries that do not nest
  expect_copied(dense({1, 1}), dense({}));
}

TEST(Strided, NeighboursThatLieDenseBecomeOneDimension) {
  const std::array operands{dense({2, 3, 4, 5, 6}), dense({2, 3, 4, 5, 6})};
  const auto steps = aligned_views(operands);
  ASSERT_TRUE(steps.has_value());
  ASSERT_EQ(steps->size(), 1U);
  EXPECT_EQ(steps->front()[0].shape, (std::array<std::int32_t, 4>{1, 1, 1, 720}));
}

TEST(Strided, TheInnermostDimensionStaysAloneIfAsked) {
  const std::array operands{dense({4, 5, 6}), dense({4, 5, 6})};
  const auto steps = aligned_views(operands, true);
  ASSERT_TRUE(steps.has_value());
  EXPECT_EQ(steps->front()[0].shape, (std::array<std::int32_t, 4>{1, 1, 20, 6}));
}

TEST(Strided, TooManyPiecesAreRefusedWithNumbers) {
  Strided scattered = dense({70'000, 2, 2, 2, 2});
  scattered.stride = {101, 50, 20, 9, 4};
  Strided destination = scattered;
  const auto refused = copies(scattered, destination);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace chengying::compiler::tiles
