#include "chip/kernels/conv_plan.h"

#include <algorithm>
#include <cstring>

#include "chip/kernels/scratch.h"

namespace chengying::chip {
namespace {

/// Input rows, or columns, that the windows of `outputs` output pixels touch: [first, last].
struct Span {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first + 1; }
  bool inside(std::int32_t extent) const { return first >= 0 && last < extent; }
};

Span span_of(std::int32_t outputs, std::int32_t kernel, std::int32_t stride, std::int32_t dilation,
             std::int32_t pad) {
  const std::int64_t first = -std::int64_t{pad};
  return {first, first + std::int64_t{outputs - 1} * stride + std::int64_t{kernel - 1} * dilation};
}

void fill(std::byte* to, std::size_t elements, std::uint8_t value, bool widen) {
  if (!widen) {
    std::memset(to, value, elements);
    return;
  }
  for (std::size_t i = 0; i < elements; ++i) {
    const std::uint16_t wide = value;
    std::memcpy(to + 2 * i, &wide, 2);
  }
}

void copy_elements(std::byte* to, const std::byte* from, std::size_t bytes, bool widen) {
  if (!widen) {
    std::memcpy(to, from, bytes);
    return;
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto wide = static_cast<std::uint16_t>(from[i]);
    std::memcpy(to + 2 * i, &wide, 2);
  }
}

/// Copies rows x columns of pixels, with what lies outside of the input set to `pad_value` (0 for f32).
struct PaddedCopy {
  const isa::View& input;
  Span rows, columns;
  std::size_t pixel_bytes;  // of the input
  std::uint8_t pad_value;
  bool widen;

  std::size_t pixel_bytes_out() const { return widen ? 2 * pixel_bytes : pixel_bytes; }
  std::size_t bytes() const {
    return static_cast<std::size_t>(input.shape[0] * rows.size() * columns.size()) * pixel_bytes_out();
  }

  std::byte* row(std::byte* to, const std::byte* from) const {
    const std::int64_t first = std::max<std::int64_t>(columns.first, 0);
    const std::int64_t last = std::min<std::int64_t>(columns.last, input.shape[2] - 1);
    if (from == nullptr || first > last) return border(to, columns.size());
    to = border(to, first - columns.first);
    if (input.stride[2] == static_cast<std::int64_t>(pixel_bytes)) {
      const auto pixels = static_cast<std::size_t>(last - first + 1);
      copy_elements(to, from + first * input.stride[2], pixels * pixel_bytes, widen);
      to += pixels * pixel_bytes_out();
    } else {
      for (std::int64_t x = first; x <= last; ++x, to += pixel_bytes_out()) {
        copy_elements(to, from + x * input.stride[2], pixel_bytes, widen);
      }
    }
    return border(to, columns.last - last);
  }

  std::byte* border(std::byte* to, std::int64_t pixels) const {
    const auto elements = static_cast<std::size_t>(pixels) * pixel_bytes;
    fill(to, elements, pad_value, widen);
    return to + (widen ? 2 * elements : elements);
  }

  void run(const std::byte* from, std::byte* to) const {
    for (std::int32_t n = 0; n < input.shape[0]; ++n) {
      for (std::int64_t y = rows.first; y <= rows.last; ++y) {
        const bool inside = y >= 0 && y < input.shape[1];
        to = row(to, inside ? from + n * input.stride[0] + y * input.stride[1] : nullptr);
      }
    }
  }
};

/// Of the window of each output row (or column), the kernel rows that lie inside of the image.
void find_inside(WindowPart* parts, std::int32_t outputs, std::int32_t kernel, std::int32_t stride,
                 std::int32_t dilation, std::int32_t pad, std::int32_t extent) {
  for (std::int32_t i = 0; i < outputs; ++i) {
    const std::int64_t first = std::int64_t{i} * stride - pad;
    // The kernel's places k with 0 <= first + k * dilation < extent.
    const std::int64_t before = first >= 0 ? 0 : (-first + dilation - 1) / dilation;
    const std::int64_t end = extent <= first ? 0 : (extent - first + dilation - 1) / dilation;
    const std::int64_t low = std::min<std::int64_t>(before, kernel),
                       high = std::min<std::int64_t>(end, kernel);
    parts[i] = {static_cast<std::int16_t>(low), static_cast<std::int16_t>(std::max(low, high))};
  }
}

}  // namespace

ConvPlan plan_conv(const isa::View& input, const isa::View& output, const isa::Window& w,
                   const std::byte* at_input, std::uint8_t pad_value, const PlanWish& wish) {
  const Span rows = span_of(output.shape[1], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top);
  const Span columns = span_of(output.shape[2], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left);
  const std::size_t pixel_bytes = wish.pixel_elements * wish.element_bytes;
  std::int64_t in_n = input.stride[0], in_y = input.stride[1], in_x = input.stride[2];
  ConvPlan plan;
  if (!wish.widen && rows.inside(input.shape[1]) && columns.inside(input.shape[2])) {
    plan.source = at_input + rows.first * in_y + columns.first * in_x;
  } else {
    const PaddedCopy copy{input, rows, columns, pixel_bytes, pad_value, wish.widen};
    std::byte* padded = scratch(ScratchSlot::kPaddedInput, copy.bytes());
    copy.run(at_input, padded);
    plan.source = padded;
    in_x = static_cast<std::int64_t>(copy.pixel_bytes_out());
    in_y = in_x * columns.size();
    in_n = in_y * rows.size();
  }
  plan.stride_n = in_n;
  plan.stride_y = in_y * w.stride_h;
  plan.stride_x = in_x * w.stride_w;

  const auto pixel_bytes_in_source = static_cast<std::int64_t>(wish.widen ? 2 * pixel_bytes : pixel_bytes);
  const bool join =
      wish.join_columns && (w.kernel_w == 1 || (w.dilation_w == 1 && in_x == pixel_bytes_in_source));
  const std::int32_t columns_apart = join ? 1 : w.kernel_w;
  plan.runs = w.kernel_h * columns_apart;
  plan.runs_of_row = columns_apart;
  plan.pixel_elements = static_cast<std::int32_t>(wish.pixel_elements);
  plan.run_elements = static_cast<std::int32_t>(wish.pixel_elements) * (join ? w.kernel_w : 1);
  auto* offsets = reinterpret_cast<std::int64_t*>(
      scratch(ScratchSlot::kRuns, static_cast<std::size_t>(plan.runs) * sizeof(std::int64_t)));
  plan.run_offsets = offsets;
  for (std::int32_t row = 0; row < w.kernel_h; ++row) {
    for (std::int32_t column = 0; column < columns_apart; ++column) {
      *offsets++ = row * in_y * w.dilation_h + column * in_x * w.dilation_w;
    }
  }
  const bool padded = !rows.inside(input.shape[1]) || !columns.inside(input.shape[2]);
  if (wish.leave_out && padded && pad_value == 0) {
    const auto height = static_cast<std::size_t>(output.shape[1]),
               width = static_cast<std::size_t>(output.shape[2]);
    auto* parts =
        reinterpret_cast<WindowPart*>(scratch(ScratchSlot::kWindows, (height + width) * sizeof(WindowPart)));
    find_inside(parts, output.shape[1], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, input.shape[1]);
    find_inside(parts + height, output.shape[2], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left,
                input.shape[2]);
    plan.rows = parts;
    plan.columns = parts + height;
  }
  return plan;
}

PixelWalk::PixelWalk(const ConvPlan& plan, const isa::View& output, const isa::Epilogue& epilogue,
                     const Operands& at)
    : plan_(plan), height_(output.shape[1]), width_(output.shape[2]) {
  std::copy_n(output.stride.begin(), 3, out_.begin());
  if (epilogue.residual) std::copy_n(epilogue.residual->view.stride.begin(), 3, residual_.begin());
  image_ = {plan.source, at.output, epilogue.residual ? at.second : nullptr};
  row_ = pixel_ = image_;
}

void PixelWalk::take(Pixel* pixels, std::int64_t count) {
  const auto step = [](Pixel& pixel, std::int64_t in, std::int64_t out, std::int64_t residual) {
    pixel.in += in;
    pixel.out += out;
    if (pixel.residual != nullptr) pixel.residual += residual;
  };
  for (std::int64_t i = 0; i < count; ++i) {
    pixels[i] = pixel_;
    if (plan_.rows != nullptr) {
      pixels[i].rows = plan_.rows[y_];
      pixels[i].columns = plan_.columns[x_];
    }
    if (++x_ < width_) {
      step(pixel_, plan_.stride_x, out_[2], residual_[2]);
      continue;
    }
    x_ = 0;
    if (++y_ < height_) {
      step(row_, plan_.stride_y, out_[1], residual_[1]);
    } else {
      y_ = 0;
      step(image_, plan_.stride_n, out_[0], residual_[0]);
      row_ = image_;
    }
    pixel_ = row_;
  }
}

std::int32_t group_by_window(Pixel* pixels, std::int64_t count, std::int64_t* ends, std::int32_t most) {
  const auto same = [](const Pixel& a, const Pixel& b) { return a.rows == b.rows && a.columns == b.columns; };
  std::int32_t groups = 0;
  for (std::int64_t from = 0; from < count; ++groups) {
    std::int64_t end = count;
    if (groups + 1 < most) {
      // The pixel in the middle stands for the largest group that is left.
      const Pixel like = pixels[from + (count - from) / 2];
      end = std::partition(pixels + from, pixels + count, [&](const Pixel& p) { return same(p, like); }) -
            pixels;
    }
    ends[groups] = from = end;
  }
  return groups;
}

}  // namespace chengying::chip
