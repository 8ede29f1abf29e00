// ConvPlan: a sliding window made into runs of contiguous bytes. Where the window can leave the image, the
// rows that this call needs are copied once into scratch with their border; then every kernel place of every
// output pixel is a fixed offset from the pixel's first one, and kernel columns that lie side by side in
// memory (with their weights) join into one long run. Compiled for the baseline CPU; shared by all kernel
// sets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "isa/instruction.h"
#include "reference/operands.h"

namespace chengying::chip {

/// Kernel rows, or columns, [first, last) that lie inside of the image.
struct WindowPart {
  std::int16_t first = 0, last = 0;
  bool operator==(const WindowPart&) const = default;
};

struct ConvPlan {
  const std::byte* source = nullptr;  // the window's first place of output pixel (0, 0, 0)
  std::int64_t stride_n = 0, stride_y = 0, stride_x = 0;  // bytes between output pixels' windows
  const std::int64_t* run_offsets = nullptr;              // [runs], bytes from the window's first place
  std::int32_t runs = 0;                                  // in the order of the packed weights
  std::int32_t run_elements = 0;  // elements of a run (u8: rounded up to 4), contiguous in source and weights
  std::int32_t runs_of_row = 0;   // runs of a kernel row: 1 if its columns are joined
  std::int32_t pixel_elements = 0;
  /// Of each output row and column, where leaving the rest out changes nothing and leaves out something; else
  /// null.
  const WindowPart* rows = nullptr;
  const WindowPart* columns = nullptr;
};

/// How a plan may lay things out.
struct PlanWish {
  std::size_t pixel_elements =
      0;  // elements of a pixel as the weights have them (u8: channels rounded up to 4)
  std::size_t element_bytes = 1;  // in the source
  bool widen = false;             // copy u8 to i16, always (kernels without VNNI)
  bool join_columns = true;       // weights of neighbouring columns are contiguous
  bool leave_out = false;         // say which places lie outside of the image, where they are 0
};

/// The plan points into this thread's scratch and is valid until its next one.
ConvPlan plan_conv(const isa::View& input, const isa::View& output, const isa::Window& window,
                   const std::byte* at_input, std::uint8_t pad_value, const PlanWish& wish);

/// One output pixel: where its window, its output and its residual (or null) begin.
struct Pixel {
  const std::byte* in = nullptr;
  std::byte* out = nullptr;
  const std::byte* residual = nullptr;
  WindowPart rows{}, columns{};  // as the plan has them, if it has
};

/// Orders pixels so that those that leave out the same lie together; gives the ends of such runs, of which
/// there are at most `most` (the last one has what is left over).
std::int32_t group_by_window(Pixel* pixels, std::int64_t count, std::int64_t* ends, std::int32_t most);

/// Walks over output pixels in the order n, y, x.
class PixelWalk {
 public:
  PixelWalk(const ConvPlan& plan, const isa::View& output, const isa::Epilogue& epilogue, const Operands& at);
  /// Fills `count` pixels and steps past them.
  void take(Pixel* pixels, std::int64_t count);

 private:
  ConvPlan plan_;
  std::array<std::int64_t, 3> out_{}, residual_{};
  std::int32_t height_, width_;
  Pixel image_, row_, pixel_;  // starts of the current image and row, and the next pixel
  std::int32_t y_ = 0, x_ = 0;
};

}  // namespace chengying::chip
