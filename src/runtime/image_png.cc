#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>

#include "runtime/image_codecs.h"

namespace chengying::runtime {
namespace {

/// Chunks other than pixels (profiles, texts) that a file may carry; nothing of them is used.
constexpr png_alloc_size_t kChunkBytes = 8 << 20;
constexpr png_uint_32 kCachedChunks = 64;

/// What libpng's C callbacks see. No destructor runs when libpng jumps out of an error, so the state lives
/// outside of the functions that it jumps over.
struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> left;
  std::string fault;

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  static_cast<Reader*>(png_get_error_ptr(png))->fault = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto& left = static_cast<Reader*>(png_get_io_ptr(png))->left;
  if (count > left.size()) png_error(png, "the file ends too early");
  std::memcpy(to, left.data(), count);
  left = left.subspan(count);
}

/// False if libpng jumped out: reader.fault says why.
bool read_header(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_read_fn(reader.png, &reader, on_read);
  png_set_chunk_malloc_max(reader.png, kChunkBytes);
  png_set_chunk_cache_max(reader.png, kCachedChunks);
  png_read_info(reader.png, reader.info);
  return true;
}

/// Asks for plain RGB whatever the file has, without its gamma (as most readers do). Returns the bytes of a
/// row.
bool set_transforms(Reader& reader, std::size_t& row_bytes) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_expand(reader.png);  // palettes, grey of 1, 2 and 4 bits
  png_set_scale_16(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  row_bytes = png_get_rowbytes(reader.png, reader.info);
  return true;
}

bool read_rows(Reader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

std::unexpected<Error> broken(const Reader& reader) {
  return fail(Code::kInvalidArgument, "the PNG image is broken: {}", reader.fault);
}

}  // namespace

Result<Image> decode_png(std::span<const std::byte> bytes, const ImageLimits& limits) {
  Reader reader;
  reader.left = bytes;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) return fail(Code::kResourceExhausted, "no memory for the PNG decoder");

  if (!read_header(reader)) return broken(reader);
  const std::size_t width = png_get_image_width(reader.png, reader.info);
  const std::size_t height = png_get_image_height(reader.png, reader.info);
  TRY(check_size(static_cast<std::int64_t>(width), static_cast<std::int64_t>(height), limits));

  std::size_t row_bytes = 0;
  if (!set_transforms(reader, row_bytes)) return broken(reader);
  if (row_bytes != width * 3) return fail(Code::kUnsupported, "the PNG image cannot be read as RGB");
  Image image{static_cast<std::int32_t>(width), static_cast<std::int32_t>(height),
              std::vector<std::uint8_t>(row_bytes * height)};
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = image.rgb.data() + y * row_bytes;
  if (!read_rows(reader, rows.data())) return broken(reader);
  return image;
}

}  // namespace chengying::runtime
