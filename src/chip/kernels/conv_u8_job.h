// What all u8 convolution kernels share: the numbers of one call, and the order of its tiles. A kernel set
// gives a table of tile functions, [blocks - 1][pixels - 1]; the loops around them are the same for all.
#pragma once

#include "chip/kernels/conv_plan.h"
#include "isa/instruction.h"
#include "reference/operands.h"

namespace chengying::chip {

struct ConvU8Job {
  ConvPlan plan;
  const std::byte* weights = nullptr;
  std::int64_t block_bytes = 0;  // packed weights of one block of 16 output channels
  const std::int32_t* init = nullptr;
  const float* scale = nullptr;
  std::int32_t channels = 0;  // output channels
  bool is_real = false;       // the output is f32: t as it is
  bool has_inner = false, has_residual = false;
  float inner_low = 0, inner_high = 0, inner_rescale = 1;  // the u8 range relative to the inner zero point
  float residual_zero_point = 0, residual_scale = 1;
  float low = 0, high = 0;  // the epilogue's bounds, of u8 within 0..255 and relative to the zero point
  std::uint8_t lowest = 0;  // epilogue's low as an output byte, at most `high`
  std::int32_t output_zero_point = 0;
};

/// Computes `pixels` x blocks of 16 channels from `channel` on (a multiple of 16; the last block may be
/// partial).
using ConvU8Tile = void (*)(const ConvU8Job& job, const Pixel* pixels, std::int32_t channel);

struct ConvU8Tiles {
  std::int32_t pixels = 1, blocks = 1;       // the largest tile
  bool widen = false;                        // the plan's source has i16 elements
  bool leave_out = false;                    // tiles leave out what their pixels' windows do
  const ConvU8Tile* const* tiles = nullptr;  // [blocks][pixels]
};

/// The numbers of an epilogue that stores `output`, ready for a job.
void set_epilogue(ConvU8Job& job, const isa::Epilogue& epilogue, DType output);

/// Whether a residual's channels lie side by side: kernels leave others to the reference.
bool has_plain_residual(const isa::Epilogue& epilogue);

/// A whole convolution of u8 by tiles.
void run_conv_u8(const isa::Conv& op, const Operands& at, const ConvU8Tiles& tiles);

}  // namespace chengying::chip
