#include "cli/tensor_proto.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace chengying::cli {
namespace {

struct ElementType {
  int number;
  DType dtype;
};
constexpr std::array<ElementType, 10> kTypes = {{{onnx::TensorProto::FLOAT, DType::kF32},
                                                 {onnx::TensorProto::UINT8, DType::kU8},
                                                 {onnx::TensorProto::INT8, DType::kI8},
                                                 {onnx::TensorProto::INT16, DType::kI16},
                                                 {onnx::TensorProto::INT32, DType::kI32},
                                                 {onnx::TensorProto::INT64, DType::kI64},
                                                 {onnx::TensorProto::BOOL, DType::kBool},
                                                 {onnx::TensorProto::FLOAT16, DType::kF16},
                                                 {onnx::TensorProto::DOUBLE, DType::kF64},
                                                 {onnx::TensorProto::BFLOAT16, DType::kBF16}}};

Result<DType> dtype_of(const onnx::TensorProto& proto) {
  for (const ElementType& type : kTypes) {
    if (type.number == proto.data_type()) return type.dtype;
  }
  return fail(Code::kUnsupported, "a tensor of ONNX element type {}", proto.data_type());
}

/// The values of a typed field (each at least as wide as the element) as elements of T.
template <class T, class Field>
bool copy_field(const Field& field, Tensor& tensor) {
  if (field.size() != tensor.elements()) return false;
  auto elements = tensor.as<T>();
  for (int i = 0; i < field.size(); ++i) elements[static_cast<std::size_t>(i)] = static_cast<T>(field.Get(i));
  return true;
}

bool copy_typed_data(const onnx::TensorProto& proto, Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kF32:
      return copy_field<float>(proto.float_data(), tensor);
    case DType::kF64:
      return copy_field<double>(proto.double_data(), tensor);
    case DType::kI64:
      return copy_field<std::int64_t>(proto.int64_data(), tensor);
    case DType::kI32:
      return copy_field<std::int32_t>(proto.int32_data(), tensor);
    case DType::kI16:
    case DType::kF16:
    case DType::kBF16:
      return copy_field<std::uint16_t>(proto.int32_data(), tensor);
    case DType::kU8:
    case DType::kI8:
    case DType::kBool:
      return copy_field<std::uint8_t>(proto.int32_data(), tensor);
  }
  return false;
}

}  // namespace

Result<NamedTensor> decode_tensor_proto(std::span<const std::byte> bytes) {
  onnx::TensorProto proto;
  if (bytes.size() > std::size_t{std::numeric_limits<int>::max()} ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::kInvalidArgument, "not an ONNX TensorProto");
  }
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    return fail(Code::kUnsupported, "a tensor whose data is in another file");
  }
  TRY_ASSIGN(const DType dtype, dtype_of(proto));
  Shape shape(proto.dims().begin(), proto.dims().end());
  TRY_ASSIGN(const std::int64_t elements, element_count(shape));
  const auto size = static_cast<std::uint64_t>(elements) * size_of(dtype);
  if (size > std::uint64_t{bytes.size()} * 8) {  // no encoding is denser, so don't allocate it
    return fail(Code::kInvalidArgument, "{} bytes hold no tensor of shape {}", bytes.size(),
                to_string(shape));
  }
  Tensor tensor(dtype, std::move(shape));
  if (proto.has_raw_data()) {
    if (proto.raw_data().size() != size) {
      return fail(Code::kInvalidArgument, "{} bytes of data, but {} {} needs {}", proto.raw_data().size(),
                  name_of(dtype), to_string(tensor.shape()), size);
    }
    if (size > 0) std::memcpy(tensor.bytes().data(), proto.raw_data().data(), size);
  } else if (!copy_typed_data(proto, tensor)) {
    return fail(Code::kInvalidArgument, "the data's element count is not that of shape {}",
                to_string(tensor.shape()));
  }
  return NamedTensor{proto.name(), std::move(tensor)};
}

std::vector<std::byte> encode_tensor_proto(const NamedTensor& named) {
  onnx::TensorProto proto;
  proto.set_name(named.name);
  for (const std::int64_t dimension : named.tensor.shape()) proto.add_dims(dimension);
  for (const ElementType& type : kTypes) {
    if (type.dtype == named.tensor.dtype()) proto.set_data_type(type.number);
  }
  const auto data = named.tensor.bytes();
  proto.set_raw_data(data.data(), data.size());
  std::vector<std::byte> bytes(proto.ByteSizeLong());
  CHECK(proto.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

}  // namespace chengying::cli
