// Addresses and views: how an instruction names bytes. Values; nothing here owns memory.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "tensor/dtype.h"

namespace chengying::isa {

/// A bound that bounds nothing.
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The four memories that an instruction can name. Offsets are in bytes from the start of the memory *of the
/// slice*: a program cannot express an address of another slice.
enum class Space : std::uint8_t {
  kConstant,  // the executable's constants: read only, mapped from its file, shared by all slices
  kSram,      // the local memory of core `core` of the slice
  kDram,      // the slice's DRAM range
  kHost,      // the request's input and output tensors, laid one after another (see Program::inputs)
};

struct Address {
  Space space = Space::kConstant;
  std::uint16_t core = 0;  // only for kSram: index of the core within the slice
  std::uint64_t offset = 0;
  bool operator==(const Address&) const = default;
  Address operator+(std::uint64_t bytes) const { return {space, core, offset + bytes}; }
};

/// A strided window of up to four dimensions, outermost first; images are [n, h, w, c], matrices [1, 1, m,
/// k]. Element (i0, i1, i2, i3) lies at `at.offset + sum(i_d * stride[d])`. Strides are in bytes and not
/// negative; stride 0 repeats (broadcast), which only inputs may do.
struct View {
  Address at;
  DType dtype = DType::kU8;
  std::array<std::int32_t, 4> shape{1, 1, 1, 1};   // each >= 1
  std::array<std::int64_t, 4> stride{0, 0, 0, 0};  // bytes

  bool operator==(const View&) const = default;
  std::int64_t elements() const { return std::int64_t{shape[0]} * shape[1] * shape[2] * shape[3]; }
  /// Bytes from the first byte of the first element to the last byte of the last one.
  std::uint64_t extent_bytes() const;
};

/// A view of a dense [n, h, w, c] array at `at`, whose pixels lie `pixel_stride_bytes` apart
/// (>= c * element size).
View dense_view(Address at, DType dtype, std::array<std::int32_t, 4> shape, std::int64_t pixel_stride_bytes);

/// "sram[1]+0x40", "const+0x1000", "dram+0x0", "host+0x0"
std::string to_string(const Address& address);
/// "u8[1,56,56,64] @ sram[0]+0x400 /200704,3584,64,1"
std::string to_string(const View& view);

}  // namespace chengying::isa
