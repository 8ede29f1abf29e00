// The operations that Steps can append, one function for each family.
#include <algorithm>

#include "isa/packing.h"
#include "random_steps.h"

namespace chengying::fuzz {
namespace {

std::int32_t round_up(std::int32_t value, std::int32_t step) {
  return (value + step - 1) / step * step;
}

}  // namespace

void Steps::add_one() {
  static constexpr std::array kFamilies = {
      &Steps::add_elementwise, &Steps::add_convert,   &Steps::add_rows,   &Steps::add_matmul,
      &Steps::add_convolution, &Steps::add_pool,      &Steps::add_resize, &Steps::add_choice,
      &Steps::add_gather,      &Steps::add_topk,      &Steps::add_draw,   &Steps::add_grouped_matmul,
      &Steps::add_scatter,     &Steps::add_attention, &Steps::add_scan};
  (this->*kFamilies[static_cast<std::size_t>(in(0, static_cast<int>(kFamilies.size()) - 1))])();
}

Steps::Shape Steps::shape_of(std::int32_t innermost_max) {
  return {in(1, 2), in(1, 4), in(1, 5), in(1, innermost_max)};
}

void Steps::add_elementwise() {
  const Shape shape = shape_of(70);
  if (chance(40)) {
    isa::Unary op;
    op.kind = static_cast<isa::UnaryKind>(in(0, static_cast<int>(isa::kUnaryKindCount) - 1));
    op.input = input(DType::kF32, shape);
    op.output = output(DType::kF32, shape);
    op.alpha = real(-1, 1);
    op.beta = real(1, 2);
    return emit(op, op.output);
  }
  isa::Binary op;
  const DType dtype = one_of({DType::kF32, DType::kU8, DType::kI32, DType::kI64});
  op.kind = static_cast<isa::BinaryKind>(in(0, dtype == DType::kF32 ? 6 : (dtype == DType::kU8 ? 2 : 5)));
  op.a = input(dtype, shape);
  op.b = input(dtype, shape);
  op.output = output(dtype, shape);
  op.a_scale = real(-2, 2);
  op.b_scale = real(0, 3);
  op.a_zero_point = in(0, 255);
  op.b_zero_point = in(0, 255);
  op.output_zero_point = in(0, 255);
  if (dtype == DType::kF32 && chance(30)) op.low = real(-2, 0);
  emit(op, op.output);
}

void Steps::add_convert() {
  using enum DType;
  if (chance(20)) {
    const Shape bytes = shape_of(70);
    isa::Lut op{input(kU8, bytes), output(kU8, bytes), any_bytes(256)};
    return emit(op, op.output);
  }
  static constexpr std::array<std::pair<DType, DType>, 5> kPairs = {
      {{kF32, kU8}, {kU8, kF32}, {kI32, kF32}, {kI64, kI32}, {kU8, kI64}}};
  const auto [from, to] = kPairs[static_cast<std::size_t>(in(0, 4))];
  const Shape shape = shape_of(70);
  isa::Convert op{input(from, shape), output(to, shape), real(0.1F, 2),
                  to == kU8 || from == kU8 ? in(0, 255) : 0};
  emit(op, op.output);
}

void Steps::add_rows() {
  Shape shape = shape_of(90);
  switch (in(0, 3)) {
    case 0: {
      isa::Softmax op;
      op.input = image(DType::kF32, shape, shape[3]);
      op.output = output(DType::kF32, shape, true);
      op.log = chance(30);
      return emit(op, op.output);
    }
    case 1: {
      isa::Norm op;
      op.kind = one_of({isa::NormKind::kLayer, isa::NormKind::kRms});
      op.input = input(DType::kF32, shape);
      if (chance(60)) op.scale = input(DType::kF32, shape);
      if (chance(60)) op.shift = input(DType::kF32, shape);
      op.output = output(DType::kF32, shape);
      op.epsilon = real(0, 0.1F);
      return emit(op, op.output);
    }
    case 2: {
      Shape whole = shape;
      whole[3] = 2 * shape[3];
      isa::Rotary op{input(DType::kF32, whole), input(DType::kF32, shape), input(DType::kF32, shape),
                     output(DType::kF32, whole), chance(50)};
      return emit(op, op.output);
    }
    default: {
      Shape reduced = shape;
      for (std::int32_t& d : reduced)
        if (chance(50)) d = 1;
      isa::Reduce op{static_cast<isa::ReduceKind>(in(0, 4)), input(DType::kF32, shape),
                     output(DType::kF32, reduced)};
      emit(op, op.output);
    }
  }
}

void Steps::add_matmul() {
  const std::int32_t x = in(1, 2), y = in(1, 2), m = in(1, 20), k = in(1, 40), n = in(1, 70);
  const DType dtype = one_of({DType::kF32, DType::kU8});
  isa::MatMul op;
  op.a = input(dtype, {x, y, m, k});
  op.b = input(dtype, {x, y, k, n});
  const DType result = dtype == DType::kU8 && chance(50) ? DType::kU8 : DType::kF32;
  if (result == DType::kF32 && chance(50)) op.addend = input(DType::kF32, {x, y, m, n});
  op.output = output(result, {x, y, m, n});
  op.scale = real(-0.1F, 0.1F);
  op.a_zero_point = in(0, 255);
  op.b_zero_point = in(0, 255);
  op.output_zero_point = in(0, 255);
  if (chance(30)) op.low = 0;
  emit(op, op.output);
}

template <class Op>
void Steps::add_convolution_as() {
  constexpr bool kDepthwise = std::is_same_v<Op, isa::DepthwiseConv>;
  const DType dtype = one_of({DType::kF32, DType::kU8});
  const bool u8 = dtype == DType::kU8;
  const std::int32_t c = in(1, 24), channels = kDepthwise ? c : in(1, 40), padded = round_up(channels, 16);
  Op op;
  op.window = {in(1, 3), in(1, 3), in(1, 2), in(1, 2), in(1, 2), in(1, 2), in(-1, 2), in(-1, 2)};
  op.pad_value = static_cast<std::uint8_t>(in(0, 255));
  op.input = image(dtype, {in(1, 2), in(1, 7), in(1, 7), c}, round_up(c, 4));
  const Shape shape{op.input.shape[0], in(1, 5), in(1, 5), channels};
  if (chance(40)) op.epilogue.residual = isa::Residual{image(dtype, shape, channels), real(0, 2), in(0, 255)};
  op.output = output(dtype, shape, true);
  const std::int32_t places = op.window.kernel_h * op.window.kernel_w;
  const isa::ConvWeightShape weights{channels, op.window.kernel_h, op.window.kernel_w, c};
  if (u8) {
    // By way of the packing: the weights of channels that are none must be 0.
    std::vector<std::int8_t> natural(static_cast<std::size_t>(channels * places * (kDepthwise ? 1 : c)));
    for (std::int8_t& w : natural) w = static_cast<std::int8_t>(in(-128, 127));
    const auto packed =
        kDepthwise ? isa::pack_depthwise_i8(natural, c, places) : isa::pack_conv_i8(natural, weights);
    const auto bytes = std::as_bytes(std::span(packed));
    op.weights = constant({bytes.begin(), bytes.end()});
    op.init = any_bytes(static_cast<std::size_t>(padded) * 4);
    op.epilogue.scale = floats(padded, -1e-7F, 1e-7F);
    if (chance(30)) op.epilogue.inner = isa::InnerQuantise{in(0, 255), real(0, 2)};
    op.epilogue.output_zero_point = in(0, 255);
  } else {
    const std::size_t bytes =
        kDepthwise ? isa::packed_depthwise_f32_bytes(c, places) : isa::packed_conv_f32_bytes(weights);
    op.weights = floats(static_cast<std::int32_t>(bytes / 4), -1, 1);
    op.init = floats(padded, -1, 1);
  }
  if (chance(30)) op.epilogue.low = 0;
  emit(op, op.output);
}

void Steps::add_convolution() {
  if (chance(60)) return add_convolution_as<isa::Conv>();
  add_convolution_as<isa::DepthwiseConv>();
}

void Steps::add_pool() {
  const DType dtype = one_of({DType::kF32, DType::kU8});
  const std::int32_t c = in(1, 40);
  isa::Pool op;
  op.kind = static_cast<isa::PoolKind>(in(0, 2));
  op.window = {in(1, 3), in(1, 3), in(1, 2), in(1, 2), 1, 1, in(-1, 2), in(-1, 2)};
  op.input = image(dtype, {1, in(1, 7), in(1, 7), c}, c);
  op.output = output(dtype, {1, in(1, 5), in(1, 5), c}, true);
  op.input_zero_point = in(0, 255);
  op.scale = real(0, 3);
  op.output_zero_point = in(0, 255);
  emit(op, op.output);
}

void Steps::add_resize() {
  const DType dtype = one_of({DType::kF32, DType::kU8});
  const std::int32_t c = in(1, 20);
  isa::Resize op;
  op.input = input(dtype, {1, in(1, 5), in(1, 5), c});
  op.output = output(dtype, {1, in(1, 7), in(1, 7), c});
  op.taps_h = in(1, 4);
  op.taps_w = in(1, 4);
  const auto table = [&](std::int32_t taps, std::int32_t length) {
    std::vector<std::byte> content(static_cast<std::size_t>(taps * isa::kTapBytes));
    for (std::size_t at = 0; at < content.size(); at += isa::kTapBytes) {
      const std::int32_t number = chance(99) ? in(0, length - 1) : length;
      const float weight = real(-0.5F, 1.25F);
      std::memcpy(content.data() + at, &number, 4);
      std::memcpy(content.data() + at + 4, &weight, 4);
    }
    return constant(std::move(content));
  };
  op.rows = table(op.output.shape[1] * op.taps_h, op.input.shape[1]);
  op.columns = table(op.output.shape[2] * op.taps_w, op.input.shape[2]);
  emit(op, op.output);
}

void Steps::add_choice() {
  const Shape shape = shape_of(70);
  if (chance(50)) {
    isa::Compare op;
    const DType dtype = one_of({DType::kF32, DType::kU8, DType::kI32, DType::kI64});
    op.kind = static_cast<isa::CompareKind>(in(0, dtype == DType::kU8 ? 6 : 3));
    op.a = input(dtype, shape);
    op.b = input(dtype, shape);
    op.output = output(DType::kU8, shape);
    return emit(op, op.output);
  }
  const DType dtype = one_of({DType::kF32, DType::kU8, DType::kI64});
  isa::Select op{input(DType::kU8, shape), input(dtype, shape), input(dtype, shape), output(dtype, shape)};
  emit(op, op.output);
}

void Steps::add_gather() {
  Shape shape = shape_of(20), data = shape;
  data[1] = chance(90) ? 20 : in(1, 19);  // the request's numbers are -20 .. 19, other values are anything
  const DType dtype = one_of({DType::kF32, DType::kU8, DType::kI64});
  isa::Gather op{input(dtype, data), input(one_of({DType::kI32, DType::kI64}), shape), output(dtype, shape)};
  if (chance(60)) op.indices.stride[2] = op.indices.stride[3] = 0;
  emit(op, op.output);
}

void Steps::add_topk() {
  const Shape shape = shape_of(60);
  Shape best = shape;
  best[3] = chance(50) ? 1 : in(1, shape[3]);
  isa::TopK op{input(DType::kF32, shape), output(one_of({DType::kI32, DType::kI64}), best), chance(50)};
  emit(op, op.output);
}

void Steps::add_draw() {
  const Shape shape = shape_of(20);
  Shape choice = shape, one = shape;
  choice[3] = 3;
  one[3] = 1;
  isa::Sample op{input(DType::kF32, shape), input(DType::kF32, choice),
                 output(one_of({DType::kI32, DType::kI64}), one)};
  emit(op, op.output);
}

void Steps::add_grouped_matmul() {
  isa::GroupedMatMul op;
  op.bits = one_of({4, 8});
  op.group = 8 * in(1, 4);
  const std::int32_t groups = in(1, 3), k = groups * op.group, n = in(1, 40), padded = round_up(n, 16);
  op.input = image(DType::kF32, {1, in(1, 2), in(1, 9), k}, k);
  op.output = output(DType::kF32, {1, op.input.shape[1], op.input.shape[2], n}, true);
  op.weights = any_bytes(isa::packed_grouped_bytes(n, k, op.bits));
  op.scale = floats(groups * padded, -0.1F, 0.1F);
  op.init = floats(padded, -1, 1);
  if (chance(30)) op.high = 1;
  emit(op, op.output);
}

/// Into a value that is made first, whole: what no index names stays.
void Steps::add_scatter() {
  const Shape shape = shape_of(20);
  Shape whole = shape;
  whole[1] = 20;
  const DType dtype = one_of({DType::kF32, DType::kU8, DType::kI64});
  isa::Scatter op{input(dtype, shape), input(one_of({DType::kI32, DType::kI64}), shape), {}};
  const isa::View before = input(dtype, whole);
  op.output = output(dtype, whole);
  emit(isa::Copy{before, op.output}, op.output);
  emit(op, op.output);
}

std::uint32_t Steps::argument(std::int32_t low, std::int32_t high) {
  std::vector<isa::Argument>& arguments = builder_.program().arguments;
  arguments.push_back({"argument " + std::to_string(arguments.size()), low, high});
  arguments_.push_back(in(low, high));
  return static_cast<std::uint32_t>(arguments.size() - 1);
}

void Steps::add_attention() {
  const std::int32_t sequences = in(1, 2), heads = in(1, 2), group = in(1, 2), rows = in(1, 3);
  const std::int32_t d = in(1, 40), places = in(1, 2), most = in(3, 6);
  const Shape query{sequences, heads * group, rows, d},
      keys{chance(80) ? 20 : 9, heads, places, d};  // pages are asked for by -20 .. 19
  isa::Attention op;
  op.query = image(DType::kF32, query, d);
  op.keys = image(DType::kF32, keys, d);
  op.values = image(DType::kF32, keys, d);
  op.pages = input(DType::kI32, {1, 1, sequences, most});
  op.output = output(DType::kF32, query, true);
  op.scale = real(-1, 1);
  op.causal = chance(50);
  for (std::int32_t s = 0; s < sequences; ++s) {
    const std::uint32_t index = argument(rows, most * places);
    if (s == 0) op.lengths = index;
  }
  emit(op, op.output);
}

void Steps::add_scan() {
  const DType dtype = one_of({DType::kF32, DType::kU8});
  const std::int32_t m = in(1, 3), n = in(1, 40), d = in(1, 100), k = in(1, std::min(n, 9));
  isa::Scan op;
  op.query = image(dtype, {1, 1, m, d}, d);
  op.rows = image(dtype, {1, 1, n, d}, d);
  if (chance(50)) op.addend = input(DType::kF32, {1, 1, m, n});
  op.output = output(DType::kI32, {1, 1, m, k});
  if (chance(50)) op.count = argument(k, n);
  op.scale = real(-1, 1);
  op.query_zero_point = in(0, 255);
  op.rows_zero_point = in(0, 255);
  emit(op, op.output);
}

}  // namespace chengying::fuzz
