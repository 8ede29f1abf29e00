// The first 128 bytes of an executable file. Little-endian, fixed places; docs/executable.md has the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/digest.h"
#include "base/error.h"

namespace chengying::isa {

inline constexpr std::uint64_t kHeaderBytes = 128;
inline constexpr std::uint64_t kConstantAlignment = 4096;  // a page, so that constants can be mapped
inline constexpr std::uint32_t kFileVersion = 1;

struct ExecutableHeader {
  std::uint64_t program_bytes = 0;   // of the FlatBuffers block, which starts at kHeaderBytes
  std::uint64_t constant_bytes = 0;  // of the constants, which start at constant_offset() and end the file
  Digest content;                    // SHA-256 of the whole file but these 32 bytes

  std::uint64_t constant_offset() const {
    return (kHeaderBytes + program_bytes + kConstantAlignment - 1) / kConstantAlignment * kConstantAlignment;
  }
  std::uint64_t file_bytes() const { return constant_offset() + constant_bytes; }
};

/// The SHA-256 that belongs into the header of `file` (at least kHeaderBytes long).
Digest content_digest(std::span<const std::byte> file);
/// Writes `header` over the first kHeaderBytes of `file`, its content digest computed over all of `file`.
void write_header(const ExecutableHeader& header, std::span<std::byte> file);
/// Reads and checks a header against the file that it heads: magic, version, sizes, digest. kInvalidArgument
/// if it is not such a file or of another version, kDataLoss if it is one whose bytes are not those that were
/// written.
Result<ExecutableHeader> read_header(std::span<const std::byte> file);

}  // namespace chengying::isa
