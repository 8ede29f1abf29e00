#include "cli/npy.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace chengying::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;

struct TypeName {
  DType dtype;
  std::string_view npy;
};
constexpr std::array<TypeName, 9> kTypes = {{{DType::kF32, "<f4"},
                                             {DType::kF64, "<f8"},
                                             {DType::kF16, "<f2"},
                                             {DType::kU8, "|u1"},
                                             {DType::kI8, "|i1"},
                                             {DType::kI16, "<i2"},
                                             {DType::kI32, "<i4"},
                                             {DType::kI64, "<i8"},
                                             {DType::kBool, "|b1"}}};

Result<DType> dtype_of(std::string_view descr) {
  for (const TypeName& type : kTypes) {
    if (type.npy == descr) return type.dtype;
  }
  std::vector<std::string_view> names;
  for (const TypeName& type : kTypes) names.push_back(type.npy);
  return fail(Code::kUnsupported, "elements of type '{}'; read are {}", descr, fmt::join(names, ", "));
}

/// The text of a value of the header's Python dictionary: what follows 'key':, without blanks before it.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key) {
  const auto at = header.find(fmt::format("'{}'", key));
  if (at == header.npos) return std::nullopt;
  const auto colon = header.find(':', at);
  if (colon == header.npos) return std::nullopt;
  const auto value = header.find_first_not_of(" \t", colon + 1);
  return value == header.npos ? std::nullopt : std::optional(header.substr(value));
}

/// "(1, 3, 4)", "(5,)", "()"
std::optional<Shape> parse_shape(std::string_view text) {
  const auto end = text.find(')');
  if (!text.starts_with('(') || end == text.npos) return std::nullopt;
  Shape shape;
  std::string_view rest = text.substr(1, end - 1);
  while (true) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" ,")));
    if (rest.empty()) return shape;
    std::int64_t dimension = 0;
    const auto [next, error] = std::from_chars(rest.data(), rest.data() + rest.size(), dimension);
    if (error != std::errc() || dimension < 0) return std::nullopt;
    shape.push_back(dimension);
    rest.remove_prefix(static_cast<std::size_t>(next - rest.data()));
    if (!rest.empty() && rest[0] != ' ' && rest[0] != ',') return std::nullopt;
  }
}

struct Header {
  std::string_view text;
  std::size_t data_offset = 0;
};

Result<Header> header_of(std::string_view bytes) {
  if (bytes.size() < 10 || !bytes.starts_with(kMagic)) return fail(Code::kInvalidArgument, "not a .npy file");
  const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(bytes[i])}; };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3)
    return fail(Code::kUnsupported, ".npy version {}; read are 1, 2 and 3", version);
  const std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) return fail(Code::kInvalidArgument, "truncated .npy file");
  const std::size_t length = byte(8) | byte(9) << 8 | (version == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > bytes.size() - start) return fail(Code::kInvalidArgument, "truncated .npy file");
  return Header{bytes.substr(start, length), start + length};
}

std::string_view unquoted(std::string_view text) {
  const auto end = text.size() > 1 ? text.find(text[0], 1) : text.npos;
  return end == text.npos ? text : text.substr(1, end - 1);
}

}  // namespace

Result<Tensor> decode_npy(std::span<const std::byte> bytes) {
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TRY_ASSIGN(const Header header, header_of(view));
  const auto descr = value_of(header.text, "descr");
  const auto order = value_of(header.text, "fortran_order");
  const auto shape_text = value_of(header.text, "shape");
  if (!descr || !order || !shape_text)
    return fail(Code::kInvalidArgument, "a .npy header without descr, fortran_order or shape");
  TRY_ASSIGN(const DType dtype, dtype_of(unquoted(*descr)));
  auto shape = parse_shape(*shape_text);
  if (!shape) return fail(Code::kInvalidArgument, "a .npy header with a shape that cannot be read");
  TRY_ASSIGN(const std::int64_t elements, element_count(*shape));
  if (order->starts_with("True") && shape->size() > 1) {
    return fail(Code::kUnsupported, "Fortran order; save numpy.ascontiguousarray(x)");
  }
  const std::size_t present = view.size() - header.data_offset;
  if (static_cast<std::uint64_t>(elements) > present / size_of(dtype) ||
      static_cast<std::uint64_t>(elements) * size_of(dtype) != present) {
    return fail(Code::kInvalidArgument, "{} bytes of data, but {} {} needs {}", present, name_of(dtype),
                to_string(*shape), static_cast<std::uint64_t>(elements) * size_of(dtype));
  }
  Tensor tensor(dtype, std::move(*shape));
  if (present > 0) std::memcpy(tensor.bytes().data(), view.data() + header.data_offset, present);
  return tensor;
}

Result<std::vector<std::byte>> encode_npy(const Tensor& tensor) {
  const auto type = std::ranges::find(kTypes, tensor.dtype(), &TypeName::dtype);
  if (type == kTypes.end()) {
    return fail(Code::kUnsupported, ".npy has no type for {}", name_of(tensor.dtype()));
  }
  const char* comma = tensor.shape().size() == 1 ? "," : "";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type->npy,
                                   fmt::join(tensor.shape(), ", "), comma);
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string text(kMagic);
  text += '\x01';
  text += '\x00';
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  const auto data = tensor.bytes();
  std::vector<std::byte> bytes(text.size() + data.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  if (!data.empty()) std::memcpy(bytes.data() + text.size(), data.data(), data.size());
  return bytes;
}

}  // namespace chengying::cli
