// NumPy's .npz format: a zip archive of .npy files, one a tensor. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "cli/named_tensor.h"

namespace chengying::cli {

/// In the archive's order, without the ".npy" of their names. kTooLarge before anything is unpacked if the
/// tensors together have more than `limit_bytes`; kInvalidArgument for what is no such archive.
Result<std::vector<NamedTensor>> decode_npz(std::span<const std::byte> bytes, std::uint64_t limit_bytes);

/// Stored, not compressed; the same tensors give the same bytes.
Result<std::vector<std::byte>> encode_npz(std::span<const NamedTensor> tensors);

}  // namespace chengying::cli
