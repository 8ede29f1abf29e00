#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <set>

namespace chengying {
namespace {

TEST(DType, NamesAreReadBackAndDiffer) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDTypeCount; ++i) {
    const DType dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name_of(dtype)), dtype);
    EXPECT_EQ(dtype_from_protocol_name(protocol_name_of(dtype)), dtype);
    EXPECT_GE(size_of(dtype), 1U);
    names.insert(name_of(dtype));
  }
  EXPECT_EQ(names.size(), kDTypeCount);
  EXPECT_EQ(dtype_from_name("u9"), std::nullopt);
  EXPECT_EQ(dtype_from_protocol_name("fp32"), std::nullopt);
}

TEST(Shape, CountsItsElements) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 5}), 30);
  EXPECT_EQ(element_count({2, 0, 5}), 0);
}

TEST(Shape, ThatCannotBeIsRefusedByName) {
  EXPECT_EQ(element_count({2, -3}).error().message, "shape [2,-3] has a negative dimension");
  EXPECT_EQ(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}).error().message,
            "shape [1099511627776,1099511627776] has more than 2^62 elements");
}

TEST(Tensor, StartsAtZeroAlignedAndCopiesItsBytes) {
  Tensor tensor(DType::kF32, {2, 3});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes().data()) % 64, 0U);
  EXPECT_EQ(tensor.bytes().size(), 24U);
  for (const float x : tensor.as<float>()) EXPECT_EQ(x, 0.0F);
  const Tensor copy = tensor;
  tensor.as<float>()[5] = 1;
  EXPECT_EQ(copy.as<float>()[5], 0.0F);
}

TEST(Tensor, ReshapedKeepsItsBytes) {
  Tensor tensor(DType::kU8, {2, 3});
  tensor.as<std::uint8_t>()[4] = 7;
  const Tensor flat = tensor.reshaped({6});
  EXPECT_EQ(flat.shape(), Shape{6});
  EXPECT_EQ(flat.as<std::uint8_t>()[4], 7);
}

TEST(TensorDeathTest, BytesReadAsTheWrongTypeAreOurBug) {
  const Tensor tensor(DType::kU8, {4});
  EXPECT_DEATH(static_cast<void>(tensor.as<float>()), "CHECK failed");
}

}  // namespace
}  // namespace chengying
