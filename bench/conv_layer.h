// The convolutions of ResNet-50 (v1, int8, batch 1) and the matrix products of MiniLM-L6 and BERT-base (128
// tokens), each with operands of its own. The tables of shapes are the public topologies'.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "chip/kernels/kernels.h"
#include "isa/packing.h"
#include "tensor/tensor.h"

namespace chengying {

/// c channels of a square image to k; a matrix product is one row of pixels.
struct ConvShape {
  const char* name;
  std::int32_t c, size_in, k, size_out, kernel, stride, count;
  bool residual;
  bool product = false;
  std::int32_t rows_in() const { return product ? 1 : size_in; }
  std::int32_t rows_out() const { return product ? 1 : size_out; }
};

inline constexpr std::array<ConvShape, 22> kResNet50 = {{
    {"conv1 7x7/2", 3, 224, 64, 112, 7, 2, 1, false},
    {"conv2_1 1x1a", 64, 56, 64, 56, 1, 1, 1, false},
    {"conv2 3x3b", 64, 56, 64, 56, 3, 1, 3, false},
    {"conv2 1x1c", 64, 56, 256, 56, 1, 1, 3, true},
    {"conv2_1 proj", 64, 56, 256, 56, 1, 1, 1, false},
    {"conv2_x 1x1a", 256, 56, 64, 56, 1, 1, 2, false},
    {"conv3_1 1x1a/2", 256, 56, 128, 28, 1, 2, 1, false},
    {"conv3 3x3b", 128, 28, 128, 28, 3, 1, 4, false},
    {"conv3 1x1c", 128, 28, 512, 28, 1, 1, 4, true},
    {"conv3_1 proj/2", 256, 56, 512, 28, 1, 2, 1, false},
    {"conv3_x 1x1a", 512, 28, 128, 28, 1, 1, 3, false},
    {"conv4_1 1x1a/2", 512, 28, 256, 14, 1, 2, 1, false},
    {"conv4 3x3b", 256, 14, 256, 14, 3, 1, 6, false},
    {"conv4 1x1c", 256, 14, 1024, 14, 1, 1, 6, true},
    {"conv4_1 proj/2", 512, 28, 1024, 14, 1, 2, 1, false},
    {"conv4_x 1x1a", 1024, 14, 256, 14, 1, 1, 5, false},
    {"conv5_1 1x1a/2", 1024, 14, 512, 7, 1, 2, 1, false},
    {"conv5 3x3b", 512, 7, 512, 7, 3, 1, 3, false},
    {"conv5 1x1c", 512, 7, 2048, 7, 1, 1, 3, true},
    {"conv5_1 proj/2", 1024, 14, 2048, 7, 1, 2, 1, false},
    {"conv5_x 1x1a", 2048, 7, 512, 7, 1, 1, 2, false},
    {"fc", 2048, 1, 1000, 1, 1, 1, 1, false},
}};

/// Multiply-accumulates.
inline double macs_of(const ConvShape& s) {
  return 1.0 * s.rows_out() * s.size_out * s.k * s.c * s.kernel * s.kernel;
}

inline isa::View image(std::int32_t rows, std::int32_t columns, std::int32_t c, std::int32_t pixel_stride) {
  const std::int64_t row = std::int64_t{columns} * pixel_stride;
  return {{}, DType::kU8, {1, rows, columns, c}, {rows * row, row, pixel_stride, 1}};
}

inline constexpr std::array<ConvShape, 7> kProducts = {{
    {"MiniLM q, k, v, o", 384, 128, 384, 128, 1, 1, 24, false, true},
    {"MiniLM up", 384, 128, 1536, 128, 1, 1, 6, false, true},
    {"MiniLM down", 1536, 128, 384, 128, 1, 1, 6, false, true},
    {"BERT q, k, v, o", 768, 128, 768, 128, 1, 1, 48, false, true},
    {"BERT up", 768, 128, 3072, 128, 1, 1, 12, false, true},
    {"BERT down", 3072, 128, 768, 128, 1, 1, 12, false, true},
    {"one row", 2048, 1, 1000, 1, 1, 1, 1, false, true},
}};

/// One convolution with its own operands.
struct Layer {
  isa::Conv op;
  AlignedBytes input, output, weights, init, scale, residual;
  Operands operands;

  explicit Layer(const ConvShape& s) {
    std::minstd_rand random(1);
    const auto fill = [&](AlignedBytes& bytes) {
      for (std::byte& b : bytes.span()) b = static_cast<std::byte>(random() >> 8);
    };
    const std::int32_t pixel = (s.c + 3) / 4 * 4;
    op.input = image(s.rows_in(), s.size_in, s.c, pixel);
    op.output = image(s.rows_out(), s.size_out, s.k, s.k);
    op.window = {.kernel_h = s.kernel,
                 .kernel_w = s.kernel,
                 .stride_h = s.stride,
                 .stride_w = s.stride,
                 .pad_top = s.kernel / 2,
                 .pad_left = s.kernel / 2};
    op.epilogue.low = 0;
    if (s.residual) {
      op.epilogue.inner = isa::InnerQuantise{120, 0.7F};
      op.epilogue.residual = isa::Residual{op.output, 0.9F, 3};
    }
    input = AlignedBytes(static_cast<std::size_t>(s.rows_in()) * s.size_in * pixel + 64);
    output = AlignedBytes(static_cast<std::size_t>(s.rows_out()) * s.size_out * s.k);
    residual = AlignedBytes(output.size());
    weights = AlignedBytes(isa::packed_conv_i8_bytes({s.k, s.kernel, s.kernel, s.c}));
    const std::size_t padded_k = static_cast<std::size_t>((s.k + 15) / 16 * 16);
    init = AlignedBytes(padded_k * 4);
    scale = AlignedBytes(padded_k * 4);
    fill(input);
    fill(weights);
    fill(residual);
    std::fill_n(reinterpret_cast<float*>(scale.data()), padded_k, 1e-4F);
    operands = {.input = input.data(),
                .second = s.residual ? residual.data() : nullptr,
                .weights = weights.data(),
                .init = init.data(),
                .scale = scale.data(),
                .output = output.data()};
  }
};

}  // namespace chengying
