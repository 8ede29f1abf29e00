// Questions about single operands and numbers of an operation, for verify_operation. `name` is what the
// message calls the thing. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "isa/instruction.h"

namespace chengying::isa {

enum class Role : std::uint8_t { kInput, kOutput };

/// Shape, strides, alignment and, of an output, that no element repeats or overlaps another.
Status verify_view(std::string_view name, const View& view, Role role);
/// The innermost dimension is dense.
Status verify_innermost(std::string_view name, const View& view);
Status verify_dtype(std::string_view name, const View& view, DType wanted);
Status verify_u8_or_f32(std::string_view name, const View& view);
Status verify_same_shape(std::string_view name, const View& view, const View& output);
/// A block of constants lies at a multiple of 64.
Status verify_block(std::string_view name, const Address& at);
/// Of u8: 0 to 255.
Status verify_zero_point(std::string_view name, std::int32_t value);
/// Finite.
Status verify_scale(std::string_view name, float value);
/// low <= high, neither NaN.
Status verify_clamp(float low, float high);
/// Kernel, stride, dilation and padding within the limits, and what an output of this size spans.
Status verify_window(const Window& w, const View& output);

}  // namespace chengying::isa
