// Networks: int8 models in the right architecture with weights of no meaning, as ONNX (QuantizeLinear and
// DequantizeLinear). Time depends on shapes alone, so they stand for the real ones wherever time is asked
// for.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace chengying::bench {

/// A quantised tensor inside of a model that is being made: images [batch, c, h, w], or rows [batch, c] where
/// h is 0.
struct Feature {
  std::string name;
  std::int64_t c = 0, h = 0, w = 0;
};

/// Makes one model, operator by operator. The batch is left open. Inputs and outputs are u8.
class QuantisedModel {
 public:
  /// An image of c x h x w, or a row of c if h is 0.
  explicit QuantisedModel(std::string name);
  ~QuantisedModel();
  QuantisedModel(const QuantisedModel&) = delete;
  QuantisedModel& operator=(const QuantisedModel&) = delete;

  Feature input(std::int64_t c, std::int64_t h = 0, std::int64_t w = 0);
  struct Window {
    std::int64_t kernel = 1, stride = 1, pad = 0;
  };
  Feature conv(const Feature& x, std::int64_t channels, Window window, bool relu = true,
               std::int64_t groups = 1);
  Feature depthwise(const Feature& x, Window window) { return conv(x, x.c, window, true, x.c); }
  Feature max_pool(const Feature& x, Window window) { return pool("MaxPool", x, window); }
  Feature average_pool(const Feature& x, Window window) { return pool("AveragePool", x, window); }
  Feature global_average(const Feature& x);
  Feature dense(const Feature& x, std::int64_t columns, bool relu = true);
  Feature add(const Feature& a, const Feature& b, bool relu = true);
  Feature concat(std::span<const Feature> parts);
  /// sigmoid(first half of the columns) * second half: what gates of recurrent cells do; rows only.
  Feature gate(const Feature& x);
  Feature sigmoid(const Feature& x);

  /// The file's bytes, with `output` as the model's output.
  std::string finish(const Feature& output);

 private:
  std::string unique(const char* what);
  std::string dequantised(const Feature& x);
  Feature quantised(const std::string& real, Feature shape, bool positive);
  std::string weights(const std::vector<std::int64_t>& shape);
  Feature pool(const char* type, const Feature& x, Window window);
  std::string rows(const Feature& x);

  std::unique_ptr<onnx::ModelProto> model_;
  std::minstd_rand random_{1};
  int count_ = 0;
};

struct Network {
  const char* name;
  std::string (*make)();
};

/// At least twelve networks for images of 224 x 224, and a perceptron.
std::span<const Network> networks();
/// Of the table above, by name; CHECKs that it is there.
std::string network(std::string_view name);

}  // namespace chengying::bench
