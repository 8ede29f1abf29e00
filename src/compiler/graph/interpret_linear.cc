#include "compiler/graph/interpret_linear.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "compiler/graph/moves.h"
#include "compiler/scales.h"
#include "isa/packing.h"
#include "reference/execute.h"

namespace chengying::compiler {
namespace {

constexpr std::int32_t kToChannelsLast[] = {0, 2, 3, 1};
constexpr std::int32_t kToChannelsFirst[] = {0, 3, 1, 2};

/// A [n,h,w,c] array in memory whose pixels lie `pixel_bytes` apart, with room behind it for the channels
/// that a u8 convolution may read beyond the last.
struct Image {
  isa::View view;
  AlignedBytes bytes;
  std::byte* at(std::int64_t channel) {
    return bytes.data() + channel * static_cast<std::int64_t>(size_of(view.dtype));
  }
};

Image make_image(DType dtype, std::array<std::int32_t, 4> shape) {
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  const std::int64_t pixel = (shape[3] + 3) / 4 * 4 * size;
  Image image{.view = isa::dense_view({}, dtype, shape, pixel), .bytes = {}};
  image.bytes = AlignedBytes(static_cast<std::size_t>(pixel * shape[0] * shape[1] * shape[2] + 64));
  return image;
}

/// `nhwc` has the elements of the image, dense.
Image image_of(const Tensor& nhwc, std::array<std::int32_t, 4> shape) {
  Image image = make_image(nhwc.dtype(), shape);
  const std::size_t row = static_cast<std::size_t>(shape[3]) * size_of(nhwc.dtype());
  const std::int64_t pixels = std::int64_t{shape[0]} * shape[1] * shape[2];
  for (std::int64_t i = 0; i < pixels; ++i)
    std::memcpy(image.bytes.data() + i * image.view.stride[2],
                nhwc.bytes().data() + i * static_cast<std::int64_t>(row), row);
  return image;
}

Tensor tensor_of(const Image& image) {
  const auto& s = image.view.shape;
  Tensor result(image.view.dtype, {s[0], s[1], s[2], s[3]});
  const std::size_t row = static_cast<std::size_t>(s[3]) * size_of(image.view.dtype);
  const std::int64_t pixels = std::int64_t{s[0]} * s[1] * s[2];
  for (std::int64_t i = 0; i < pixels; ++i)
    std::memcpy(result.bytes().data() + i * static_cast<std::int64_t>(row),
                image.bytes.data() + i * image.view.stride[2], row);
  return result;
}

std::array<std::int32_t, 4> nhwc_shape(const Shape& nchw) {
  return {static_cast<std::int32_t>(nchw[0]), static_cast<std::int32_t>(nchw[2]),
          static_cast<std::int32_t>(nchw[3]), static_cast<std::int32_t>(nchw[1])};
}

template <class T>
AlignedBytes aligned(const std::vector<T>& values, std::size_t pad_to = 1) {
  AlignedBytes bytes((values.size() + pad_to - 1) / pad_to * pad_to * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), values.size() * sizeof(T));
  return bytes;
}

/// [k][c][h][w] to the natural order [k][h][w][c].
template <class T>
std::vector<T> natural(const Tensor& weights) {
  const Tensor moved = transposed(weights, kToChannelsLast);
  const std::span<const T> all = moved.as<T>();
  return {all.begin(), all.end()};
}

/// The convolution of one group of channels, wholly described but for its place.
struct Constants {
  AlignedBytes weights, init, scale;
};

/// init and scale for all output channels, unpadded: as i32 and f32 (u8), or f32 alone.
struct Channels {
  std::vector<std::int32_t> init_i32;
  std::vector<float> init_f32, scale;
};

Channels channels_of(const Graph& graph, const Node& node, const LinearOperands& operands) {
  Channels channels;
  const std::int64_t k = operands.weights.shape()[0];
  if (operands.x.dtype() == DType::kU8) {
    const Quantisation& x = *graph.value(node.inputs[0]).quantisation;
    channels.init_i32 = fold_init(operands.weights, *graph.value(node.inputs[1]).quantisation, operands.bias,
                                  x.scale(), x.zero_point);
    channels.scale = multipliers_of(graph, node);
    return channels;
  }
  channels.init_f32.resize(static_cast<std::size_t>(k));
  if (operands.bias != nullptr) std::ranges::copy(operands.bias->as<float>(), channels.init_f32.begin());
  return channels;
}

template <class T>
std::vector<T> part(const std::vector<T>& all, std::int64_t first, std::int64_t count) {
  if (all.empty()) return {};
  return {all.begin() + first, all.begin() + first + count};
}

Constants constants_of(const Tensor& weights, const Channels& channels, bool depthwise, std::int64_t first,
                       std::int64_t count) {
  const Shape& s = weights.shape();
  const auto places = static_cast<std::int32_t>(s[2] * s[3]);
  const isa::ConvWeightShape shape{static_cast<std::int32_t>(count), static_cast<std::int32_t>(s[2]),
                                   static_cast<std::int32_t>(s[3]), static_cast<std::int32_t>(s[1])};
  const std::int64_t each = s[1] * s[2] * s[3];
  Constants constants;
  if (weights.dtype() == DType::kI8) {
    const auto mine = part(natural<std::int8_t>(weights), first * each, count * each);
    constants.weights =
        aligned(depthwise ? isa::pack_depthwise_i8(mine, shape.k, places) : isa::pack_conv_i8(mine, shape));
    constants.init = aligned(part(channels.init_i32, first, count), 16);
    constants.scale = aligned(part(channels.scale, first, count), 16);
  } else {
    const auto mine = part(natural<float>(weights), first * each, count * each);
    constants.weights =
        aligned(depthwise ? isa::pack_depthwise_f32(mine, shape.k, places) : isa::pack_conv_f32(mine, shape));
    constants.init = aligned(part(channels.init_f32, first, count), 16);
  }
  return constants;
}

isa::Epilogue epilogue_of(const Graph& graph, const Node& node) {
  const Fused& fused = *fused_of(node.op);
  const Value& y = graph.value(node.output);
  isa::Epilogue epilogue;
  epilogue.low = fused.low;
  epilogue.high = fused.high;
  if (!y.quantisation) return epilogue;
  const float step = y.quantisation->scale();
  epilogue.low = bound_in_steps(fused.low, step);
  epilogue.high = bound_in_steps(fused.high, step);
  epilogue.output_zero_point = y.quantisation->zero_point;
  if (fused.inner)
    epilogue.inner = isa::InnerQuantise{fused.inner->zero_point, ratio(fused.inner->scale(), step)};
  return epilogue;
}

/// Runs one group: input and output channels `first_in`, `first_out` of the images.
void run_group(isa::Operation operation, const Constants& constants, Image& x, std::int64_t first_in,
               Image& y, std::int64_t first_out, Image* residual) {
  Operands operands;
  operands.input = x.at(first_in);
  operands.output = y.at(first_out);
  operands.second = residual != nullptr ? residual->at(first_out) : nullptr;
  operands.weights = constants.weights.data();
  operands.init = constants.init.data();
  operands.scale = constants.scale.data();
  reference::execute(operation, operands);
}

template <class Instruction>
Instruction instruction_of(const Graph& graph, const Node& node, const isa::Window& window, const Image& x,
                           const Image& y, const Image* residual, std::int64_t c, std::int64_t k) {
  Instruction instruction;
  instruction.input = x.view;
  instruction.input.shape[3] = static_cast<std::int32_t>(c);
  instruction.output = y.view;
  instruction.output.shape[3] = static_cast<std::int32_t>(k);
  instruction.window = window;
  instruction.epilogue = epilogue_of(graph, node);
  if (const auto& q = graph.value(node.inputs[0]).quantisation)
    instruction.pad_value = static_cast<std::uint8_t>(q->zero_point);
  if (residual != nullptr) {
    isa::Residual added{.view = residual->view};
    added.view.shape[3] = instruction.output.shape[3];
    if (const auto& q = graph.value(fused_of(node.op)->residual).quantisation) {
      added.scale = ratio(q->scale(), graph.value(node.output).quantisation->scale());
      added.zero_point = q->zero_point;
    }
    instruction.epilogue.residual = added;
  }
  return instruction;
}

void run_linear(const Graph& graph, const Node& node, const LinearOperands& operands,
                const isa::Window& window, std::int64_t groups, Image& x, Image& y, Image* residual) {
  const Tensor& weights = operands.weights;
  const Channels channels = channels_of(graph, node, operands);
  const std::int64_t c = weights.shape()[1], k = weights.shape()[0];
  if (groups > 1 && groups == k && c == 1) {
    const auto operation = instruction_of<isa::DepthwiseConv>(graph, node, window, x, y, residual, k, k);
    run_group(operation, constants_of(weights, channels, true, 0, k), x, 0, y, 0, residual);
    return;
  }
  const std::int64_t each = k / groups;
  for (std::int64_t g = 0; g < groups; ++g) {
    const auto operation = instruction_of<isa::Conv>(graph, node, window, x, y, residual, c, each);
    run_group(operation, constants_of(weights, channels, false, g * each, each), x, g * c, y, g * each,
              residual);
  }
}

}  // namespace

Tensor interpret_conv(const Graph& graph, const Node& node, const LinearOperands& operands) {
  const ConvNode& conv = std::get<ConvNode>(node.op);
  const Value& out = graph.value(node.output);
  Image x = image_of(transposed(operands.x, kToChannelsLast), nhwc_shape(operands.x.shape()));
  Image y = make_image(out.dtype, nhwc_shape(out.shape));
  Image residual;
  if (operands.residual != nullptr)
    residual = image_of(transposed(*operands.residual, kToChannelsLast), nhwc_shape(out.shape));
  run_linear(graph, node, operands, conv.window, conv.groups, x, y,
             operands.residual != nullptr ? &residual : nullptr);
  return transposed(tensor_of(y), kToChannelsFirst);
}

Tensor interpret_dense(const Graph& graph, const Node& node, const LinearOperands& operands) {
  const Value& out = graph.value(node.output);
  const std::int64_t c = operands.x.shape().back(), k = out.shape.back();
  const auto rows = static_cast<std::int32_t>(operands.x.elements() / c);
  Image x = image_of(operands.x, {1, 1, rows, static_cast<std::int32_t>(c)});
  const std::array<std::int32_t, 4> shape{1, 1, rows, static_cast<std::int32_t>(k)};
  Image y = make_image(out.dtype, shape);
  Image residual;
  if (operands.residual != nullptr) residual = image_of(*operands.residual, shape);
  const Tensor weights = operands.weights.reshaped({k, c, 1, 1});
  const LinearOperands as_conv{operands.x, weights, operands.bias, operands.residual};
  run_linear(graph, node, as_conv, {}, 1, x, y, operands.residual != nullptr ? &residual : nullptr);
  return tensor_of(y).reshaped(out.shape);
}

Tensor interpret_pool(const Graph& graph, const Node& node, const Tensor& x) {
  const PoolNode& op = std::get<PoolNode>(node.op);
  const Value& out = graph.value(node.output);
  Image input = image_of(transposed(x, kToChannelsLast), nhwc_shape(x.shape()));
  Image output = make_image(out.dtype, nhwc_shape(out.shape));
  isa::Pool pool{.kind = op.kind, .input = input.view, .output = output.view, .window = op.window};
  if (const auto& from = graph.value(node.inputs[0]).quantisation) {
    pool.input_zero_point = from->zero_point;
    pool.output_zero_point = out.quantisation->zero_point;
    pool.scale = ratio(from->scale(), out.quantisation->scale());
  }
  Operands operands;
  operands.input = input.bytes.data();
  operands.output = output.bytes.data();
  reference::execute(pool, operands);
  return transposed(tensor_of(output), kToChannelsFirst);
}

}  // namespace chengying::compiler
