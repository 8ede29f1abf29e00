#include "tensor/tensor.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace chengying {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::int64_t kMaxElements = std::int64_t{1} << 62;

/// From here on memory comes from the system itself: zeroed as it is touched, and in pages of 2 MiB where the
/// system has them, since most of what a large tensor costs is the taking of its pages.
constexpr std::size_t kLargeBytes = std::size_t{4} << 20;

/// Zeroed only if it is large.
std::byte* take(std::size_t size) {
  if (size < kLargeBytes) return static_cast<std::byte*>(::operator new(size, kAlignment));
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  ::madvise(data, size, MADV_HUGEPAGE);  // a wish: where it is not heard all works the same
  return static_cast<std::byte*>(data);
}

void give_back(std::byte* data, std::size_t size) {
  if (size < kLargeBytes)
    ::operator delete(data, kAlignment);
  else
    ::munmap(data, size);
}

}  // namespace

Result<std::int64_t> element_count(const Shape& shape) {
  std::int64_t count = 1;
  bool zero = false;
  for (const std::int64_t dim : shape) {
    if (dim < 0) return fail(Code::kInvalidArgument, "shape {} has a negative dimension", to_string(shape));
    if (dim == 0)
      zero = true;
    else if (count > kMaxElements / dim)
      return fail(Code::kInvalidArgument, "shape {} has more than 2^62 elements", to_string(shape));
    else
      count *= dim;
  }
  return zero ? 0 : count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", shape[i]);
  return text + "]";
}

AlignedBytes::AlignedBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  data_ = take(size);
  if (size < kLargeBytes) std::memset(data_, 0, size);
}

AlignedBytes::AlignedBytes(const AlignedBytes& other) : size_(other.size_) {
  if (size_ == 0) return;
  data_ = take(size_);
  std::memcpy(data_, other.data_, size_);
}

AlignedBytes::AlignedBytes(AlignedBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AlignedBytes& AlignedBytes::operator=(AlignedBytes other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

AlignedBytes::~AlignedBytes() {
  if (data_ != nullptr) give_back(data_, size_);
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const auto count = element_count(shape_);
  CHECK(count.has_value());
  elements_ = *count;
  bytes_ = AlignedBytes(static_cast<std::size_t>(elements_) * size_of(dtype));
}

Tensor Tensor::reshaped(Shape shape) const {
  const auto count = element_count(shape);
  CHECK(count.has_value() && *count == elements_);
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

void Tensor::check_element_size(std::size_t size) const {
  CHECK(size == size_of(dtype_));
}

}  // namespace chengying
