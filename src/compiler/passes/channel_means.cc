#include "compiler/passes/channel_means.h"

#include <algorithm>
#include <cmath>

#include "compiler/passes/watcher.h"

namespace chengying::compiler {
namespace {

float as_bytes(float real, const Quantisation& q) {
  const float zero = static_cast<float>(q.zero_point);
  const float step = std::clamp(std::nearbyint(real / q.scale()), -zero, 255 - zero);
  return step * q.scale();
}

/// Adds the channels' sums of one sample: channel `c` of [n, c, inner].
void add_sums(const Tensor& tensor, std::size_t channel_axis, const Quantisation& q, ChannelMeans& sums) {
  const auto channels = static_cast<std::size_t>(tensor.shape()[channel_axis]);
  std::size_t inner = 1;
  for (std::size_t d = channel_axis + 1; d < tensor.shape().size(); ++d)
    inner *= static_cast<std::size_t>(tensor.shape()[d]);
  sums.real.resize(channels);
  sums.rounded.resize(channels);
  sums.largest.resize(channels);
  const auto elements = tensor.as<float>();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!std::isfinite(elements[i])) continue;
    const std::size_t c = i / inner % channels;
    sums.real[c] += elements[i];
    sums.rounded[c] += as_bytes(elements[i], q);
    sums.largest[c] = std::max(sums.largest[c], std::abs(double{elements[i]}));
  }
}

struct Wanted {
  std::size_t axis;
  Quantisation quantisation;
  std::int64_t elements;  // of a channel, in one sample
};

/// The inputs of convolutions and products that will be bytes.
std::map<ValueId, Wanted> wanted_of(const Graph& graph, const QuantisationPlan& plan) {
  const auto producers = producers_of(graph);
  const auto producer = [&](ValueId id) {
    return producers[id] == kNoValue ? nullptr : &graph.nodes[producers[id]];
  };
  std::map<ValueId, Wanted> wanted;
  for (const Node& node : graph.nodes) {
    if (fused_of(node.op) == nullptr) continue;
    const Value& x = graph.value(node.inputs[0]);
    const std::size_t axis = std::holds_alternative<ConvNode>(node.op) ? 1 : x.shape.size() - 1;
    const Quantisation* q = scale_of(plan, node.inputs[0], producer);
    if (q == nullptr || x.constant != nullptr || x.shape[axis] == 0) continue;
    std::int64_t elements = 1;
    for (const std::int64_t extent : x.shape) elements *= extent;
    wanted.emplace(node.inputs[0], Wanted{axis, *q, elements / x.shape[axis]});
  }
  return wanted;
}

}  // namespace

Result<std::map<ValueId, ChannelMeans>> channel_means(const Graph& graph, const Calibration& calibration,
                                                      const QuantisationPlan& plan,
                                                      const Progress& progress) {
  const std::map<ValueId, Wanted> wanted = wanted_of(graph, plan);
  std::vector<ValueId> watched;
  for (const auto& [id, what] : wanted) watched.push_back(id);
  Watcher watcher(graph, watched, calibration);
  TRY(watcher.prepare());
  std::map<ValueId, ChannelMeans> means;
  TRY(watcher.run("means", progress, [&](std::size_t v, const Tensor& tensor) {
    const Wanted& what = wanted.at(watched[v]);
    add_sums(tensor, what.axis, what.quantisation, means[watched[v]]);
  }));
  for (auto& [id, mean] : means) {
    const double count =
        static_cast<double>(wanted.at(id).elements) * static_cast<double>(calibration.samples.size());
    for (double& sum : mean.real) sum /= count;
    for (double& sum : mean.rounded) sum /= count;
  }
  return means;
}

std::vector<double> bias_correction(const Tensor& weights, std::span<const float> rounded_weights,
                                    std::int64_t groups, const ChannelMeans& means) {
  const auto real_weights = weights.as<float>();
  std::vector<double> correction(static_cast<std::size_t>(weights.shape()[0]));
  for_each_weight(weights, groups, [&](std::size_t place, std::size_t k, std::size_t channel) {
    correction[k] +=
        real_weights[place] * means.real[channel] - rounded_weights[place] * means.rounded[channel];
  });
  return correction;
}

}  // namespace chengying::compiler
