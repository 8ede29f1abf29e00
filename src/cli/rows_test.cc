#include "cli/rows.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace chengying::cli {
namespace {

Tensor counting(Shape shape) {
  Tensor tensor(DType::kF32, std::move(shape));
  std::iota(tensor.as<float>().begin(), tensor.as<float>().end(), 0.0F);
  return tensor;
}

TEST(Rows, WhatIsTakenApartAndJoinedIsTheSame) {
  const Tensor whole = counting({3, 2, 2});
  std::vector<Tensor> rows;
  for (std::size_t i = 0; i < 3; ++i) rows.push_back(row_of(whole, i));
  EXPECT_EQ(rows[1].shape(), (Shape{1, 2, 2}));
  const auto joined = join_rows(rows);
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->shape(), whole.shape());
  EXPECT_TRUE(std::ranges::equal(joined->bytes(), whole.bytes()));
}

TEST(Rows, ARepeatedRowIsEveryRow) {
  const Tensor repeated = repeat_row(counting({1, 5}), 4);
  EXPECT_EQ(repeated.shape(), (Shape{4, 5}));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(repeated.as<float>()[i], static_cast<float>(i % 5));
}

TEST(Rows, DifferentShapesAndScalarsAreRefused) {
  const std::vector<Tensor> different = {counting({1, 2}), counting({1, 3})};
  EXPECT_EQ(join_rows(different).error().message, "f32 [1,2] and f32 [1,3] cannot be joined into a batch");
  const std::vector<Tensor> scalars = {counting({}), counting({})};
  EXPECT_EQ(join_rows(scalars).error().message, "scalars cannot be joined into a batch");
}

}  // namespace
}  // namespace chengying::cli
