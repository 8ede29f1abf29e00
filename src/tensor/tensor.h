// Tensor: a dense, row-major array in host memory, owned, aligned to 64 bytes. What models take and give.
// A value: copying copies the bytes. Its invariant: bytes().size() == elements() * size_of(dtype()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "tensor/dtype.h"

namespace chengying {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions; 1 for a scalar. Error if a dimension is negative or the product overflows
/// 2^62 elements.
Result<std::int64_t> element_count(const Shape& shape);
/// "[1,3,224,224]"
std::string to_string(const Shape& shape);

/// Bytes aligned to 64, zeroed. Growth is not its business: made once with its size.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size);
  AlignedBytes(const AlignedBytes& other);
  AlignedBytes(AlignedBytes&& other) noexcept;
  AlignedBytes& operator=(AlignedBytes other) noexcept;
  ~AlignedBytes();
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> span() { return {data_, size_}; }
  std::span<const std::byte> span() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class Tensor {
 public:
  Tensor() = default;
  /// Zeroed. CHECKs that the shape is valid: call element_count first on a shape from outside.
  Tensor(DType dtype, Shape shape);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t elements() const { return elements_; }
  std::span<std::byte> bytes() { return bytes_.span(); }
  std::span<const std::byte> bytes() const { return bytes_.span(); }

  /// The elements as T; CHECKs that sizeof(T) is the element's size.
  template <class T>
  std::span<T> as() {
    check_element_size(sizeof(T));
    return {reinterpret_cast<T*>(bytes_.data()), static_cast<std::size_t>(elements_)};
  }
  template <class T>
  std::span<const T> as() const {
    check_element_size(sizeof(T));
    return {reinterpret_cast<const T*>(bytes_.data()), static_cast<std::size_t>(elements_)};
  }

  /// The same bytes under another shape of as many elements (CHECKed).
  Tensor reshaped(Shape shape) const;

 private:
  void check_element_size(std::size_t size) const;

  DType dtype_ = DType::kF32;
  Shape shape_{0};
  std::int64_t elements_ = 0;
  AlignedBytes bytes_;
};

}  // namespace chengying
