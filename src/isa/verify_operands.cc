#include "isa/verify_operands.h"

#include <cmath>

#include "isa/footprint.h"
#include "isa/limits.h"

namespace chengying::isa {
namespace {

constexpr std::uint64_t kBlockAlignment = 64;

/// Kernel, stride, dilation and padding along one dimension, of an input and an output of these lengths.
Status verify_window_side(std::string_view side, std::int64_t kernel, std::int64_t stride,
                          std::int64_t dilation, std::int64_t pad, std::int64_t output) {
  const auto in_range = [](std::int64_t value) { return value >= 1 && value <= limits::kKernel; };
  if (!in_range(kernel) || !in_range(stride) || !in_range(dilation))
    return fail(Code::kInvalidArgument,
                "window has kernel {}, stride {}, dilation {} along its {}; allowed: 1 to {}", kernel, stride,
                dilation, side, limits::kKernel);
  const std::int64_t reach = (output - 1) * stride + (kernel - 1) * dilation;
  if (std::abs(pad) <= limits::kPosition && reach <= limits::kPosition) return {};
  return fail(Code::kInvalidArgument,
              "window reaches {} places with padding {} along its {}; the limit is {}", reach, pad, side,
              limits::kPosition);
}

}  // namespace

Status verify_view(std::string_view name, const View& view, Role role) {
  const auto size = static_cast<std::int64_t>(size_of(view.dtype));
  std::int64_t elements = 1;
  for (std::size_t d = 0; d < 4; ++d) {
    const std::int64_t count = view.shape[d], stride = view.stride[d];
    if (count < 1 || count > limits::kDimension)
      return fail(Code::kInvalidArgument, "{} {} has a dimension of {}; allowed: 1 to {}", name,
                  to_string(view), count, limits::kDimension);
    if (stride < 0 || stride > limits::kExtentBytes / count)
      return fail(Code::kInvalidArgument, "{} {} has a stride of {}; allowed: 0 to {}", name, to_string(view),
                  stride, limits::kExtentBytes / count);
    if (stride % size != 0)
      return fail(Code::kInvalidArgument,
                  "{} {} has a stride of {}, not a multiple of its element's {} bytes", name, to_string(view),
                  stride, size);
    if (elements > limits::kElements / count)
      return fail(Code::kTooLarge, "{} {} has more than {} elements", name, to_string(view),
                  limits::kElements);
    elements *= count;
  }
  if (view.at.offset % static_cast<std::uint64_t>(size) != 0)
    return fail(Code::kInvalidArgument, "{} {} is not aligned to its element's {} bytes", name,
                to_string(view), size);
  if (role == Role::kInput) return {};
  for (std::size_t d = 0; d < 4; ++d)
    if (view.shape[d] > 1 && view.stride[d] == 0)
      return fail(Code::kInvalidArgument, "{} {} repeats an element; only inputs may have stride 0", name,
                  to_string(view));
  if (!Footprint::of(view).nested())
    return fail(Code::kInvalidArgument, "{} {} has elements that overlap each other", name, to_string(view));
  return {};
}

Status verify_innermost(std::string_view name, const View& view) {
  const auto size = static_cast<std::int64_t>(size_of(view.dtype));
  if (view.stride[3] == size) return {};
  return fail(Code::kInvalidArgument,
              "{} {} has an innermost stride of {}; its element's size, {}, is needed", name, to_string(view),
              view.stride[3], size);
}

Status verify_dtype(std::string_view name, const View& view, DType wanted) {
  if (view.dtype == wanted) return {};
  return fail(Code::kInvalidArgument, "{} {} is {}; {} is needed", name, to_string(view), name_of(view.dtype),
              name_of(wanted));
}

Status verify_u8_or_f32(std::string_view name, const View& view) {
  if (view.dtype == DType::kU8 || view.dtype == DType::kF32) return {};
  return fail(Code::kInvalidArgument, "{} {} is {}; u8 or f32 is needed", name, to_string(view),
              name_of(view.dtype));
}

Status verify_same_shape(std::string_view name, const View& view, const View& output) {
  if (view.shape == output.shape) return {};
  return fail(Code::kInvalidArgument, "{} {} has another shape than output {}", name, to_string(view),
              to_string(output));
}

Status verify_block(std::string_view name, const Address& at) {
  if (at.offset % kBlockAlignment == 0) return {};
  return fail(Code::kInvalidArgument, "{} at {} is not at a multiple of {}", name, to_string(at),
              kBlockAlignment);
}

Status verify_zero_point(std::string_view name, std::int32_t value) {
  if (value >= 0 && value <= 255) return {};
  return fail(Code::kInvalidArgument, "{} is {}; allowed: 0 to 255", name, value);
}

Status verify_scale(std::string_view name, float value) {
  if (std::isfinite(value)) return {};
  return fail(Code::kInvalidArgument, "{} is {}; a finite number is needed", name, value);
}

Status verify_clamp(float low, float high) {
  if (low <= high) return {};  // false for a NaN too
  return fail(Code::kInvalidArgument, "clamps to [{}, {}]; low must be at most high", low, high);
}

Status verify_window(const Window& w, const View& output) {
  TRY(verify_window_side("height", w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, output.shape[1]));
  return verify_window_side("width", w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, output.shape[2]);
}

}  // namespace chengying::isa
