// The text form of Preprocessing.
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <system_error>

#include "runtime/preprocessing.h"

namespace chengying::runtime {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxSide = 16384;
constexpr std::size_t kMaxTextBytes = 4096;

Result<std::int32_t> read_side(std::string_view key, const json::value& value) {
  if (!value.is_int64() || value.as_int64() < 1 || value.as_int64() > kMaxSide)
    return fail(Code::kInvalidArgument, "'{}' is {}; a side is a whole number from 1 to {}", key,
                json::serialize(value), kMaxSide);
  return static_cast<std::int32_t>(value.as_int64());
}

Result<Extent> read_extent(std::string_view key, const json::value& value) {
  if (!value.is_array() || value.as_array().size() != 2)
    return fail(Code::kInvalidArgument, "'{}' is {}; it is a side or [height, width]", key,
                json::serialize(value));
  Extent extent;
  TRY_ASSIGN(extent.height, read_side(key, value.as_array()[0]));
  TRY_ASSIGN(extent.width, read_side(key, value.as_array()[1]));
  return extent;
}

Result<float> read_number(std::string_view key, const json::value& value) {
  std::error_code error;
  const double number = value.is_number() ? value.to_number<double>(error) : std::nan("");
  if (error || !std::isfinite(number) || std::abs(number) > std::numeric_limits<float>::max())
    return fail(Code::kInvalidArgument, "'{}' has {}, which is no number", key, json::serialize(value));
  return static_cast<float>(number);
}

Status read_channels(std::string_view key, const json::value& value, std::array<float, 3>& to) {
  if (!value.is_array() || value.as_array().size() != to.size())
    return fail(Code::kInvalidArgument, "'{}' is {}; it is a list of three numbers, one for each channel",
                key, json::serialize(value));
  for (std::size_t i = 0; i < to.size(); ++i) {
    TRY_ASSIGN(to[i], read_number(key, value.as_array()[i]));
  }
  return {};
}

/// Whether the value is the second of two words (the first is the default).
Result<bool> read_choice(std::string_view key, const json::value& value, std::string_view first,
                         std::string_view second) {
  if (value.is_string() && value.as_string() == first) return false;
  if (value.is_string() && value.as_string() == second) return true;
  return fail(Code::kInvalidArgument, "'{}' is {}; it is \"{}\" or \"{}\"", key, json::serialize(value),
              first, second);
}

Status read_resize(std::string_view key, const json::value& value, Preprocessing& to) {
  if (value.is_array()) {
    TRY_ASSIGN(to.resize, read_extent(key, value));
  } else {
    TRY_ASSIGN(to.resize_short_side, read_side(key, value));
  }
  return {};
}

Status read_crop(std::string_view key, const json::value& value, Preprocessing& to) {
  if (value.is_array()) {
    TRY_ASSIGN(to.crop, read_extent(key, value));
    return {};
  }
  TRY_ASSIGN(const std::int32_t side, read_side(key, value));
  to.crop = Extent{side, side};
  return {};
}

Status read_layout(std::string_view key, const json::value& value, Preprocessing& to) {
  TRY_ASSIGN(const bool last, read_choice(key, value, "NCHW", "NHWC"));
  to.channels_first = !last;
  return {};
}

Status read_color(std::string_view key, const json::value& value, Preprocessing& to) {
  TRY_ASSIGN(to.bgr, read_choice(key, value, "RGB", "BGR"));
  return {};
}

Status read_scale(std::string_view key, const json::value& value, Preprocessing& to) {
  TRY_ASSIGN(to.scale, read_number(key, value));
  if (to.scale == 0) return fail(Code::kInvalidArgument, "'scale' is 0, which would make all pixels alike");
  return {};
}

Status read_mean(std::string_view key, const json::value& value, Preprocessing& to) {
  return read_channels(key, value, to.mean);
}

Status read_std(std::string_view key, const json::value& value, Preprocessing& to) {
  TRY(read_channels(key, value, to.std));
  for (const float number : to.std)
    if (number <= 0) return fail(Code::kInvalidArgument, "'std' has {}; each must be more than 0", number);
  return {};
}

Status read_interpolation(std::string_view key, const json::value& value, Preprocessing&) {
  if (value.is_string() && value.as_string() == "bilinear") return {};
  return fail(Code::kInvalidArgument, "'{}' is {}; there is only \"bilinear\"", key, json::serialize(value));
}

Status read_dtype(std::string_view key, const json::value& value, Preprocessing& to) {
  TRY_ASSIGN(const bool u8, read_choice(key, value, "f32", "u8"));
  to.dtype = u8 ? DType::kU8 : DType::kF32;
  return {};
}

struct Key {
  std::string_view name;
  Status (*read)(std::string_view key, const json::value& value, Preprocessing& to);
};
constexpr Key kKeys[] = {
    {"resize", read_resize}, {"crop", read_crop},
    {"layout", read_layout}, {"color", read_color},
    {"scale", read_scale},   {"mean", read_mean},
    {"std", read_std},       {"interpolation", read_interpolation},
    {"dtype", read_dtype},
};

/// What the keys together must be.
Status check_whole(const Preprocessing& all, const json::object& object) {
  if (!all.crop && !all.resize)
    return fail(
        Code::kInvalidArgument,
        "the tensor's size would depend on the photograph: give 'crop', or 'resize' as [height, width]");
  if (all.crop && all.resize &&
      (all.crop->height > all.resize->height || all.crop->width > all.resize->width))
    return fail(Code::kInvalidArgument, "'crop' {} x {} is larger than 'resize' {} x {} (height x width)",
                all.crop->height, all.crop->width, all.resize->height, all.resize->width);
  if (all.crop && all.resize_short_side &&
      std::min(all.crop->height, all.crop->width) > *all.resize_short_side)
    return fail(Code::kInvalidArgument, "'crop' {} x {} is larger than 'resize' {}", all.crop->height,
                all.crop->width, *all.resize_short_side);
  if (all.dtype == DType::kU8)
    for (const char* key : {"mean", "std", "scale"})
      if (object.contains(key))
        return fail(Code::kInvalidArgument,
                    "'{}' has no meaning with 'dtype' \"u8\": pixels stay as they are", key);
  return {};
}

json::value to_value(const Extent& extent) {
  return json::array{extent.height, extent.width};
}

/// The shortest text that gives the same float again: 0.485 instead of 0.48500001430511475.
double shortest(float number) {
  return std::stod(fmt::format("{}", number));
}

json::value to_value(const std::array<float, 3>& numbers) {
  return json::array{shortest(numbers[0]), shortest(numbers[1]), shortest(numbers[2])};
}

}  // namespace

Result<Preprocessing> parse_preprocessing(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return fail(Code::kTooLarge, "a preprocessing has at most {} bytes, not {}", kMaxTextBytes, text.size());
  std::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object())
    return fail(Code::kInvalidArgument,
                "a preprocessing is a JSON object, for example {{\"resize\": 256, \"crop\": 224}}");
  Preprocessing all;
  for (const auto& [name, field] : value.as_object()) {
    const std::string_view key(name.data(), name.size());
    const auto* found = std::ranges::find(kKeys, key, &Key::name);
    if (found == std::end(kKeys))
      return fail(
          Code::kInvalidArgument,
          "'{}' is not known; there are resize, crop, layout, color, scale, mean, std, interpolation, dtype",
          key);
    TRY(found->read(key, field, all));
  }
  TRY(check_whole(all, value.as_object()));
  if (all.dtype == DType::kU8) all.scale = 1;
  return all;
}

std::string to_json(const Preprocessing& preprocessing) {
  json::object object;
  if (preprocessing.resize) object["resize"] = to_value(*preprocessing.resize);
  if (preprocessing.resize_short_side) object["resize"] = *preprocessing.resize_short_side;
  if (preprocessing.crop) object["crop"] = to_value(*preprocessing.crop);
  object["layout"] = preprocessing.channels_first ? "NCHW" : "NHWC";
  object["color"] = preprocessing.bgr ? "BGR" : "RGB";
  if (preprocessing.dtype == DType::kF32) {
    object["scale"] = shortest(preprocessing.scale);
    object["mean"] = to_value(preprocessing.mean);
    object["std"] = to_value(preprocessing.std);
  }
  object["interpolation"] = "bilinear";
  object["dtype"] = preprocessing.dtype == DType::kF32 ? "f32" : "u8";
  return json::serialize(object);
}

}  // namespace chengying::runtime
