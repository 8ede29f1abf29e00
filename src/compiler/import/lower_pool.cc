// Pooling, and the geometry of sliding windows that it shares with convolution.
#include <algorithm>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

struct Axis {
  std::int64_t in, kernel, stride, dilation, pad_before, pad_after;
  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

Result<WindowExtent> extent_of(NodeLowering& n, Axis a, const std::string& auto_pad, bool ceil_mode) {
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    const std::int64_t out = (a.in + a.stride - 1) / a.stride;
    const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * a.stride + a.reach() - a.in);
    const std::int64_t small = total / 2;
    return WindowExtent{
        .before = auto_pad == "SAME_UPPER" ? small : total - small, .out = out, .padded = total > 0};
  }
  if (auto_pad == "VALID") a.pad_before = a.pad_after = 0;
  const std::int64_t room = a.in + a.pad_before + a.pad_after - a.reach();
  if (room < 0)
    return n.broken(fmt::format("a window over {} places on an input of {} (with its padding)", a.reach(),
                                a.in + a.pad_before + a.pad_after));
  std::int64_t out = room / a.stride + 1;
  if (ceil_mode && room % a.stride != 0 && out * a.stride < a.in + a.pad_before) ++out;  // it starts inside
  WindowExtent extent{.before = a.pad_before, .out = out, .padded = a.pad_before > 0 || a.pad_after > 0};
  extent.overhang = std::max<std::int64_t>(0, (out - 1) * a.stride - room);
  return extent;
}

bool in_range(const std::vector<std::int64_t>& values, std::int64_t least) {
  return std::ranges::all_of(values, [&](std::int64_t v) { return v >= least && v <= kDimensionMax / 4; });
}

}  // namespace

Result<WindowGeometry> window_geometry(NodeLowering& n, const Shape& x,
                                       const std::vector<std::int64_t>& kernel) {
  const std::size_t rank = kernel.size();
  std::vector<std::int64_t> strides = n.integers("strides", std::vector<std::int64_t>(rank, 1));
  std::vector<std::int64_t> dilations = n.integers("dilations", std::vector<std::int64_t>(rank, 1));
  std::vector<std::int64_t> pads = n.integers("pads", std::vector<std::int64_t>(2 * rank, 0));
  if (rank + 2 != x.size() || strides.size() != rank || dilations.size() != rank || pads.size() != 2 * rank)
    return n.broken("kernel, strides, dilations or pads do not have the input's rank");
  if (!in_range(kernel, 1) || !in_range(strides, 1) || !in_range(dilations, 1))
    return n.broken("kernel, strides and dilations must be positive");
  if (!in_range(pads, 0)) return n.refuse("negative padding; put a Slice before");
  const std::string auto_pad = n.text("auto_pad", "NOTSET");
  const bool ceil_mode = n.integer("ceil_mode", 0) != 0;
  WindowGeometry geometry;
  for (std::size_t d = 0; d < rank; ++d) {
    const Axis axis{x[d + 2], kernel[d], strides[d], dilations[d], pads[d], pads[d + rank]};
    TRY_ASSIGN(const WindowExtent extent, extent_of(n, axis, auto_pad, ceil_mode));
    const bool is_w = d + 1 == rank;
    (is_w ? geometry.w : geometry.h) = extent;
    isa::Window& w = geometry.window;
    (is_w ? w.kernel_w : w.kernel_h) = static_cast<std::int32_t>(kernel[d]);
    (is_w ? w.stride_w : w.stride_h) = static_cast<std::int32_t>(strides[d]);
    (is_w ? w.dilation_w : w.dilation_h) = static_cast<std::int32_t>(dilations[d]);
    (is_w ? w.pad_left : w.pad_top) = static_cast<std::int32_t>(extent.before);
  }
  return geometry;
}

namespace {

Result<ValueId> make_pool(NodeLowering& n, ValueId x, isa::PoolKind kind, const WindowGeometry& geometry) {
  const Shape shape = n.shape(x);
  const bool flat = shape.size() == 3;
  if (flat) x = n.reshape(x, {shape[0], shape[1], 1, shape[2]});
  const ValueId y = n.emit(PoolNode{.kind = kind, .window = geometry.window}, {x},
                           Shape{shape[0], shape[1], geometry.h.out, geometry.w.out});
  return flat ? n.reshape(y, {shape[0], shape[1], geometry.w.out}) : y;
}

Status check_rank(NodeLowering& n, ValueId x) {
  const std::size_t rank = n.shape(x).size();
  if (rank == 3 || rank == 4) return {};
  return n.refuse(fmt::format("pooling of rank {}; 3 and 4 are supported", rank));
}

}  // namespace

Status lower_max_pool(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  if (n.value(x).dtype != DType::kU8) TRY(n.real(0));
  TRY(check_rank(n, x));
  TRY_ASSIGN(const WindowGeometry geometry, window_geometry(n, n.shape(x), n.integers("kernel_shape", {})));
  TRY_ASSIGN(const ValueId y, make_pool(n, x, isa::PoolKind::kMax, geometry));
  n.set_result(y);
  return {};
}

Status lower_average_pool(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  TRY(check_rank(n, x));
  TRY_ASSIGN(const WindowGeometry geometry, window_geometry(n, n.shape(x), n.integers("kernel_shape", {})));
  const bool with_pad = n.integer("count_include_pad", 0) != 0 && (geometry.h.padded || geometry.w.padded);
  if (with_pad && (geometry.h.overhang > 0 || geometry.w.overhang > 0))
    return n.refuse("count_include_pad with ceil_mode where windows reach beyond the padding");
  const auto kind = with_pad ? isa::PoolKind::kAverageWithPad : isa::PoolKind::kAverage;
  TRY_ASSIGN(const ValueId y, make_pool(n, x, kind, geometry));
  n.set_result(y);
  return {};
}

/// (sum of |x|^p)^(1/p) in each window: the mean with its padding, times the places of the window.
Status lower_lp_pool(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY(check_rank(n, x.id));
  TRY_ASSIGN(const WindowGeometry geometry, window_geometry(n, x.shape(), n.integers("kernel_shape", {})));
  if (geometry.h.overhang > 0 || geometry.w.overhang > 0)
    return n.refuse("ceil_mode where windows reach beyond the padding");
  const auto p = static_cast<float>(n.integer("p", 2));
  const Real powers = p == 1 ? abs(x) : p == 2 ? x * x : power(abs(x), constant_like(x, p));
  TRY_ASSIGN(const ValueId mean, make_pool(n, powers.id, isa::PoolKind::kAverageWithPad, geometry));
  const isa::Window& w = geometry.window;
  const Real sum = Real{&n, mean} * static_cast<float>(w.kernel_h * w.kernel_w);
  n.set_result((p == 1 ? sum : p == 2 ? sqrt(sum) : power(sum, constant_like(sum, 1 / p))).id);
  return {};
}

Result<ValueId> make_global_pool(NodeLowering& n, ValueId x, isa::PoolKind kind) {
  TRY(check_rank(n, x));
  const Shape& shape = n.shape(x);
  WindowGeometry geometry;
  geometry.window.kernel_h = static_cast<std::int32_t>(shape.size() == 4 ? shape[2] : 1);
  geometry.window.kernel_w = static_cast<std::int32_t>(shape.back());
  return make_pool(n, x, kind, geometry);
}

Status lower_global_pool(NodeLowering& n) {
  const bool maximum = n.node().op == "GlobalMaxPool";
  TRY_ASSIGN(const ValueId x, n.input(0));
  if (!maximum || n.value(x).dtype != DType::kU8) TRY(n.real(0));
  TRY_ASSIGN(const ValueId y,
             make_global_pool(n, x, maximum ? isa::PoolKind::kMax : isa::PoolKind::kAverage));
  n.set_result(y);
  return {};
}

}  // namespace chengying::compiler
