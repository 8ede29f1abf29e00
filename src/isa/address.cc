#include "isa/address.h"

#include <fmt/format.h>

#include "base/check.h"

namespace chengying::isa {

std::uint64_t View::extent_bytes() const {
  // Unsigned on purpose: a view that nobody verified yet may wrap around, but is never undefined behaviour.
  std::uint64_t extent = size_of(dtype);
  for (std::size_t d = 0; d < shape.size(); ++d)
    extent += (static_cast<std::uint64_t>(shape[d]) - 1) * static_cast<std::uint64_t>(stride[d]);
  return extent;
}

View dense_view(Address at, DType dtype, std::array<std::int32_t, 4> shape, std::int64_t pixel_stride_bytes) {
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  CHECK(pixel_stride_bytes >= shape[3] * size);
  View view{.at = at, .dtype = dtype, .shape = shape, .stride = {}};
  view.stride[3] = size;
  view.stride[2] = pixel_stride_bytes;
  view.stride[1] = view.stride[2] * shape[2];
  view.stride[0] = view.stride[1] * shape[1];
  return view;
}

std::string to_string(const Address& address) {
  switch (address.space) {
    case Space::kConstant:
      return fmt::format("const+{:#x}", address.offset);
    case Space::kSram:
      return fmt::format("sram[{}]+{:#x}", address.core, address.offset);
    case Space::kDram:
      return fmt::format("dram+{:#x}", address.offset);
    case Space::kHost:
      return fmt::format("host+{:#x}", address.offset);
  }
  return fmt::format("space{}+{:#x}", static_cast<int>(address.space), address.offset);
}

std::string to_string(const View& view) {
  return fmt::format("{}[{}] @ {} /{}", name_of(view.dtype), fmt::join(view.shape, ","), to_string(view.at),
                     fmt::join(view.stride, ","));
}

}  // namespace chengying::isa
