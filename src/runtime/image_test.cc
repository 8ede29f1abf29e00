#include "runtime/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "runtime/encode_for_test.h"
#include "runtime/image_codecs.h"

namespace chengying::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The refusal of these bytes.
Error refusal(const std::vector<std::byte>& bytes, const ImageLimits& limits = {}) {
  const Result<Image> image = decode_image(bytes, limits);
  EXPECT_FALSE(image.has_value());
  return image ? Error{} : image.error();
}

TEST(Image, PngGivesItsPixels) {
  const Image image = pattern(17, 5);
  EXPECT_EQ(decode_image(encode_png(image)).value(), image);
}

TEST(Image, InterlacedPngGivesItsPixels) {
  const Image image = pattern(17, 13);
  EXPECT_EQ(decode_image(encode_png({17, 13, 8, PNG_COLOR_TYPE_RGB, image.rgb, {}, true})).value(), image);
}

TEST(Image, GreyPngBecomesRgb) {
  const auto image = decode_image(encode_png({2, 1, 8, PNG_COLOR_TYPE_GRAY, {10, 200}, {}, false}));
  EXPECT_EQ(image.value(), (Image{2, 1, {10, 10, 10, 200, 200, 200}}));
}

TEST(Image, OneBitGreyPngBecomesBlackAndWhite) {
  const auto image = decode_image(encode_png({2, 1, 1, PNG_COLOR_TYPE_GRAY, {0x40}, {}, false}));
  EXPECT_EQ(image.value(), (Image{2, 1, {0, 0, 0, 255, 255, 255}}));
}

TEST(Image, TransparencyOfPngIsDropped) {
  const auto image =
      decode_image(encode_png({1, 2, 8, PNG_COLOR_TYPE_RGBA, {1, 2, 3, 0, 4, 5, 6, 128}, {}, false}));
  EXPECT_EQ(image.value(), (Image{1, 2, {1, 2, 3, 4, 5, 6}}));
}

TEST(Image, PaletteOfPngIsLookedUp) {
  const auto image =
      decode_image(encode_png({2, 1, 8, PNG_COLOR_TYPE_PALETTE, {1, 0}, {{9, 8, 7}, {1, 2, 3}}, false}));
  EXPECT_EQ(image.value(), (Image{2, 1, {1, 2, 3, 9, 8, 7}}));
}

TEST(Image, SixteenBitsOfPngAreRoundedToEight) {
  const auto image = decode_image(
      encode_png({1, 1, 16, PNG_COLOR_TYPE_RGB, {0xff, 0xff, 0x80, 0x80, 0x00, 0x90}, {}, false}));
  EXPECT_EQ(image.value(), (Image{1, 1, {255, 128, 1}}));
}

TEST(Image, JpegIsCloseToWhatWasEncoded) {
  Image image{32, 16, std::vector<std::uint8_t>(32 * 16 * 3)};
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(i / 12);
  const Image decoded = decode_image(encode_jpeg(image, TJSAMP_444, 100)).value();
  ASSERT_EQ(decoded.width, 32);
  ASSERT_EQ(decoded.height, 16);
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    EXPECT_LE(std::abs(image.rgb[i] - decoded.rgb[i]), 6) << i;
}

TEST(Image, GreyJpegBecomesRgb) {
  const Image image = decode_image(encode_jpeg(pattern(16, 16), TJSAMP_GRAY)).value();
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    EXPECT_EQ(image.rgb[i], image.rgb[i + 1]);
    EXPECT_EQ(image.rgb[i], image.rgb[i + 2]);
  }
}

TEST(Image, NoBytesAreRefused) {
  EXPECT_EQ(refusal({}).message, "the image has no bytes");
}

TEST(Image, TextIsRefused) {
  const Error error = refusal(to_bytes("this is a text, not a picture"));
  EXPECT_EQ(error.code, Code::kUnsupported);
  EXPECT_EQ(error.message, "the bytes are neither a JPEG nor a PNG image");
}

TEST(Image, EveryTruncatedJpegIsRefused) {
  const std::vector<std::byte> whole = encode_jpeg(pattern(48, 48), TJSAMP_420);
  for (std::size_t size = 3; size + 2 < whole.size(); size += 7) {
    const Error error = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(error.code, Code::kInvalidArgument) << size;
    EXPECT_THAT(error.message, HasSubstr("the JPEG image is broken: ")) << size;
  }
}

TEST(Image, EveryTruncatedPngIsRefused) {
  const std::vector<std::byte> whole = encode_png(pattern(20, 20));
  for (std::size_t size = 8; size < whole.size(); size += 5) {
    const Error error = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(error.message, "the PNG image is broken: the file ends too early") << size;
  }
}

TEST(Image, ByteErrorsNeverCrash) {
  for (std::vector<std::byte> bytes :
       {encode_jpeg(pattern(40, 24), TJSAMP_420), encode_png(pattern(20, 20))}) {
    for (std::size_t i = 3; i < bytes.size(); i += 3) {
      const std::byte before = bytes[i];
      bytes[i] ^= std::byte{0x55};
      const auto image = decode_image(bytes, {.bytes = 1 << 20, .pixels = 1 << 16, .side = 1 << 10});
      EXPECT_TRUE(!image || image->rgb.size() == std::size_t{3} * image->width * image->height);
      bytes[i] = before;
    }
  }
}

TEST(Image, PngBombIsRefusedByItsHeader) {
  std::vector<std::byte> bytes = encode_png(pattern(2, 2));
  for (const std::size_t at : {std::size_t{16}, std::size_t{20}}) {  // width and height of IHDR: 30,000 each
    bytes[at] = bytes[at + 1] = std::byte{0};
    bytes[at + 2] = std::byte{0x75};
    bytes[at + 3] = std::byte{0x30};
  }
  const std::uint32_t crc = 0xe9456fed;  // of the changed IHDR
  for (std::size_t i = 0; i < 4; ++i) bytes[29 + i] = static_cast<std::byte>(crc >> (24 - 8 * i));
  const Error error = refusal(bytes);
  EXPECT_EQ(error.code, Code::kTooLarge);
  EXPECT_EQ(error.message, "the image is 30000 x 30000 = 900000000 pixels, at most 64000000 are taken");
}

TEST(Image, LimitsHoldToTheByteAndThePixel) {
  const std::vector<std::byte> bytes = encode_jpeg(pattern(20, 10));
  EXPECT_TRUE(decode_image(bytes, {.bytes = bytes.size(), .pixels = 200, .side = 20}).has_value());
  EXPECT_EQ(refusal(bytes, {.bytes = bytes.size() - 1}).code, Code::kTooLarge);
  EXPECT_THAT(refusal(bytes, {.pixels = 199}).message,
              HasSubstr("20 x 10 = 200 pixels, at most 199 are taken"));
  EXPECT_THAT(refusal(bytes, {.side = 19}).message, HasSubstr("at most 19 on a side"));
}

TEST(Image, SizeZeroIsRefused) {
  EXPECT_EQ(check_size(0, 5, {}).error().message, "the image is 0 x 5: it has no pixels");
  EXPECT_EQ(check_size(5, 0, {}).error().code, Code::kInvalidArgument);
}

/// Corners of a 3 x 2 image whose pixels are numbered 0 to 5, as rows.
std::vector<int> numbers_of(const Image& image) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) numbers.push_back(image.rgb[i]);
  return numbers;
}

TEST(Image, OrientationTurnsThePictureUpright) {
  Image image{3, 2, {}};
  for (int i = 0; i < 6; ++i) image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(i));
  using Numbers = std::vector<int>;
  EXPECT_EQ(numbers_of(upright(image, 1)), (Numbers{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(numbers_of(upright(image, 2)), (Numbers{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(numbers_of(upright(image, 3)), (Numbers{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(numbers_of(upright(image, 4)), (Numbers{3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(numbers_of(upright(image, 5)), (Numbers{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(numbers_of(upright(image, 6)), (Numbers{3, 0, 4, 1, 5, 2}));
  EXPECT_EQ(numbers_of(upright(image, 7)), (Numbers{5, 2, 4, 1, 3, 0}));
  EXPECT_EQ(numbers_of(upright(image, 8)), (Numbers{2, 5, 1, 4, 0, 3}));
  EXPECT_EQ(upright(image, 6).width, 2);
  EXPECT_EQ(upright(image, 6).height, 3);
}

TEST(Image, ExifOrientationOfEitherByteOrderIsApplied) {
  const std::vector<std::byte> jpeg = encode_jpeg(pattern(24, 16));
  const Image plain = decode_image(jpeg).value();
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool big_endian : {true, false})
      EXPECT_EQ(decode_image(with_orientation(jpeg, orientation, big_endian)).value(),
                upright(plain, orientation))
          << orientation << big_endian;
}

TEST(Image, BrokenExifMeansUpright) {
  const std::vector<std::byte> jpeg = encode_jpeg(pattern(24, 16));
  EXPECT_EQ(exif_orientation_of(with_orientation(jpeg, 0)), 1);
  EXPECT_EQ(exif_orientation_of(with_orientation(jpeg, 9)), 1);
  const std::vector<std::byte> turned = with_orientation(jpeg, 6);
  ASSERT_EQ(exif_orientation_of(turned), 6);
  for (std::size_t size = 0; size < 38; ++size)
    EXPECT_EQ(exif_orientation_of(std::span(turned).first(size)), 1);
}

}  // namespace
}  // namespace chengying::runtime
