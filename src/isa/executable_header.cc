#include "isa/executable_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "isa/limits.h"

namespace chengying::isa {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian and read in place");

// Not text: the high bit and the line ends show a transfer that was not binary, as in PNG.
constexpr std::array<unsigned char, 8> kMagic{0x8c, 'C', 'Y', 'X', '\r', '\n', 0x1a, '\n'};

// Places of the fields. What lies between the last field and the digest is zero.
constexpr std::size_t kVersionAt = 8, kHeaderBytesAt = 12, kProgramBytesAt = 16, kConstantOffsetAt = 24,
                      kConstantBytesAt = 32, kFileBytesAt = 40, kReservedAt = 48, kDigestAt = 96;

template <class T>
T load(std::span<const std::byte> file, std::size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof(T));
  return value;
}

template <class T>
void store(std::span<std::byte> file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof(T));
}

Status check_sizes(const ExecutableHeader& header, std::span<const std::byte> file) {
  if (header.program_bytes > limits::kProgramBlockBytes)
    return fail(Code::kTooLarge, "executable: a program block of {} bytes, the limit is {}",
                header.program_bytes, limits::kProgramBlockBytes);
  if (header.constant_bytes > limits::kFileBytes)
    return fail(Code::kTooLarge, "executable: {} bytes of constants, the limit is {}", header.constant_bytes,
                limits::kFileBytes);
  if (load<std::uint32_t>(file, kHeaderBytesAt) != kHeaderBytes ||
      load<std::uint64_t>(file, kConstantOffsetAt) != header.constant_offset() ||
      load<std::uint64_t>(file, kFileBytesAt) != header.file_bytes())
    return fail(Code::kDataLoss, "executable: the sizes in its header contradict each other");
  if (file.size() != header.file_bytes())
    return fail(Code::kDataLoss, "executable: {} bytes, but its header says {}; was it cut off?", file.size(),
                header.file_bytes());
  return {};
}

}  // namespace

Digest content_digest(std::span<const std::byte> file) {
  CHECK(file.size() >= kHeaderBytes);
  Hasher hasher;
  hasher.update(file.first(kDigestAt));
  hasher.update(file.subspan(kHeaderBytes));
  return hasher.finish();
}

void write_header(const ExecutableHeader& header, std::span<std::byte> file) {
  CHECK(file.size() == header.file_bytes());
  std::ranges::fill(file.first(kHeaderBytes), std::byte{0});
  std::memcpy(file.data(), kMagic.data(), kMagic.size());
  store(file, kVersionAt, kFileVersion);
  store(file, kHeaderBytesAt, static_cast<std::uint32_t>(kHeaderBytes));
  store(file, kProgramBytesAt, header.program_bytes);
  store(file, kConstantOffsetAt, header.constant_offset());
  store(file, kConstantBytesAt, header.constant_bytes);
  store(file, kFileBytesAt, header.file_bytes());
  const Digest digest = content_digest(file);
  std::memcpy(file.data() + kDigestAt, digest.bytes.data(), digest.bytes.size());
}

Result<ExecutableHeader> read_header(std::span<const std::byte> file) {
  if (file.size() < kMagic.size() || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0)
    return fail(Code::kInvalidArgument, "not an executable of Chengying (its first bytes are others)");
  if (file.size() < kHeaderBytes)
    return fail(Code::kDataLoss, "executable: {} bytes, its header alone has {}; was it cut off?",
                file.size(), kHeaderBytes);
  const auto version = load<std::uint32_t>(file, kVersionAt);
  if (version > kFileVersion)
    return fail(
        Code::kInvalidArgument,
        "executable: file version {}, this program reads version {}; compile the model again or upgrade",
        version, kFileVersion);
  if (version != kFileVersion)
    return fail(Code::kInvalidArgument,
                "executable: file version {} is no longer read; compile the model again", version);
  ExecutableHeader header;
  header.program_bytes = load<std::uint64_t>(file, kProgramBytesAt);
  header.constant_bytes = load<std::uint64_t>(file, kConstantBytesAt);
  TRY(check_sizes(header, file));
  std::memcpy(header.content.bytes.data(), file.data() + kDigestAt, header.content.bytes.size());
  const auto reserved = file.subspan(kReservedAt, kDigestAt - kReservedAt);
  if (std::ranges::any_of(reserved, [](std::byte byte) { return byte != std::byte{0}; }))
    return fail(Code::kDataLoss, "executable: reserved bytes of its header are not zero");
  if (content_digest(file) != header.content)
    return fail(Code::kDataLoss, "executable: its bytes do not match its digest; it was damaged or changed");
  return header;
}

}  // namespace chengying::isa
