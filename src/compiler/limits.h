// Limits on what is taken from outside: each is far above what a model of today needs, and low enough that a
// file made to hurt is refused before it costs memory or time.
#pragma once

#include <cstdint>

namespace chengying::compiler {

inline constexpr std::uint64_t kModelBytesMax =
    (std::uint64_t{1} << 31) - 1;                                           // what protobuf itself can hold
inline constexpr std::uint64_t kExternalBytesMax = std::uint64_t{1} << 33;  // external data of one model
inline constexpr std::size_t kModelNodesMax = 200'000;
inline constexpr std::size_t kModelTensorsMax = 200'000;  // initialisers
inline constexpr std::size_t kModelPortsMax = 256;        // inputs, outputs
inline constexpr std::size_t kRankMax = 8;
inline constexpr std::int64_t kDimensionMax = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t kElementsMax = std::int64_t{1} << 31;        // of one tensor, bound
inline constexpr std::int64_t kFoldedElementsMax = std::int64_t{1} << 25;  // of a constant that import makes
inline constexpr std::int64_t kPlacesMax = std::int64_t{1} << 22;          // elements chosen one by one
inline constexpr std::size_t kNameBytesMax = 4096;
inline constexpr double kSearchSecondsMax = 24 * 3600;
inline constexpr std::size_t kUnsupportedListedMax = 200;  // nodes named in one refusal

}  // namespace chengying::compiler
