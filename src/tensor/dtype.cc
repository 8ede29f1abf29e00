#include "tensor/dtype.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace chengying {
namespace {

struct DTypeRow {
  DType dtype;
  std::size_t size_bytes;
  std::string_view name;
  std::string_view protocol_name;
};

constexpr std::array<DTypeRow, kDTypeCount> kDTypes = {{
    {DType::kU8, 1, "u8", "UINT8"},
    {DType::kI8, 1, "i8", "INT8"},
    {DType::kI16, 2, "i16", "INT16"},
    {DType::kI32, 4, "i32", "INT32"},
    {DType::kI64, 8, "i64", "INT64"},
    {DType::kF16, 2, "f16", "FP16"},
    {DType::kBF16, 2, "bf16", "BF16"},
    {DType::kF32, 4, "f32", "FP32"},
    {DType::kF64, 8, "f64", "FP64"},
    {DType::kBool, 1, "bool", "BOOL"},
}};

const DTypeRow& row_of(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  CHECK(index < kDTypes.size() && kDTypes[index].dtype == dtype);
  return kDTypes[index];
}

template <auto Member>
std::optional<DType> find(std::string_view name) {
  const auto row = std::ranges::find(kDTypes, name, Member);
  if (row == kDTypes.end()) return std::nullopt;
  return row->dtype;
}

}  // namespace

std::size_t size_of(DType dtype) {
  return row_of(dtype).size_bytes;
}
std::string_view name_of(DType dtype) {
  return row_of(dtype).name;
}
std::string_view protocol_name_of(DType dtype) {
  return row_of(dtype).protocol_name;
}
std::optional<DType> dtype_from_name(std::string_view name) {
  return find<&DTypeRow::name>(name);
}
std::optional<DType> dtype_from_protocol_name(std::string_view name) {
  return find<&DTypeRow::protocol_name>(name);
}

}  // namespace chengying
