#include "random_graph.h"

#include <algorithm>
#include <functional>
#include <string>

#include "base/check.h"

namespace chengying::compiler::testing {

namespace {

class Maker {
 public:
  Maker(std::uint32_t seed, std::int32_t batch, const GraphOptions& options)
      : random_(seed), batch_(batch), options_(options) {}

  Graph make() {
    graph_.name = "random";
    images_.push_back(entry());
    using Step = void (Maker::*)();
    static constexpr Step kSteps[] = {&Maker::conv,     &Maker::conv,  &Maker::conv,   &Maker::depthwise,
                                      &Maker::pool,     &Maker::add,   &Maker::concat, &Maker::concat,
                                      &Maker::function, &Maker::slice, &Maker::pad,    &Maker::upsample,
                                      &Maker::residual, &Maker::scale};
    for (std::size_t i = 0; i < options_.nodes; ++i) (this->*kSteps[below(std::size(kSteps))])();
    classifier();
    if (below(3) == 0) extra_output();
    return std::move(graph_);
  }

 private:
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }
  std::int64_t between(std::int64_t from, std::int64_t to) { return from + below(to - from + 1); }
  float real(float from, float to) {
    return from + (to - from) * static_cast<float>(random_() % 10007) / 10007.0F;
  }

  Quantisation quantisation() { return {{real(0.01F, 0.06F)}, static_cast<std::int32_t>(below(256)), 0}; }
  DType dtype() const { return options_.f32 ? DType::kF32 : DType::kU8; }

  Value value(Shape shape, Layout layout) {
    Value result;
    result.name = "v" + std::to_string(graph_.values.size());
    result.dtype = dtype();
    result.shape = std::move(shape);
    result.layout = layout;
    if (!options_.f32) result.quantisation = quantisation();
    return result;
  }
  ValueId image(std::int64_t c, std::int64_t h, std::int64_t w) {
    return graph_.add(value({batch_, c, h, w}, Layout::kChannelsLast));
  }
  /// As `like`: same format.
  ValueId image_like(ValueId like, std::int64_t c, std::int64_t h, std::int64_t w) {
    const ValueId id = image(c, h, w);
    graph_.value(id).quantisation = graph_.value(like).quantisation;
    return id;
  }

  void node(Operator op, std::vector<ValueId> inputs, ValueId output) {
    graph_.nodes.push_back(
        {"n" + std::to_string(graph_.nodes.size()), std::move(op), std::move(inputs), output});
  }

  ValueId constant(Tensor tensor, std::optional<Quantisation> quantisation) {
    Value result;
    result.name = "c" + std::to_string(graph_.values.size());
    result.dtype = tensor.dtype();
    result.shape = tensor.shape();
    result.quantisation = std::move(quantisation);
    result.constant = std::make_shared<const Tensor>(std::move(tensor));
    return graph_.add(std::move(result));
  }

  ValueId weights(Shape shape) {
    const std::int64_t k = shape[0];
    if (options_.f32) {
      Tensor tensor(DType::kF32, shape);
      for (float& x : tensor.as<float>()) x = real(-0.5F, 0.5F);
      return constant(std::move(tensor), std::nullopt);
    }
    Tensor tensor(DType::kI8, shape);
    for (std::int8_t& x : tensor.as<std::int8_t>()) x = static_cast<std::int8_t>(below(255) - 127);
    Quantisation scales;
    scales.scales.clear();
    for (std::int64_t i = 0; i < (below(2) == 0 ? 1 : k); ++i) scales.scales.push_back(real(0.001F, 0.01F));
    if (static_cast<std::int64_t>(scales.scales.size()) != k) scales.scales.resize(1);
    return constant(std::move(tensor), scales);
  }
  ValueId bias(std::int64_t k) {
    if (below(4) == 0) return kNoValue;
    if (!options_.f32 && below(2) == 0) {
      Tensor tensor(DType::kI32, {k});
      for (std::int32_t& x : tensor.as<std::int32_t>()) x = static_cast<std::int32_t>(below(2001) - 1000);
      return constant(std::move(tensor), std::nullopt);
    }
    Tensor tensor(DType::kF32, {k});
    for (float& x : tensor.as<float>()) x = real(-1, 1);
    return constant(std::move(tensor), std::nullopt);
  }

  const Shape& shape(ValueId id) const { return graph_.value(id).shape; }
  ValueId any_image() { return images_[below(static_cast<std::int64_t>(images_.size()))]; }

  ValueId entry() {
    Value input;
    input.name = "image";
    input.shape = {batch_, between(1, 5), between(5, 14), between(5, 14)};
    graph_.inputs.push_back(graph_.add(input));
    const Shape s = input.shape;
    const ValueId first = image(s[1], s[2], s[3]);
    if (options_.f32) {
      node(RelayoutNode{}, {graph_.inputs[0]}, first);
    } else {
      node(QuantiseNode{}, {graph_.inputs[0]}, first);
    }
    return first;
  }

  isa::Window window(const Shape& s) {
    isa::Window w;
    w.kernel_h = static_cast<std::int32_t>(between(1, std::min<std::int64_t>(3, s[2])));
    w.kernel_w = static_cast<std::int32_t>(between(1, std::min<std::int64_t>(4, s[3])));
    w.stride_h = static_cast<std::int32_t>(between(1, 2));
    w.stride_w = static_cast<std::int32_t>(between(1, 2));
    w.pad_top = static_cast<std::int32_t>(below(w.kernel_h));
    w.pad_left = static_cast<std::int32_t>(below(w.kernel_w));
    return w;
  }
  static std::int64_t steps(std::int64_t size, std::int64_t pad, std::int64_t kernel, std::int64_t stride) {
    return std::max<std::int64_t>((size + 2 * pad - kernel) / stride + 1, 1);
  }

  Fused fused() {
    Fused result;
    if (below(2) == 0) result.low = 0;
    if (below(4) == 0) result.high = 6;
    return result;
  }

  ValueId convolve(ValueId x, std::int64_t groups, std::int64_t k, const isa::Window& w, Fused epilogue) {
    const Shape s = shape(x);
    const ValueId y = image(k, steps(s[2], w.pad_top, w.kernel_h, w.stride_h),
                            steps(s[3], w.pad_left, w.kernel_w, w.stride_w));
    const ValueId kernel = weights({k, s[1] / groups, w.kernel_h, w.kernel_w});
    node(ConvNode{w, static_cast<std::int32_t>(groups), std::move(epilogue)}, {x, kernel, bias(k)}, y);
    return y;
  }

  void conv() {
    const ValueId x = any_image();
    const std::int64_t c = shape(x)[1];
    std::int64_t groups = 1;
    if (below(4) == 0) {
      for (const std::int64_t g : {2, 3}) {
        if (c % g == 0) groups = g;
      }
    }
    const std::int64_t k = groups * between(1, groups > 1 ? 9 : 40);
    images_.push_back(convolve(x, groups, k, window(shape(x)), fused()));
  }
  void depthwise() {
    const ValueId x = any_image();
    images_.push_back(convolve(x, shape(x)[1], shape(x)[1], window(shape(x)), fused()));
  }
  /// A convolution onto which another image is added.
  void residual() {
    const ValueId to = any_image(), x = any_image();
    if (shape(x)[2] != shape(to)[2] || shape(x)[3] != shape(to)[3]) return;
    Fused epilogue = fused();
    epilogue.residual = to;
    if (!options_.f32 && below(2) == 0) epilogue.inner = quantisation();
    images_.push_back(convolve(x, 1, shape(to)[1], {}, std::move(epilogue)));
  }
  void pool() {
    const ValueId x = any_image();
    const Shape s = shape(x);
    const isa::Window w = window(s);
    const auto kind = static_cast<isa::PoolKind>(below(3));
    const std::int64_t h = steps(s[2], w.pad_top, w.kernel_h, w.stride_h);
    const std::int64_t wide = steps(s[3], w.pad_left, w.kernel_w, w.stride_w);
    const ValueId y = kind == isa::PoolKind::kMax ? image_like(x, s[1], h, wide) : image(s[1], h, wide);
    node(PoolNode{kind, w}, {x}, y);
    images_.push_back(y);
  }
  void add() {
    const ValueId a = any_image(), b = any_image();
    if (shape(a) != shape(b)) return;
    const ValueId y = image(shape(a)[1], shape(a)[2], shape(a)[3]);
    constexpr isa::BinaryKind kKinds[] = {isa::BinaryKind::kAdd, isa::BinaryKind::kSub, isa::BinaryKind::kMul,
                                          isa::BinaryKind::kMax, isa::BinaryKind::kMin};
    node(BinaryNode{kKinds[below(5)], below(2) == 0 ? 0.0F : -isa::kInfinity, isa::kInfinity}, {a, b}, y);
    images_.push_back(y);
  }
  /// Times one number for each channel.
  void scale() {
    const ValueId x = any_image();
    Tensor tensor(dtype(), {1, shape(x)[1], 1, 1});
    if (options_.f32) {
      for (float& v : tensor.as<float>()) v = real(-1, 1);
    } else {
      for (std::uint8_t& v : tensor.as<std::uint8_t>()) v = static_cast<std::uint8_t>(below(256));
    }
    const auto format = options_.f32 ? std::nullopt : std::optional(quantisation());
    const ValueId factor = constant(std::move(tensor), format);
    const ValueId y = image(shape(x)[1], shape(x)[2], shape(x)[3]);
    node(BinaryNode{isa::BinaryKind::kMul}, {x, factor}, y);
    images_.push_back(y);
  }
  void concat() {
    const ValueId a = any_image();
    std::vector<ValueId> parts{a};
    for (const ValueId b : images_) {
      const bool fits = shape(b)[2] == shape(a)[2] && shape(b)[3] == shape(a)[3] &&
                        graph_.value(b).quantisation == graph_.value(a).quantisation;
      if (fits && b != a && parts.size() < 3) parts.push_back(b);
    }
    if (parts.size() == 1) {  // another format: through a table, or a copy of itself
      const ValueId again = image_like(a, shape(a)[1], shape(a)[2], shape(a)[3]);
      elementwise(a, again);
      parts.push_back(again);
    }
    std::int64_t c = 0;
    for (const ValueId part : parts) c += shape(part)[1];
    const ValueId y = image_like(a, c, shape(a)[2], shape(a)[3]);
    node(ConcatNode{1}, parts, y);
    images_.push_back(y);
  }
  /// As a cast to a 16-bit float does.
  void round_to_half(ValueId x, ValueId y) {
    const ValueId half = image_like(x, shape(x)[1], shape(x)[2], shape(x)[3]);
    graph_.value(half).dtype = x % 2 == 0 ? DType::kF16 : DType::kBF16;
    node(CastNode{}, {x}, half);
    node(CastNode{}, {half}, y);
  }
  void elementwise(ValueId x, ValueId y) {
    if (options_.f32) {
      const std::int64_t kind = below(4);
      if (kind == 3) return round_to_half(x, y);
      node(UnaryNode{kind % 2 == 0 ? isa::UnaryKind::kSigmoid : isa::UnaryKind::kHardSwish}, {x}, y);
    } else if (below(2) == 0) {
      node(RequantiseNode{}, {x}, y);
    } else {
      LutNode lut;
      for (std::uint8_t& entry : lut.table) entry = static_cast<std::uint8_t>(below(256));
      node(lut, {x}, y);
    }
  }
  void function() {
    const ValueId x = any_image();
    const ValueId y = image(shape(x)[1], shape(x)[2], shape(x)[3]);
    elementwise(x, y);
    images_.push_back(y);
  }
  void slice() {
    const ValueId x = any_image();
    const Shape s = shape(x);
    SliceNode op;
    Shape size;
    for (std::size_t d = 0; d < 4; ++d) {
      const std::int64_t step = d > 0 && below(3) == 0 ? 2 : 1;
      const std::int64_t start = d == 0 ? 0 : below(std::max<std::int64_t>(s[d] / 3, 1));
      op.starts.push_back(start);
      op.steps.push_back(step);
      size.push_back(d == 0 ? s[0] : (s[d] - start - 1) / step + 1);
    }
    if (below(4) == 0) {  // backwards
      op.starts[2] = s[2] - 1;
      op.steps[2] = -1;
      size[2] = s[2];
    }
    const ValueId y = image_like(x, size[1], size[2], size[3]);
    node(op, {x}, y);
    images_.push_back(y);
  }
  void pad() {
    const ValueId x = any_image();
    const Shape s = shape(x);
    const PadNode op{{0, below(2), below(3), below(2)}, real(-1, 1)};
    const ValueId y =
        image_like(x, s[1] + op.before[1] + below(2), s[2] + op.before[2] + below(2), s[3] + op.before[3]);
    node(op, {x}, y);
    images_.push_back(y);
  }
  void upsample() {
    const ValueId x = any_image();
    const Shape s = shape(x);
    if (s[2] * s[3] > 120) return;
    const UpsampleNode op{static_cast<std::int32_t>(between(1, 2)), static_cast<std::int32_t>(between(1, 3))};
    const ValueId y = image_like(x, s[1], s[2] * op.factor_h, s[3] * op.factor_w);
    node(op, {x}, y);
    images_.push_back(y);
  }

  /// Global pool, flatten, dense, softmax: as classifiers end.
  void classifier() {
    const ValueId x = images_.back();
    const Shape s = shape(x);
    ValueId flat = 0;
    if (below(2) == 0) {
      const ValueId pooled = image(s[1], 1, 1);
      isa::Window w;
      w.kernel_h = static_cast<std::int32_t>(s[2]);
      w.kernel_w = static_cast<std::int32_t>(s[3]);
      node(PoolNode{isa::PoolKind::kAverage, w}, {x}, pooled);
      flat = row_major(pooled, {batch_, s[1]});
      node(ReshapeNode{}, {pooled}, flat);
    } else {
      const ValueId moved = row_major(x, s);
      node(RelayoutNode{}, {x}, moved);
      flat = row_major(moved, {batch_, s[1] * s[2] * s[3]});
      node(ReshapeNode{}, {moved}, flat);
    }
    const std::int64_t k = between(2, 40);
    const bool rounded = !options_.f32 && below(2) == 0;  // else integer products too give real numbers
    const ValueId logits =
        rounded ? graph_.add(value({batch_, k}, Layout::kRowMajor)) : f32_value({batch_, k});
    node(DenseNode{fused()}, {flat, weights({k, shape(flat)[1]}), bias(k)}, logits);
    const ValueId scores = rounded ? dequantised(logits) : logits;
    const ValueId probabilities = f32_value({batch_, k});
    node(SoftmaxNode{-1, below(2) == 0}, {scores}, probabilities);
    graph_.outputs.push_back(probabilities);
    if (below(2) == 0) {
      const ValueId mean = f32_value({batch_, 1});
      node(ReduceNode{isa::ReduceKind::kMean, {1}, true}, {scores}, mean);
      graph_.outputs.push_back(mean);
    }
    if (options_.rows) row_operations(scores);
  }

  ValueId reshaped(ValueId x, Shape s) {
    Value result = graph_.value(x);
    result.name = "v" + std::to_string(graph_.values.size());
    result.shape = std::move(s);
    const ValueId y = graph_.add(std::move(result));
    node(ReshapeNode{}, {x}, y);
    return y;
  }
  ValueId numbers(Shape s) {
    Tensor tensor(DType::kF32, std::move(s));
    for (float& x : tensor.as<float>()) x = real(-1, 1);
    return constant(std::move(tensor), std::nullopt);
  }
  /// A product of two computed matrices, its rows normalised; and rows looked up by computed whole numbers.
  void row_operations(ValueId scores) {
    const std::int64_t k = shape(scores)[1], columns = between(1, 20);
    const ValueId left = reshaped(scores, {batch_, k, 1});
    const ValueId right = below(2) == 0 ? reshaped(scores, {batch_, 1, k}) : numbers({1, 1, columns});
    const Shape product_shape{batch_, k, shape(right)[2]};
    const ValueId product = f32_value(product_shape);
    node(MatMulNode{}, {left, right}, product);
    std::vector<ValueId> operands{product};
    const auto parameters = static_cast<std::size_t>(below(3));
    for (std::size_t i = 0; i < parameters; ++i)
      operands.push_back(numbers(i == 0 ? Shape{1, 1, product_shape[2]} : Shape{1, k, 1}));
    const ValueId normalised = f32_value(product_shape);
    const auto kind = below(2) == 0 ? isa::NormKind::kLayer : isa::NormKind::kRms;
    node(NormNode{kind, 1e-5F}, std::move(operands), normalised);
    graph_.outputs.push_back(normalised);

    const std::int64_t rows = between(1, 9);
    const ValueId bounded = f32_value(shape(scores));
    node(UnaryNode{isa::UnaryKind::kClip, static_cast<float>(-rows), static_cast<float>(rows - 1)}, {scores},
         bounded);
    Value whole = graph_.value(bounded);
    whole.dtype = below(2) == 0 ? DType::kI64 : DType::kI32;
    whole.name = "v" + std::to_string(graph_.values.size());
    const ValueId integers = graph_.add(std::move(whole));
    node(CastNode{}, {bounded}, integers);
    const ValueId looked_up = f32_value({2, batch_ * k, columns});
    node(GatherNode{}, {numbers({2, rows, columns}), reshaped(integers, {batch_ * k})}, looked_up);
    graph_.outputs.push_back(looked_up);
  }
  ValueId row_major(ValueId like, Shape s) {
    const ValueId id = graph_.add(value(std::move(s), Layout::kRowMajor));
    graph_.value(id).quantisation = graph_.value(like).quantisation;
    return id;
  }
  ValueId f32_value(Shape s) {
    Value result;
    result.name = "v" + std::to_string(graph_.values.size());
    result.shape = std::move(s);
    return graph_.add(std::move(result));
  }
  ValueId dequantised(ValueId x) {
    const ValueId y = f32_value(shape(x));
    node(DequantiseNode{}, {x}, y);
    return y;
  }
  /// One image in the middle is an output, too, in the model's order.
  void extra_output() {
    const ValueId x = any_image();
    ValueId y = 0;
    if (options_.f32) {
      y = f32_value(shape(x));
      node(RelayoutNode{}, {x}, y);
    } else {
      y = dequantised(x);
    }
    graph_.outputs.push_back(y);
  }

  std::mt19937 random_;
  std::int32_t batch_;
  GraphOptions options_;
  Graph graph_;
  std::vector<ValueId> images_;
};

}  // namespace

BatchGraph random_graph(std::uint32_t seed, std::int32_t batch, const GraphOptions& options) {
  return {batch, Maker(seed, batch, options).make()};
}

std::vector<Tensor> random_inputs(const Graph& graph, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    Tensor tensor(value.dtype, value.shape);
    CHECK(value.dtype == DType::kF32);
    for (float& x : tensor.as<float>()) x = static_cast<float>(random() % 8000) / 1000.0F - 4.0F;
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

}  // namespace chengying::compiler::testing
