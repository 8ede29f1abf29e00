#include "compiler/import/external_data.h"

#include <algorithm>
#include <system_error>

#include "compiler/limits.h"

namespace chengying::compiler {

namespace fs = std::filesystem;

Result<fs::path> ExternalData::resolve(std::string_view tensor, const std::string& location) const {
  if (model_path_.empty())
    return fail(Code::kInvalidArgument,
                "tensor '{}' has its data in another file ('{}'); a model that is uploaded must be one file",
                tensor, location);
  const fs::path relative(location);
  const auto outside = [&] {
    return fail(Code::kInvalidArgument,
                "tensor '{}' has its data at '{}', outside of the model's folder; only files inside are read",
                tensor, location);
  };
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute())
    return outside();
  if (std::ranges::any_of(relative, [](const fs::path& part) { return part == ".."; })) return outside();

  std::error_code error;
  const fs::path folder = fs::canonical(fs::absolute(model_path_).parent_path(), error);
  if (error) return fail(Code::kNotFound, "the model's folder can't be read: {}", error.message());
  const fs::path path = fs::canonical(folder / relative, error);
  if (error)
    return fail(Code::kInvalidArgument, "tensor '{}' has its data in '{}', which can't be read: {}", tensor,
                location, error.message());
  // A link inside of the folder may lead out of it.
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  if (end != folder.end()) return outside();
  return path;
}

Result<std::span<const std::byte>> ExternalData::read(std::string_view tensor, const std::string& location,
                                                      std::int64_t offset, std::int64_t length) {
  TRY_ASSIGN(const fs::path path, resolve(tensor, location));
  auto found = files_.find(path.string());
  if (found == files_.end()) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (!error && size > kExternalBytesMax)
      return fail(Code::kTooLarge, "external data '{}' has {} bytes; the limit is {}", location, size,
                  kExternalBytesMax);
    TRY_ASSIGN(MappedFile file, MappedFile::open(path));
    found = files_.emplace(path.string(), std::move(file)).first;
  }
  const std::span<const std::byte> bytes = found->second.bytes();
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (offset < 0 || offset > size || length < -1 || (length >= 0 && length > size - offset))
    return fail(Code::kInvalidArgument,
                "tensor '{}' has its data at bytes {} to {} of '{}', which has only {}", tensor, offset,
                length < 0 ? std::string("the end") : fmt::format("{}+{}", offset, length), location, size);
  return length < 0 ? bytes.subspan(static_cast<std::size_t>(offset))
                    : bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

}  // namespace chengying::compiler
