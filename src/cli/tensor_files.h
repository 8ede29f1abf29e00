// Tensors in files, by the file's ending: .npy, .npz (NumPy) and .pb (ONNX TensorProto). Any thread. Every
// error names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/error.h"
#include "cli/named_tensor.h"

namespace chengying::cli {

/// The most bytes that a file of tensors may have, packed or unpacked.
inline constexpr std::uint64_t kTensorFileLimitBytes = std::uint64_t{2} << 30;

/// Whether the ending is one of those above.
bool is_tensor_file(const std::filesystem::path& path);

/// At least one tensor.
Result<std::vector<NamedTensor>> read_tensor_file(const std::filesystem::path& path);

/// .npz takes any number, .npy and .pb exactly one. Crash-safe: the old file or the new one.
Status write_tensor_file(const std::filesystem::path& path, std::span<const NamedTensor> tensors);

}  // namespace chengying::cli
