#include "cli/npz.h"

#include <zip.h>

#include <memory>
#include <string>

#include "cli/npy.h"

namespace chengying::cli {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr zip_int64_t kEntriesMax = 4096;
constexpr zip_uint16_t kFirstDay = 0x21;  // 1980-01-01, the first that zip can say

struct CloseSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Source = std::unique_ptr<zip_source_t, CloseSource>;
using Archive = std::unique_ptr<zip_t, DiscardArchive>;

/// Opens an archive over a source, which both keep a reference to.
Result<Archive> open_archive(zip_source_t* source, int flags) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(source);
  Archive archive(zip_open_from_source(source, flags, &error));
  if (!archive) {
    zip_source_free(source);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    return fail(Code::kInvalidArgument, "not a .npz archive: {}", reason);
  }
  zip_error_fini(&error);
  return archive;
}

Result<std::vector<zip_stat_t>> entries_of(zip_t* archive, std::uint64_t limit_bytes) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count > kEntriesMax)
    return fail(Code::kTooLarge, "{} tensors in the archive; at most {}", count, kEntriesMax);
  std::vector<zip_stat_t> entries;
  std::uint64_t total = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t& entry = entries.emplace_back();
    if (zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &entry) != 0 ||
        !(entry.valid & ZIP_STAT_SIZE) || !(entry.valid & ZIP_STAT_NAME)) {
      return fail(Code::kInvalidArgument, "entry {} of the archive cannot be read", i);
    }
    if (entry.size > limit_bytes - total) {
      return fail(Code::kTooLarge, "the archive's tensors have more than {} bytes", limit_bytes);
    }
    total += entry.size;
  }
  return entries;
}

Result<NamedTensor> read_entry(zip_t* archive, const zip_stat_t& entry) {
  std::string name = entry.name;
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, entry.index, 0));
  if (!file) return fail(Code::kInvalidArgument, "'{}': {}", name, zip_strerror(archive));
  std::vector<std::byte> bytes(entry.size);
  if (zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(entry.size)) {
    return fail(Code::kInvalidArgument, "'{}': its bytes are damaged", name);
  }
  auto tensor = decode_npy(bytes);
  if (!tensor) return within(fmt::format("'{}'", name), tensor.error());
  return NamedTensor{std::move(name), std::move(*tensor)};
}

/// Adds one entry; the archive reads `bytes` when it is closed.
Status add_entry(zip_t* archive, const std::string& name, const std::vector<std::byte>& bytes) {
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  if (source == nullptr) return fail(Code::kResourceExhausted, "out of memory");
  const zip_int64_t index =
      zip_file_add(archive, (name + std::string(kSuffix)).c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return fail(Code::kInvalidArgument, "cannot add '{}': {}", name, zip_strerror(archive));
  }
  const auto at = static_cast<zip_uint64_t>(index);
  zip_set_file_compression(archive, at, ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, at, 0, kFirstDay, 0);
  return {};
}

Result<std::vector<std::byte>> bytes_of(zip_source_t* source) {
  zip_stat_t stat;
  if (zip_source_open(source) != 0 || zip_source_stat(source, &stat) != 0) {
    return fail(Code::kInternal, "cannot read back an archive");
  }
  std::vector<std::byte> bytes(stat.size);
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got != static_cast<zip_int64_t>(bytes.size()))
    return fail(Code::kInternal, "cannot read back an archive");
  return bytes;
}

}  // namespace

Result<std::vector<NamedTensor>> decode_npz(std::span<const std::byte> bytes, std::uint64_t limit_bytes) {
  if (bytes.empty()) return fail(Code::kInvalidArgument, "not a .npz archive: an empty file");
  const Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr));
  if (!source) return fail(Code::kResourceExhausted, "out of memory");
  TRY_ASSIGN(const Archive archive, open_archive(source.get(), ZIP_RDONLY | ZIP_CHECKCONS));
  TRY_ASSIGN(const auto entries, entries_of(archive.get(), limit_bytes));
  std::vector<NamedTensor> tensors;
  for (const zip_stat_t& entry : entries) {
    TRY_ASSIGN(tensors.emplace_back(), read_entry(archive.get(), entry));
  }
  return tensors;
}

Result<std::vector<std::byte>> encode_npz(std::span<const NamedTensor> tensors) {
  const Source source(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  if (!source) return fail(Code::kResourceExhausted, "out of memory");
  TRY_ASSIGN(Archive archive, open_archive(source.get(), ZIP_TRUNCATE));
  std::vector<std::vector<std::byte>> encoded;
  encoded.reserve(tensors.size());
  for (const NamedTensor& named : tensors) {
    TRY_ASSIGN(encoded.emplace_back(), encode_npy(named.tensor));
    TRY(add_entry(archive.get(), named.name, encoded.back()));
  }
  if (zip_close(archive.get()) != 0)
    return fail(Code::kInternal, "cannot write an archive: {}", zip_strerror(archive.get()));
  static_cast<void>(archive.release());  // closed: nothing is left to discard
  return bytes_of(source.get());
}

}  // namespace chengying::cli
