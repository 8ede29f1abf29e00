// Limits on what an executable may hold. Each bounds what a hostile file can cost before it is refused; all
// are far above what a real model needs. decode() holds the file to the first group, verify() the programs to
// both.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chengying::isa::limits {

// The file.
inline constexpr std::uint64_t kFileBytes = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kProgramBlockBytes = std::uint64_t{256} << 20;  // all but the constants
inline constexpr std::size_t kPrograms = 64;
inline constexpr std::size_t kInstructions = std::size_t{1} << 18;  // of all programs together
inline constexpr std::size_t kWaits = std::size_t{1} << 22;         // of all instructions together
inline constexpr std::size_t kCores = 1024;
inline constexpr std::size_t kBindings = 256;                     // inputs, or outputs, of a program
inline constexpr std::size_t kArguments = 4096;                   // of a program
inline constexpr std::size_t kResidences = std::size_t{1} << 16;  // of a program
inline constexpr std::size_t kLayers = std::size_t{1} << 16;
inline constexpr std::size_t kRank = 8;
inline constexpr std::size_t kNameBytes = 4096;
inline constexpr std::size_t kMetadataEntries = 256;
inline constexpr std::size_t kTextBytes = std::size_t{32} << 20;  // all names and metadata together
inline constexpr std::int32_t kBatch = 1 << 16;

// One instruction. Products of these stay far inside 64 bits.
inline constexpr std::int32_t kDimension = 1 << 24;                  // of a view
inline constexpr std::int64_t kElements = std::int64_t{1} << 40;     // of a view, or of a layer's weights
inline constexpr std::int64_t kExtentBytes = std::int64_t{1} << 48;  // of a view along one dimension
inline constexpr std::int32_t kKernel = 4096;       // kernel, stride and dilation of a window
inline constexpr std::int32_t kGroup = 4096;        // of a reduction that share a scale
inline constexpr std::int32_t kTaps = 64;           // rows, or columns, that an output of a resize sums up
inline constexpr std::int32_t kPosition = 1 << 28;  // rows or columns that the windows of an output span
inline constexpr std::int32_t kPoolPlaces =
    1 << 23;  // places of a pool's window: their sum of u8 stays in 31 bits

// Work of verify: steps in comparing views, and clock entries (instructions x engines in use).
inline constexpr std::uint64_t kCompareSteps = std::uint64_t{1} << 26;
inline constexpr std::uint64_t kClockEntries = std::uint64_t{1} << 24;

}  // namespace chengying::isa::limits
