#include "cli/tensor_files.h"

#include <array>
#include <string>

#include "base/file.h"
#include "cli/npy.h"
#include "cli/npz.h"
#include "cli/tensor_proto.h"

namespace chengying::cli {
namespace {

using Tensors = std::vector<NamedTensor>;
using Bytes = std::vector<std::byte>;

Result<Tensors> one(Result<NamedTensor> named) {
  if (!named) return std::unexpected<Error>(named.error());
  Tensors tensors;
  tensors.push_back(std::move(*named));
  return tensors;
}

struct Format {
  std::string_view ending;
  bool many;
  Result<Tensors> (*decode)(std::span<const std::byte>);
  Result<Bytes> (*encode)(std::span<const NamedTensor>);
};

constexpr std::array<Format, 3> kFormats = {{
    {".npy", false,
     [](std::span<const std::byte> bytes) {
       auto tensor = decode_npy(bytes);
       if (!tensor) return Result<Tensors>(std::unexpected<Error>(tensor.error()));
       return one(NamedTensor{"", std::move(*tensor)});
     },
     [](std::span<const NamedTensor> tensors) { return encode_npy(tensors[0].tensor); }},
    {".npz", true, [](std::span<const std::byte> bytes) { return decode_npz(bytes, kTensorFileLimitBytes); },
     [](std::span<const NamedTensor> tensors) { return encode_npz(tensors); }},
    {".pb", false, [](std::span<const std::byte> bytes) { return one(decode_tensor_proto(bytes)); },
     [](std::span<const NamedTensor> tensors) { return Result<Bytes>(encode_tensor_proto(tensors[0])); }},
}};

const Format* format_of(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  for (const Format& format : kFormats) {
    if (format.ending == ending) return &format;
  }
  return nullptr;
}

}  // namespace

bool is_tensor_file(const std::filesystem::path& path) {
  return format_of(path) != nullptr;
}

Result<Tensors> read_tensor_file(const std::filesystem::path& path) {
  const Format* format = format_of(path);
  if (format == nullptr) {
    return fail(Code::kInvalidArgument,
                "{}: neither a photograph (.jpg, .png) nor a tensor (.npy, .npz, .pb), by its name",
                path.string());
  }
  TRY_ASSIGN(const Bytes bytes, read_file(path, kTensorFileLimitBytes));
  auto tensors = format->decode(bytes);
  if (!tensors) return within(path.string(), tensors.error());
  if (tensors->empty()) return fail(Code::kInvalidArgument, "{}: holds no tensor", path.string());
  return tensors;
}

Status write_tensor_file(const std::filesystem::path& path, std::span<const NamedTensor> tensors) {
  const Format* format = format_of(path);
  if (format == nullptr) {
    return fail(Code::kInvalidArgument, "{}: tensors are written to .npy, .npz and .pb", path.string());
  }
  if (!format->many && tensors.size() != 1) {
    return fail(Code::kInvalidArgument, "{}: a {} file holds one tensor, not {}; use .npz", path.string(),
                format->ending, tensors.size());
  }
  const auto bytes = format->encode(tensors);
  if (!bytes) return within(path.string(), bytes.error());
  return write_file_atomically(path, *bytes);
}

}  // namespace chengying::cli
