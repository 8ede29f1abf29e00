// The epilogue of Conv and DepthwiseConv on one sum (see isa::Epilogue).
#pragma once

#include "isa/instruction.h"
#include "reference/elements.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {

/// `at_residual` points to the residual's element, null without one.
inline std::uint8_t finish_u8(const isa::Epilogue& e, std::uint32_t sum, float scale,
                              const std::byte* at_residual) {
  float t = static_cast<float>(static_cast<std::int32_t>(sum)) * scale;
  if (e.inner) {
    const std::int32_t q = exact::requantise(t, e.inner->zero_point, 0, 255);
    t = static_cast<float>(q - e.inner->zero_point) * e.inner->rescale;
  }
  if (e.residual) {
    const std::int32_t r = load<std::uint8_t>(at_residual);
    t = __builtin_fmaf(static_cast<float>(r - e.residual->zero_point), e.residual->scale, t);
  }
  return exact::requantise_u8(exact::clamp<float>(t, e.low, e.high), e.output_zero_point);
}

/// `sum` in real numbers.
inline float finish_f32(const isa::Epilogue& e, float sum, const std::byte* at_residual) {
  const float t = e.residual ? sum + load<float>(at_residual) : sum;
  return exact::clamp<float>(t, e.low, e.high);
}

}  // namespace chengying::reference
