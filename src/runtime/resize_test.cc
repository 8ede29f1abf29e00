#include "runtime/resize.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "runtime/encode_for_test.h"

namespace chengying::runtime {
namespace {

Image resize(const Image& image, std::int32_t width, std::int32_t height) {
  return resize_part(image, width, height, {0, 0, width, height});
}

Image grey_row(std::initializer_list<int> values) {
  Image image{static_cast<std::int32_t>(values.size()), 1, {}};
  for (const int value : values) image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(value));
  return image;
}

TEST(Resize, TheSameSizeKeepsEveryPixel) {
  const Image image = pattern(19, 11);
  EXPECT_EQ(resize(image, 19, 11), image);
}

TEST(Resize, HalfTheSizeWeighsFourPixelsByTheTriangle) {
  // The filter of width 2 around 1.0 covers places 0, 1, 2 with 3/4, 3/4, 1/4 of 7/4; around 3.0 places 1, 2,
  // 3 with 1/4, 3/4, 3/4.
  EXPECT_EQ(resize(grey_row({70, 140, 210, 0}), 2, 1), grey_row({120, 110}));
}

TEST(Resize, TwiceTheSizeInterpolates) {
  EXPECT_EQ(resize(grey_row({0, 100}), 4, 1), grey_row({0, 25, 75, 100}));
}

TEST(Resize, OnePixelFillsEverything) {
  const Image image = resize({1, 1, {1, 2, 3}}, 5, 4);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) EXPECT_EQ(image.rgb[i], i % 3 + 1);
}

TEST(Resize, SaturatedStaysSaturated) {
  const Image white{50, 40, std::vector<std::uint8_t>(50 * 40 * 3, 255)};
  for (const std::uint8_t value : resize(white, 7, 13).rgb) EXPECT_EQ(value, 255);
}

TEST(Resize, APartIsThatPartOfTheWhole) {
  const Image image = pattern(61, 47);
  const Image whole = resize(image, 30, 20);
  const Image part = resize_part(image, 30, 20, {7, 5, 11, 9});
  for (std::size_t y = 0; y < 9; ++y)
    for (std::size_t i = 0; i < 33; ++i)
      ASSERT_EQ(part.rgb[y * 33 + i], whole.rgb[((y + 5) * 30 + 7) * 3 + i]);
}

/// SHA-256 of what Pillow 9.4 gives: Image.frombytes("RGB", (w, h), pattern).resize((tw, th),
/// Image.BILINEAR).
TEST(Resize, GivesTheBytesOfPillow) {
  struct Case {
    std::int32_t width, height, to_width, to_height;
    const char* digest;
  };
  const Case cases[] = {
      {37, 23, 11, 13, "367ee62bea07deb7dfcd1c2a837f88e7bad146e4a2fc7a5b51af3b2d4f799042"},
      {640, 360, 398, 224, "efe228423e37fc086cd807056eb945049ff04c6143d0db9b202200efef4b501e"},
      {5, 7, 16, 9, "3710cdf2f593d7fcb9126d338a588b35bd502b3a7b55fc80291e0641c90033b8"},
      {300, 200, 300, 100, "1be887a8e37e482eec8c6f0491ebb134a3e8d5f011ee192c23a31d5930c65abc"},
      {1, 1, 3, 3, "8baae70e8d128930adbfc86988738d53bbd761d1d690f52b36c898a3802e11cc"},
      {1000, 3, 10, 30, "11161b8ad5f01d79e7b139f01f1eb5d33607221f15539be6fcea91cce3ecea70"},
  };
  for (const Case& c : cases) {
    const Image image = resize(pattern(c.width, c.height), c.to_width, c.to_height);
    EXPECT_EQ(sha256(std::as_bytes(std::span(image.rgb))).hex(), c.digest) << c.width << " x " << c.height;
  }
}

}  // namespace
}  // namespace chengying::runtime
