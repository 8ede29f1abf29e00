// DType: the element types of tensors outside the chip and of operands on it. A closed list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chengying {

enum class DType : std::uint8_t { kU8, kI8, kI16, kI32, kI64, kF16, kBF16, kF32, kF64, kBool };
inline constexpr std::size_t kDTypeCount = 10;

/// Bytes of one element.
std::size_t size_of(DType dtype);
/// The text form, as dumps and JSON have it: "u8", "f32", ...
std::string_view name_of(DType dtype);
/// The Open Inference Protocol's name: "UINT8", "FP32", ...
std::string_view protocol_name_of(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
std::optional<DType> dtype_from_protocol_name(std::string_view name);

}  // namespace chengying
