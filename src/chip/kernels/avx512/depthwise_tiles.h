// What the tiles of depthwise_u8.cc are: which blocks of 16 channels they hold, and their constants, spread
// over registers as the tiles want them. Only for files of this folder.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "chip/kernels/conv_u8_job.h"
#include "chip/kernels/unrolled.h"
#include "isa/packing.h"

namespace chengying::chip::avx512 {

inline constexpr std::int32_t kBlock = isa::kChannelBlock;
inline constexpr std::int64_t kVector = 64;  // bytes

/// A tile's constants, vector j of each kind holding channels 4j .. 4j + 3 of each quarter: 4 vectors of
/// init, 4 of scale, then 4 for each group of places (or, for pairs, 8 for each row: the left pixel's, the
/// right's).
struct TileConstants {
  const std::byte* at = nullptr;
  __m512i init(int j) const { return _mm512_load_si512(at + j * kVector); }
  __m512 scale(int j) const { return _mm512_load_ps(at + (4 + j) * kVector); }
  __m512i weights(std::int64_t step, int j) const {
    return _mm512_load_si512(at + (8 + 4 * step + j) * kVector);
  }
};

struct DepthwiseJob {
  ConvU8Job common;
  std::int32_t groups = 0;  // of four places
  bool pairs = false;
};

/// 16 bytes of a register. (g++ 12 warns of its own header where the unmasked intrinsic is inlined.)
template <int kQuarter>
CHENGYING_INLINE inline __m128i quarter_of(__m512i x) {
  return _mm512_maskz_extracti32x4_epi32(0xf, x, kQuarter);
}

/// How 16-channel blocks are put into tiles: as many of 64 channels as there are, then 32 of two pixels, then
/// 16 of four.
struct Tiling {
  std::int32_t whole, blocks;
  bool two;  // a tile of 32 channels
  std::int32_t four_from() const { return 4 * whole + (two ? 2 : 0); }
  std::int32_t tiles() const { return whole + (two ? 1 : 0) + blocks - four_from(); }
  std::array<std::int32_t, 4> blocks_of(std::int32_t tile) const {
    if (tile < whole) return {4 * tile, 4 * tile + 1, 4 * tile + 2, 4 * tile + 3};
    if (two && tile == whole) return {4 * whole, 4 * whole + 1, 4 * whole, 4 * whole + 1};
    const std::int32_t block = blocks - (tiles() - tile);
    return {block, block, block, block};
  }
};

Tiling tiling_of(std::int32_t channels);

/// Writes the constants of the tile whose quarters are the given blocks of 16 channels to `to`.
void prepare(const DepthwiseJob& job, const std::array<std::int32_t, 4>& blocks, bool pairs, std::byte* to);

}  // namespace chengying::chip::avx512
