#include "prediction_subjects.h"

#include <fmt/format.h>

#include "synthetic.h"

namespace chengying::bench {

std::vector<Subject> layers() {
  std::vector<Subject> all;
  const auto add = [&](std::string name, auto make) {
    QuantisedModel model(name);
    std::string onnx = model.finish(make(model));
    all.push_back({std::move(name), std::move(onnx)});
  };
  for (const std::int64_t size : {56, 28, 14, 7})
    for (const std::int64_t channels : {32, 64, 128, 256, 512})
      for (const std::int64_t kernel : {1, 3})
        for (const std::int64_t out : {channels, 2 * channels})
          add(fmt::format("conv {0}x{0} {1}x{1}x{2} to {3}", kernel, size, channels, out),
              [&](QuantisedModel& m) {
                return m.conv(m.input(channels, size, size), out, {kernel, 1, kernel / 2});
              });
  for (const std::int64_t channels : {32, 96, 256})
    for (const std::int64_t size : {56, 14})
      add(fmt::format("depthwise 3x3 {0}x{0}x{1}", size, channels),
          [&](QuantisedModel& m) { return m.depthwise(m.input(channels, size, size), {3, 1, 1}); });
  for (const std::int64_t depth : {256, 1024, 4096})
    for (const std::int64_t columns : {256, 1000, 4096})
      add(fmt::format("dense {} to {}", depth, columns),
          [&](QuantisedModel& m) { return m.dense(m.input(depth), columns); });
  for (const std::int64_t kernel : {2, 3})
    for (const std::int64_t size : {112, 28, 14})
      add(fmt::format("max pool {0}x{0} {1}x{1}x64", kernel, size),
          [&](QuantisedModel& m) { return m.max_pool(m.input(64, size, size), {kernel, 2, 0}); });
  return all;
}

std::vector<Subject> whole_networks() {
  std::vector<Subject> all;
  for (const Network& network : networks()) all.push_back({network.name, network.make()});
  return all;
}

}  // namespace chengying::bench
