#include <turbojpeg.h>

#include <memory>
#include <string>
#include <string_view>

#include "runtime/image_codecs.h"

namespace chengying::runtime {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Decompressor = std::unique_ptr<void, Destroy>;

/// What the library says for broken bytes, without its own function names.
Error broken(tjhandle handle) {
  std::string_view text = tjGetErrorStr2(handle);
  if (const auto colon = text.find("(): "); colon != std::string_view::npos) text.remove_prefix(colon + 4);
  return {Code::kInvalidArgument, fmt::format("the JPEG image is broken: {}", text)};
}

/// The library decodes on after such a thing; people's cameras write it, and no pixel is lost.
bool is_harmless(std::string_view warning) {
  return warning.find("extraneous bytes") != std::string_view::npos;
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::byte> bytes, const ImageLimits& limits) {
  const Decompressor decompressor(tjInitDecompress());
  if (decompressor == nullptr) return fail(Code::kResourceExhausted, "no memory for the JPEG decoder");
  tjhandle handle = decompressor.get();
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());

  int width = 0, height = 0, subsampling = 0, colorspace = 0;
  if (tjDecompressHeader3(handle, data, bytes.size(), &width, &height, &subsampling, &colorspace) != 0)
    return std::unexpected(broken(handle));
  if (width == 0 && height == 0)  // tables alone are a valid stream to the library
    return fail(Code::kInvalidArgument, "the JPEG image is broken: it ends before its picture begins");
  TRY(check_size(width, height, limits));
  if (colorspace == TJCS_CMYK || colorspace == TJCS_YCCK)
    return fail(Code::kUnsupported, "the JPEG image is in CMYK colours; convert it to RGB first");

  Image image{width, height, std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  // Accurate DCT and upsampling are the defaults: the pixels that most other decoders give.
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  if (tjDecompress2(handle, data, bytes.size(), image.rgb.data(), width, width * 3, height, TJPF_RGB,
                    flags) != 0 &&
      (tjGetErrorCode(handle) != TJERR_WARNING || !is_harmless(tjGetErrorStr2(handle))))
    return std::unexpected(broken(handle));
  return upright(std::move(image), exif_orientation_of(bytes));
}

}  // namespace chengying::runtime
