#include "runtime/preprocessing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/encode_for_test.h"
#include "runtime/resize.h"

namespace chengying::runtime {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view json) {
  const auto parsed = parse_preprocessing(json);
  EXPECT_FALSE(parsed.has_value()) << json;
  return parsed ? "" : parsed.error().message;
}

TEST(Preprocessing, EveryKeyIsReadAndWrittenAgain) {
  const Preprocessing all = parse_preprocessing(R"({"resize": 256, "crop": [224, 192], "layout": "NHWC",
      "color": "BGR", "scale": 0.00392156862745098, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
      "interpolation": "bilinear", "dtype": "f32"})")
                                .value();
  EXPECT_EQ(all.resize_short_side, 256);
  EXPECT_EQ(all.crop, (Extent{224, 192}));
  EXPECT_FALSE(all.channels_first);
  EXPECT_TRUE(all.bgr);
  EXPECT_EQ(all.scale, 1.0F / 255);
  EXPECT_EQ(all.mean[2], 0.406F);
  EXPECT_EQ(all.std[0], 0.229F);
  EXPECT_EQ(parse_preprocessing(to_json(all)).value(), all);
  EXPECT_THAT(to_json(all), HasSubstr("\"mean\":[4.85E-1,4.56E-1,4.06E-1]"));
}

TEST(Preprocessing, WhatIsLeftOutHasItsDefault) {
  const Preprocessing all = parse_preprocessing(R"({"resize": [10, 20]})").value();
  Preprocessing expected;
  expected.resize = Extent{10, 20};
  EXPECT_EQ(all, expected);
  EXPECT_EQ(shape_of(all), (Shape{1, 3, 10, 20}));
  EXPECT_EQ(parse_preprocessing(to_json(all)).value(), all);
}

TEST(Preprocessing, BytesStayBytes) {
  const Preprocessing all = parse_preprocessing(R"({"crop": 2, "dtype": "u8", "layout": "NHWC"})").value();
  EXPECT_EQ(parse_preprocessing(to_json(all)).value(), all);
  const Image image = pattern(2, 2);
  const Tensor tensor = preprocess(image, all).value();
  EXPECT_EQ(tensor.shape(), (Shape{1, 2, 2, 3}));
  EXPECT_TRUE(std::ranges::equal(tensor.as<std::uint8_t>(), image.rgb));
}

TEST(Preprocessing, NonsenseIsRefusedWithItsKey) {
  EXPECT_THAT(refusal("[1]"), HasSubstr("is a JSON object"));
  EXPECT_THAT(refusal("{"), HasSubstr("is a JSON object"));
  EXPECT_THAT(refusal(R"({"crop": 224, "resise": 256})"),
              HasSubstr("'resise' is not known; there are resize, crop"));
  EXPECT_THAT(refusal(R"({"crop": 0})"), HasSubstr("'crop' is 0; a side is a whole number from 1 to 16384"));
  EXPECT_THAT(refusal(R"({"crop": 20000})"), HasSubstr("'crop' is 20000"));
  EXPECT_THAT(refusal(R"({"crop": 1.5})"), HasSubstr("'crop' is"));
  EXPECT_THAT(refusal(R"({"crop": [1, 2, 3]})"), HasSubstr("it is a side or [height, width]"));
  EXPECT_THAT(refusal(R"({"resize": "big", "crop": 1})"), HasSubstr("'resize' is \"big\""));
  EXPECT_THAT(refusal(R"({"crop": 1, "layout": "HWCN"})"), HasSubstr("it is \"NCHW\" or \"NHWC\""));
  EXPECT_THAT(refusal(R"({"crop": 1, "color": "CMY"})"), HasSubstr("it is \"RGB\" or \"BGR\""));
  EXPECT_THAT(refusal(R"({"crop": 1, "scale": 0})"), HasSubstr("'scale' is 0"));
  EXPECT_THAT(refusal(R"({"crop": 1, "scale": 1e300})"), HasSubstr("'scale' has 1E300, which is no number"));
  EXPECT_THAT(refusal(R"({"crop": 1, "mean": [1, 2]})"), HasSubstr("three numbers, one for each channel"));
  EXPECT_THAT(refusal(R"({"crop": 1, "mean": [1, 2, "x"]})"),
              HasSubstr("'mean' has \"x\", which is no number"));
  EXPECT_THAT(refusal(R"({"crop": 1, "std": [1, 0, 1]})"),
              HasSubstr("'std' has 0; each must be more than 0"));
  EXPECT_THAT(refusal(R"({"crop": 1, "interpolation": "cubic"})"), HasSubstr("there is only \"bilinear\""));
  EXPECT_THAT(refusal(R"({"crop": 1, "dtype": "f64"})"), HasSubstr("it is \"f32\" or \"u8\""));
  EXPECT_THAT(refusal(R"({"crop": 1, "dtype": "u8", "scale": 1})"),
              HasSubstr("'scale' has no meaning with 'dtype'"));
  EXPECT_THAT(refusal(R"({"resize": 256})"), HasSubstr("would depend on the photograph"));
  EXPECT_THAT(refusal(R"({"resize": 224, "crop": 256})"),
              HasSubstr("'crop' 256 x 256 is larger than 'resize' 224"));
  EXPECT_THAT(refusal(R"({"resize": [300, 200], "crop": 256})"),
              HasSubstr("is larger than 'resize' 300 x 200"));
  EXPECT_THAT(refusal(std::string(5000, ' ')), HasSubstr("at most 4096 bytes"));
}

TEST(Preprocessing, ValuesAreScaledShiftedAndOrdered) {
  const Image image{2, 1, {10, 20, 30, 40, 50, 60}};
  Preprocessing how;
  how.crop = Extent{1, 2};
  how.scale = 0.5F;
  how.mean = {1, 2, 3};
  how.std = {1, 2, 4};
  using Values = std::vector<float>;
  const auto values = [&] {
    const Tensor tensor = preprocess(image, how).value();
    const auto span = tensor.as<float>();
    return Values(span.begin(), span.end());
  };
  EXPECT_EQ(values(), (Values{4, 19, 4, 11.5, 3, 6.75}));
  how.channels_first = false;
  EXPECT_EQ(values(), (Values{4, 4, 3, 19, 11.5, 6.75}));
  how.bgr = true;
  EXPECT_EQ(values(), (Values{14, 4, 0.5, 29, 11.5, 4.25}));
}

TEST(Preprocessing, TheMiddleIsCut) {
  Preprocessing how;
  how.crop = Extent{2, 2};
  how.scale = 1;
  const Image image = pattern(7, 5);  // offsets 2.5 and 1.5: both to the even 2
  const Tensor tensor = preprocess(image, how).value();
  EXPECT_EQ(tensor.as<float>()[0], image.rgb[(2 * 7 + 2) * 3]);
}

TEST(Preprocessing, TheShortSideIsResizedAndTheOtherFollowsRoundedDown) {
  Preprocessing how;
  how.resize_short_side = 10;
  how.crop = Extent{10, 10};
  how.channels_first = false;
  how.dtype = DType::kU8;
  const Image image = pattern(35, 20);  // 17.5 becomes 17; offset 3.5 goes to the even 4
  const Image expected = resize_part(image, 17, 10, {4, 0, 10, 10});
  EXPECT_TRUE(std::ranges::equal(preprocess(image, how)->as<std::uint8_t>(), expected.rgb));
}

TEST(Preprocessing, AnImageSmallerThanTheCropIsRefused) {
  Preprocessing how;
  how.crop = Extent{4, 4};
  EXPECT_EQ(preprocess(pattern(5, 3), how).error().message,
            "the image is 5 x 3 when it is to be cropped to 4 x 4; send a larger one");
}

}  // namespace
}  // namespace chengying::runtime
