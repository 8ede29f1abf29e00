// Strided: a window of any rank on bytes, in the logical dimensions of a value; and how one or several of
// them become the views of instructions, which have four dimensions. Values; nothing here owns memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/instruction.h"

namespace chengying::compiler::tiles {

/// A node that would need more instructions than this on one core is refused.
inline constexpr std::int64_t kPiecesMax = 1 << 16;

struct Strided {
  isa::Address at;
  DType dtype = DType::kU8;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;  // bytes; 0 repeats
};

/// The image [n, c, h, w] as an instruction sees it: [n, h, w, c].
isa::View image_view(const Strided& image);

/// At most four dimensions as they are, outermost first.
isa::View view_in_order(const Strided& window);

/// The same elements of several operands (equal shapes) as views of equal shapes: dimensions in the order of
/// falling strides of the last operand, neighbours merged where all operands allow. More than four dimensions
/// are left to a loop: one vector of views (in the operands' order) for each step of it. With
/// `keep_innermost` the last logical dimension stays alone and innermost (a softmax's row, a product's
/// reduction).
Result<std::vector<std::vector<isa::View>>> aligned_views(std::span<const Strided> operands,
                                                          bool keep_innermost = false);

/// The copies that move all elements of `source` to `destination`, in row-major order of each: equal shapes,
/// or shapes with equal products (a reshape).
Result<std::vector<isa::Copy>> copies(const Strided& source, const Strided& destination);

}  // namespace chengying::compiler::tiles
