#include "compiler/import/tensor_proto.h"

#include <onnx/onnx_pb.h>

#include <bit>
#include <charconv>
#include <cstring>

#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
  const std::uint32_t exponent = (half >> 10) & 31u;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact in f32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t bits = exponent == 31 ? 0x7f800000u : (exponent + 112) << 23;
  return std::bit_cast<float>(sign | bits | (mantissa << 13));
}

float from_bfloat(std::uint16_t value) {
  return std::bit_cast<float>(std::uint32_t{value} << 16);
}

template <class From>
From load(const std::byte* bytes) {
  From value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

/// Raw little-endian elements of `stored`, as the type that the tensor is held in.
void convert_raw(std::span<const std::byte> raw, DType stored, Tensor& tensor) {
  if (stored == tensor.dtype()) {
    std::memcpy(tensor.bytes().data(), raw.data(), raw.size());
    return;
  }
  const std::span<float> out = tensor.as<float>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    switch (stored) {
      case DType::kF16:
        out[i] = from_half(load<std::uint16_t>(&raw[2 * i]));
        break;
      case DType::kBF16:
        out[i] = from_bfloat(load<std::uint16_t>(&raw[2 * i]));
        break;
      default:
        out[i] = static_cast<float>(load<double>(&raw[8 * i]));
        break;
    }
  }
}

/// Elements from one of the typed fields; `count` is what the field holds.
template <class To, class Field, class Function>
Status convert_field(const Field& field, std::string_view name, Tensor& tensor, Function function) {
  if (field.size() != tensor.elements())
    return fail(Code::kInvalidArgument, "tensor '{}' of shape {} has {} elements in the file", name,
                to_string(tensor.shape()), field.size());
  const std::span<To> out = tensor.as<To>();
  for (int i = 0; i < field.size(); ++i) out[i] = function(field[i]);
  return {};
}

Status convert_typed(const onnx::TensorProto& proto, DType stored, std::string_view name, Tensor& tensor) {
  const auto& ints = proto.int32_data();
  switch (stored) {
    case DType::kF32:
      return convert_field<float>(proto.float_data(), name, tensor, [](float x) { return x; });
    case DType::kF64:
      return convert_field<float>(proto.double_data(), name, tensor,
                                  [](double x) { return static_cast<float>(x); });
    case DType::kI64:
      return convert_field<std::int64_t>(proto.int64_data(), name, tensor, [](std::int64_t x) { return x; });
    case DType::kI32:
      return convert_field<std::int32_t>(ints, name, tensor, [](std::int32_t x) { return x; });
    case DType::kF16:
      return convert_field<float>(ints, name, tensor,
                                  [](std::int32_t x) { return from_half(static_cast<std::uint16_t>(x)); });
    case DType::kBF16:
      return convert_field<float>(ints, name, tensor,
                                  [](std::int32_t x) { return from_bfloat(static_cast<std::uint16_t>(x)); });
    case DType::kI16:
      return convert_field<std::int16_t>(ints, name, tensor,
                                         [](std::int32_t x) { return static_cast<std::int16_t>(x); });
    default:  // u8, i8, bool
      return convert_field<std::uint8_t>(ints, name, tensor,
                                         [](std::int32_t x) { return static_cast<std::uint8_t>(x); });
  }
}

Result<std::int64_t> parse_offset(std::string_view tensor, std::string_view key, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    return fail(Code::kInvalidArgument, "tensor '{}': external data {} '{}' is not a number of bytes", tensor,
                key, text);
  return value;
}

Result<std::span<const std::byte>> external_bytes(const onnx::TensorProto& proto, std::string_view name,
                                                  ExternalData& external) {
  std::string location;
  std::int64_t offset = 0, length = -1;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") {
      TRY_ASSIGN(offset, parse_offset(name, "offset", entry.value()));
    }
    if (entry.key() == "length") {
      TRY_ASSIGN(length, parse_offset(name, "length", entry.value()));
    }
  }
  return external.read(name, location, offset, length);
}

Result<Shape> checked_shape(const onnx::TensorProto& proto, std::string_view name) {
  if (static_cast<std::size_t>(proto.dims_size()) > kRankMax)
    return fail(Code::kTooLarge, "tensor '{}' has {} dimensions; the limit is {}", name, proto.dims_size(),
                kRankMax);
  Shape shape(proto.dims().begin(), proto.dims().end());
  for (const std::int64_t size : shape) {
    if (size < 0) return fail(Code::kInvalidArgument, "tensor '{}' has a dimension of {}", name, size);
    if (size > kDimensionMax)
      return fail(Code::kTooLarge, "tensor '{}' has a dimension of {}; the limit is {}", name, size,
                  kDimensionMax);
  }
  const Result<std::int64_t> elements = element_count(shape);
  if (!elements || *elements > kElementsMax)
    return fail(Code::kTooLarge, "tensor '{}' of shape {} has more than {} elements", name, to_string(shape),
                kElementsMax);
  return shape;
}

}  // namespace

Result<DType> dtype_of_onnx(std::int32_t type, std::string_view what) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return DType::kF32;
    case onnx::TensorProto::UINT8:
      return DType::kU8;
    case onnx::TensorProto::INT8:
      return DType::kI8;
    case onnx::TensorProto::INT16:
      return DType::kI16;
    case onnx::TensorProto::INT32:
      return DType::kI32;
    case onnx::TensorProto::INT64:
      return DType::kI64;
    case onnx::TensorProto::BOOL:
      return DType::kBool;
    case onnx::TensorProto::FLOAT16:
      return DType::kF16;
    case onnx::TensorProto::DOUBLE:
      return DType::kF64;
    case onnx::TensorProto::BFLOAT16:
      return DType::kBF16;
    case onnx::TensorProto::UNDEFINED:
      return fail(Code::kInvalidArgument, "{} has no element type", what);
    default:
      return fail(Code::kUnsupported,
                  "{} has ONNX element type {}; taken are float, float16, bfloat16, double, uint8, "
                  "int8, int16, int32, int64 and bool",
                  what,
                  onnx::TensorProto::DataType_IsValid(type)
                      ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type))
                      : std::to_string(type));
  }
}

DType held_as(DType dtype) {
  return dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kF64 ? DType::kF32 : dtype;
}

Result<std::shared_ptr<const Tensor>> tensor_of_proto(const onnx::TensorProto& proto, std::string_view name,
                                                      ExternalData& external) {
  TRY_ASSIGN(const DType stored, dtype_of_onnx(proto.data_type(), fmt::format("tensor '{}'", name)));
  TRY_ASSIGN(Shape shape, checked_shape(proto, name));
  if (proto.has_segment())
    return fail(Code::kUnsupported, "tensor '{}' is stored in segments; store it whole", name);
  const bool is_external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  std::span<const std::byte> raw;
  if (is_external) {
    TRY_ASSIGN(raw, external_bytes(proto, name, external));
  } else if (proto.has_raw_data()) {
    raw = std::as_bytes(std::span(proto.raw_data()));
  }
  const bool is_raw = is_external || proto.has_raw_data();
  // Before memory is taken: a short file that claims a huge shape must not cost more than its own size.
  const std::size_t wanted = static_cast<std::size_t>(*element_count(shape)) * size_of(stored);
  if (is_raw && raw.size() != wanted)
    return fail(Code::kInvalidArgument, "tensor '{}' of type {} and shape {} needs {} bytes, the file has {}",
                name, name_of(stored), to_string(shape), wanted, raw.size());
  if (!is_raw && wanted > proto.ByteSizeLong() * 8)
    return fail(Code::kInvalidArgument, "tensor '{}' of shape {} has too few elements in the file", name,
                to_string(shape));
  auto tensor = std::make_shared<Tensor>(held_as(stored), std::move(shape));
  if (is_raw) {
    convert_raw(raw, stored, *tensor);
  } else {
    TRY(convert_typed(proto, stored, name, *tensor));
  }
  return tensor;
}

}  // namespace chengying::compiler
