#include "compiler/tiles/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "compiler/scales.h"
#include "isa/packing.h"

namespace chengying::compiler::tiles {

namespace {

struct WeightShape {
  std::int64_t k = 1, c = 1, kernel_h = 1, kernel_w = 1;
};

WeightShape shape_of(const Value& weights) {
  const Shape& s = weights.shape;
  return s.size() == 4 ? WeightShape{s[0], s[1], s[2], s[3]} : WeightShape{s[0], s[1], 1, 1};
}

/// Weights [k, c, kh, kw] of output channels first .. first + count - 1 in the order [k][kh][kw][c]; in
/// `room` where they do not lie so already.
template <class T>
std::span<const T> channels_last(const Tensor& weights, const WeightShape& shape, std::int64_t first,
                                 std::int64_t count, std::vector<T>& room) {
  const std::span<const T> natural = weights.as<T>();
  const std::int64_t places = shape.kernel_h * shape.kernel_w;
  const std::int64_t per_output = places * shape.c;
  if (places == 1 || shape.c == 1)
    return natural.subspan(static_cast<std::size_t>(first * per_output),
                           static_cast<std::size_t>(count * per_output));
  room.resize(static_cast<std::size_t>(count * per_output));
  for (std::int64_t k = 0; k < count; ++k) {
    const T* from = natural.data() + (first + k) * per_output;
    T* to = room.data() + k * per_output;
    for (std::int64_t c = 0; c < shape.c; ++c) {
      for (std::int64_t place = 0; place < places; ++place)
        to[place * shape.c + c] = from[c * places + place];
    }
  }
  return room;
}

isa::ConvWeightShape packed_shape(const WeightShape& shape, std::int64_t count) {
  return {static_cast<std::int32_t>(count), static_cast<std::int32_t>(shape.kernel_h),
          static_cast<std::int32_t>(shape.kernel_w), static_cast<std::int32_t>(shape.c)};
}

/// Adds the packed weights of output channels first .. first + count - 1.
isa::Address add_packed(const Tensor& weights, const WeightShape& shape, bool depthwise, std::int64_t first,
                        std::int64_t count, ConstantPool& pool) {
  const auto add = [&](const auto& packed) { return pool.add(std::span(packed)); };
  const auto places = static_cast<std::int32_t>(shape.kernel_h * shape.kernel_w);
  if (weights.dtype() == DType::kI8) {
    std::vector<std::int8_t> room;
    const auto natural = channels_last(weights, shape, first, count, room);
    if (depthwise) return add(isa::pack_depthwise_i8(natural, static_cast<std::int32_t>(count), places));
    return add(isa::pack_conv_i8(natural, packed_shape(shape, count)));
  }
  std::vector<float> room;
  const auto natural = channels_last(weights, shape, first, count, room);
  if (depthwise) return add(isa::pack_depthwise_f32(natural, static_cast<std::int32_t>(count), places));
  return add(isa::pack_conv_f32(natural, packed_shape(shape, count)));
}

/// Bytes of the packed weights of 16 output channels.
std::uint64_t block_bytes(const WeightShape& shape, bool is_i8, bool depthwise) {
  const auto places = static_cast<std::int32_t>(shape.kernel_h * shape.kernel_w);
  if (depthwise) {
    return is_i8 ? isa::packed_depthwise_i8_bytes(isa::kChannelBlock, places)
                 : isa::packed_depthwise_f32_bytes(isa::kChannelBlock, places);
  }
  const isa::ConvWeightShape block = packed_shape(shape, isa::kChannelBlock);
  return is_i8 ? isa::packed_conv_i8_bytes(block) : isa::packed_conv_f32_bytes(block);
}

/// Elements first .. first + count - 1, padded with zeros to a multiple of 16.
template <class T>
std::vector<T> padded(std::span<const T> elements, std::int64_t first, std::int64_t count) {
  const std::int64_t blocks = (count + isa::kChannelBlock - 1) / isa::kChannelBlock;
  std::vector<T> result(static_cast<std::size_t>(blocks * isa::kChannelBlock), T{0});
  std::copy_n(elements.begin() + first, count, result.begin());
  return result;
}

const Tensor* bias_of(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return nullptr;
  return graph.value(node.inputs[2]).constant.get();
}

}  // namespace

Grouping grouping_of(const Graph& graph, const Node& node) {
  const Value& weights = graph.value(node.inputs[1]);
  const auto* conv = std::get_if<ConvNode>(&node.op);
  if (conv == nullptr || conv->groups == 1) return {1, weights.shape[0], weights.shape[1], false};
  if (weights.shape[0] == conv->groups && weights.shape[1] == 1) {
    return {1, weights.shape[0], weights.shape[0], true};
  }
  return {conv->groups, weights.shape[0] / conv->groups, weights.shape[1], false};
}

Parameters parameters_of(const Graph& graph, const Node& node, std::int64_t group, std::int64_t first,
                         ConstantPool& pool) {
  CHECK(first % isa::kChannelBlock == 0);
  const Value& weights = graph.value(node.inputs[1]);
  CHECK(weights.constant != nullptr);
  const WeightShape shape = shape_of(weights);
  const Grouping grouping = grouping_of(graph, node);
  const bool is_i8 = weights.dtype == DType::kI8;
  const std::int64_t from = group * grouping.k_group, count = grouping.k_group;
  const std::string key =
      fmt::format("{} {} {}", static_cast<const void*>(weights.constant.get()), group, grouping.depthwise);

  Parameters result;
  result.weights = pool.once(key + " weights", [&] {
    return add_packed(*weights.constant, shape, grouping.depthwise, from, count, pool);
  }) + static_cast<std::uint64_t>(first / isa::kChannelBlock) * block_bytes(shape, is_i8, grouping.depthwise);
  const Tensor* bias = bias_of(graph, node);
  if (!is_i8) {
    const std::vector<float> zeros(static_cast<std::size_t>(shape.k), 0.0F);
    const auto init =
        padded(bias != nullptr ? bias->as<float>() : std::span<const float>(zeros), from, count);
    result.init = pool.add(std::span<const float>(init)) + static_cast<std::uint64_t>(first) * sizeof(float);
    return result;
  }
  const Quantisation& input = *graph.value(node.inputs[0]).quantisation;
  const std::string init_key =
      fmt::format("{} {} {} {} init", key, static_cast<const void*>(bias), input.scale(), input.zero_point);
  result.init = pool.once(init_key, [&] {
    const auto init =
        fold_init(*weights.constant, *weights.quantisation, bias, input.scale(), input.zero_point);
    return padded(std::span<const std::int32_t>(init), from, count);
  }) + static_cast<std::uint64_t>(first) * sizeof(std::int32_t);
  const auto scale = padded(std::span<const float>(multipliers_of(graph, node)), from, count);
  result.scale = pool.add(std::span<const float>(scale)) + static_cast<std::uint64_t>(first) * sizeof(float);
  return result;
}

}  // namespace chengying::compiler::tiles
