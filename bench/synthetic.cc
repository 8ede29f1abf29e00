#include "synthetic.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace chengying::bench {
namespace {

constexpr std::int64_t kClasses = 1000;

std::string classified(QuantisedModel& model, const Feature& x) {
  return model.finish(model.dense(model.global_average(x), kClasses, false));
}

/// ResNet v1.5: a stage's first block strides in its 3x3 convolution.
std::string resnet(const char* name, std::array<int, 4> blocks, bool bottleneck) {
  QuantisedModel m(name);
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 64, {7, 2, 3}), {3, 2, 1});
  for (std::size_t stage = 0; stage < 4; ++stage) {
    const std::int64_t width = 64 << stage, out = bottleneck ? 4 * width : width;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      const bool project = stride != 1 || x.c != out;
      const Feature shortcut = project ? m.conv(x, out, {1, stride, 0}, false) : x;
      const Feature inner = bottleneck ? m.conv(m.conv(x, width, {1, 1, 0}), width, {3, stride, 1})
                                       : m.conv(x, width, {3, stride, 1});
      x = m.add(m.conv(inner, out, {bottleneck ? 1 : 3, 1, bottleneck ? 0 : 1}, false), shortcut);
    }
  }
  return classified(m, x);
}

std::string resnet18() {
  return resnet("resnet18", {2, 2, 2, 2}, false);
}
std::string resnet34() {
  return resnet("resnet34", {3, 4, 6, 3}, false);
}
std::string resnet50() {
  return resnet("resnet50", {3, 4, 6, 3}, true);
}
std::string resnet101() {
  return resnet("resnet101", {3, 4, 23, 3}, true);
}

std::string vgg(const char* name, std::array<int, 5> convolutions) {
  QuantisedModel m(name);
  Feature x = m.input(3, 224, 224);
  for (std::size_t stage = 0; stage < 5; ++stage) {
    for (int i = 0; i < convolutions[stage]; ++i)
      x = m.conv(x, std::min<std::int64_t>(512, 64 << stage), {3, 1, 1});
    x = m.max_pool(x, {2, 2, 0});
  }
  return m.finish(m.dense(m.dense(m.dense(x, 4096), 4096), kClasses, false));
}

std::string vgg11() {
  return vgg("vgg11", {1, 1, 2, 2, 2});
}
std::string vgg16() {
  return vgg("vgg16", {2, 2, 3, 3, 3});
}

std::string alexnet() {
  QuantisedModel m("alexnet");
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 64, {11, 4, 2}), {3, 2, 0});
  x = m.max_pool(m.conv(x, 192, {5, 1, 2}), {3, 2, 0});
  x = m.conv(m.conv(m.conv(x, 384, {3, 1, 1}), 256, {3, 1, 1}), 256, {3, 1, 1});
  x = m.max_pool(x, {3, 2, 0});
  return m.finish(m.dense(m.dense(m.dense(x, 4096), 4096), kClasses, false));
}

Feature fire(QuantisedModel& m, const Feature& x, std::int64_t squeeze, std::int64_t expand) {
  const Feature s = m.conv(x, squeeze, {1, 1, 0});
  return m.concat(std::array{m.conv(s, expand, {1, 1, 0}), m.conv(s, expand, {3, 1, 1})});
}

std::string squeezenet() {
  QuantisedModel m("squeezenet1.1");
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 64, {3, 2, 0}), {3, 2, 0});
  x = m.max_pool(fire(m, fire(m, x, 16, 64), 16, 64), {3, 2, 0});
  x = m.max_pool(fire(m, fire(m, x, 32, 128), 32, 128), {3, 2, 0});
  x = fire(m, fire(m, fire(m, fire(m, x, 48, 192), 48, 192), 64, 256), 64, 256);
  return m.finish(m.global_average(m.conv(x, kClasses, {1, 1, 0})));
}

std::string mobilenet_v1() {
  QuantisedModel m("mobilenet_v1");
  struct Block {
    std::int64_t channels, stride;
  };
  Feature x = m.conv(m.input(3, 224, 224), 32, {3, 2, 1});
  for (const Block& block : {Block{64, 1},
                             {128, 2},
                             {128, 1},
                             {256, 2},
                             {256, 1},
                             {512, 2},
                             {512, 1},
                             {512, 1},
                             {512, 1},
                             {512, 1},
                             {512, 1},
                             {1024, 2},
                             {1024, 1}})
    x = m.conv(m.depthwise(x, {3, block.stride, 1}), block.channels, {1, 1, 0});
  return classified(m, x);
}

std::string mobilenet_v2() {
  QuantisedModel m("mobilenet_v2");
  struct Stage {
    std::int64_t expansion, channels, count, stride;
  };
  Feature x = m.conv(m.input(3, 224, 224), 32, {3, 2, 1});
  for (const Stage& stage : {Stage{1, 16, 1, 1},
                             {6, 24, 2, 2},
                             {6, 32, 3, 2},
                             {6, 64, 4, 2},
                             {6, 96, 3, 1},
                             {6, 160, 3, 2},
                             {6, 320, 1, 1}})
    for (std::int64_t i = 0; i < stage.count; ++i) {
      const std::int64_t stride = i == 0 ? stage.stride : 1;
      const Feature wide = stage.expansion == 1 ? x : m.conv(x, x.c * stage.expansion, {1, 1, 0});
      const Feature narrow = m.conv(m.depthwise(wide, {3, stride, 1}), stage.channels, {1, 1, 0}, false);
      x = stride == 1 && x.c == stage.channels ? m.add(narrow, x, false) : narrow;
    }
  return classified(m, m.conv(x, 1280, {1, 1, 0}));
}

struct Inception {
  std::int64_t one, three_in, three, five_in, five, pooled;
};

Feature inception(QuantisedModel& m, const Feature& x, const Inception& sizes) {
  return m.concat(std::array{m.conv(x, sizes.one, {1, 1, 0}),
                             m.conv(m.conv(x, sizes.three_in, {1, 1, 0}), sizes.three, {3, 1, 1}),
                             m.conv(m.conv(x, sizes.five_in, {1, 1, 0}), sizes.five, {5, 1, 2}),
                             m.conv(m.max_pool(x, {3, 1, 1}), sizes.pooled, {1, 1, 0})});
}

std::string googlenet() {
  QuantisedModel m("googlenet");
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 64, {7, 2, 3}), {3, 2, 1});
  x = m.max_pool(m.conv(m.conv(x, 64, {1, 1, 0}), 192, {3, 1, 1}), {3, 2, 1});
  x = inception(m, inception(m, x, {64, 96, 128, 16, 32, 32}), {128, 128, 192, 32, 96, 64});
  x = m.max_pool(x, {3, 2, 1});
  for (const Inception& sizes : {Inception{192, 96, 208, 16, 48, 64},
                                 {160, 112, 224, 24, 64, 64},
                                 {128, 128, 256, 24, 64, 64},
                                 {112, 144, 288, 32, 64, 64},
                                 {256, 160, 320, 32, 128, 128}})
    x = inception(m, x, sizes);
  x = m.max_pool(x, {3, 2, 1});
  x = inception(m, inception(m, x, {256, 160, 320, 32, 128, 128}), {384, 192, 384, 48, 128, 128});
  return classified(m, x);
}

std::string densenet121() {
  QuantisedModel m("densenet121");
  constexpr std::int64_t kGrowth = 32;
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 64, {7, 2, 3}), {3, 2, 1});
  constexpr std::array kLayers{6, 12, 24, 16};
  for (std::size_t block = 0; block < kLayers.size(); ++block) {
    for (int i = 0; i < kLayers[block]; ++i)
      x = m.concat(std::array{x, m.conv(m.conv(x, 4 * kGrowth, {1, 1, 0}), kGrowth, {3, 1, 1})});
    if (block + 1 < kLayers.size()) x = m.average_pool(m.conv(x, x.c / 2, {1, 1, 0}), {2, 2, 0});
  }
  return classified(m, x);
}

std::string darknet19() {
  QuantisedModel m("darknet19");
  Feature x = m.max_pool(m.conv(m.input(3, 224, 224), 32, {3, 1, 1}), {2, 2, 0});
  x = m.max_pool(m.conv(x, 64, {3, 1, 1}), {2, 2, 0});
  for (const std::int64_t width : {128, 256}) {
    x = m.conv(m.conv(m.conv(x, width, {3, 1, 1}), width / 2, {1, 1, 0}), width, {3, 1, 1});
    x = m.max_pool(x, {2, 2, 0});
  }
  for (const std::int64_t width : {512, 1024}) {
    x = m.conv(x, width, {3, 1, 1});
    for (int i = 0; i < 2; ++i) x = m.conv(m.conv(x, width / 2, {1, 1, 0}), width, {3, 1, 1});
    if (width == 512) x = m.max_pool(x, {2, 2, 0});
  }
  return m.finish(m.global_average(m.conv(x, kClasses, {1, 1, 0})));
}

std::string perceptron() {
  QuantisedModel m("perceptron");
  Feature x = m.input(1024);
  for (int i = 0; i < 4; ++i) x = m.dense(x, 2048);
  return m.finish(m.dense(x, kClasses, false));
}

constexpr std::array kNetworks{
    Network{"resnet18", resnet18},
    Network{"resnet34", resnet34},
    Network{"resnet50", resnet50},
    Network{"resnet101", resnet101},
    Network{"vgg11", vgg11},
    Network{"vgg16", vgg16},
    Network{"alexnet", alexnet},
    Network{"squeezenet", squeezenet},
    Network{"mobilenet_v1", mobilenet_v1},
    Network{"mobilenet_v2", mobilenet_v2},
    Network{"googlenet", googlenet},
    Network{"densenet121", densenet121},
    Network{"darknet19", darknet19},
    Network{"perceptron", perceptron},
};

}  // namespace

std::span<const Network> networks() {
  return kNetworks;
}

std::string network(std::string_view name) {
  const auto found = std::ranges::find(kNetworks, name, &Network::name);
  CHECK(found != kNetworks.end());
  return found->make();
}

}  // namespace chengying::bench
