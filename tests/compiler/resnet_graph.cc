#include "resnet_graph.h"

#include <fmt/format.h>

#include <array>
#include <random>

namespace chengying::compiler::testing {

namespace {

class Maker {
 public:
  Maker(std::int32_t batch, std::int64_t width, std::int64_t image)
      : batch_(batch), width_(width), image_(image) {}

  Graph make() {
    graph_.name = "resnet50";
    Value input;
    input.name = "input";
    input.shape = {batch_, 3, image_, image_};
    graph_.inputs.push_back(graph_.add(input));
    ValueId x = value("quantised", 3, image_);
    node("quantise", QuantiseNode{}, {graph_.inputs[0]}, x);
    x = conv("stem", x, width_, 7, 2, 3);
    const ValueId pooled = value("pool1", width_, (size(x) + 1) / 2);
    graph_.value(pooled).quantisation = graph_.value(x).quantisation;
    node("pool1", PoolNode{isa::PoolKind::kMax, window(3, 2, 1)}, {x}, pooled);
    x = pooled;
    constexpr std::array<int, 4> kBlocks{3, 4, 6, 3};
    for (std::size_t stage = 0; stage < kBlocks.size(); ++stage) {
      for (int block = 0; block < kBlocks[stage]; ++block) {
        x = bottleneck(fmt::format("stage{}.{}", stage + 1, block), x, width_ << stage,
                       stage > 0 && block == 0 ? 2 : 1, block == 0);
      }
    }
    classifier(x);
    return std::move(graph_);
  }

 private:
  std::int64_t size(ValueId id) const { return graph_.value(id).shape[2]; }

  ValueId value(std::string name, std::int64_t channels, std::int64_t size) {
    Value result;
    result.name = std::move(name);
    result.dtype = DType::kU8;
    result.shape = {batch_, channels, size, size};
    result.quantisation = Quantisation{{0.05F}, static_cast<std::int32_t>(random_() % 64), 0};
    result.layout = Layout::kChannelsLast;
    return graph_.add(std::move(result));
  }
  void node(std::string name, Operator op, std::vector<ValueId> inputs, ValueId output) {
    graph_.nodes.push_back({std::move(name), std::move(op), std::move(inputs), output});
  }
  static isa::Window window(int kernel, int stride, int pad) {
    isa::Window w;
    w.kernel_h = w.kernel_w = kernel;
    w.stride_h = w.stride_w = stride;
    w.pad_top = w.pad_left = pad;
    return w;
  }
  ValueId weights(Shape shape) {
    Value result;
    result.name = fmt::format("weights{}", graph_.values.size());
    result.dtype = DType::kI8;
    result.shape = shape;
    result.quantisation = Quantisation{std::vector<float>(static_cast<std::size_t>(shape[0]), 0.002F), 0, 0};
    Tensor tensor(DType::kI8, shape);
    for (std::byte& x : tensor.bytes()) x = static_cast<std::byte>(random_());
    result.constant = std::make_shared<const Tensor>(std::move(tensor));
    return graph_.add(std::move(result));
  }
  ValueId conv(const std::string& name, ValueId x, std::int64_t k, int kernel, int stride, int pad,
               bool relu = true, ValueId residual = kNoValue) {
    const ValueId y = value(name, k, (size(x) + 2 * pad - kernel) / stride + 1);
    Fused fused;
    if (relu) fused.low = 0;
    fused.residual = residual;
    node(name, ConvNode{window(kernel, stride, pad), 1, fused},
         {x, weights({k, graph_.value(x).shape[1], kernel, kernel}), kNoValue}, y);
    return y;
  }
  ValueId bottleneck(const std::string& name, ValueId x, std::int64_t k, int stride, bool project) {
    const ValueId shortcut = project ? conv(name + ".shortcut", x, 4 * k, 1, stride, 0, false) : x;
    const ValueId a = conv(name + ".a", x, k, 1, stride, 0);
    const ValueId b = conv(name + ".b", a, k, 3, 1, 1);
    return conv(name + ".c", b, 4 * k, 1, 1, 0, true, shortcut);
  }
  void classifier(ValueId x) {
    const std::int64_t c = graph_.value(x).shape[1];
    const ValueId mean = value("mean", c, 1);
    node("mean", PoolNode{isa::PoolKind::kAverage, window(static_cast<int>(size(x)), 1, 0)}, {x}, mean);
    Value flat = graph_.value(mean);
    flat.name = "flat";
    flat.shape = {batch_, c};
    flat.layout = Layout::kRowMajor;
    const ValueId flattened = graph_.add(flat);
    node("flatten", ReshapeNode{}, {mean}, flattened);
    flat.name = "logits";
    flat.shape = {batch_, 1000};
    const ValueId logits = graph_.add(flat);
    node("fc", DenseNode{}, {flattened, weights({1000, c}), kNoValue}, logits);
    Value real;
    real.name = "scores";
    real.shape = flat.shape;
    const ValueId scores = graph_.add(real);
    node("dequantise", DequantiseNode{}, {logits}, scores);
    real.name = "probabilities";
    const ValueId probabilities = graph_.add(real);
    node("softmax", SoftmaxNode{}, {scores}, probabilities);
    graph_.outputs.push_back(probabilities);
  }

  std::int32_t batch_;
  std::int64_t width_, image_;
  std::mt19937 random_{1};
  Graph graph_;
};

}  // namespace

BatchGraph resnet50(std::int32_t batch, std::int64_t width, std::int64_t image) {
  return {batch, Maker(batch, width, image).make()};
}

}  // namespace chengying::compiler::testing
