#include "compiler/passes/equalise.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "compiler/passes/channel_groups.h"
#include "compiler/passes/channel_means.h"
#include "compiler/passes/histogram.h"

namespace chengying::compiler {
namespace {

constexpr int kExponentMax = 8;  // of a divisor: 1/256 to 256, all that a byte could make use of

std::vector<double> largest_weights(const Graph& graph, const Node& reader) {
  const Tensor& weights = *graph.value(reader.inputs[1]).constant;
  std::vector<double> largest(static_cast<std::size_t>(weights.shape()[1] * groups_of(reader)));
  for_each_weight(weights, groups_of(reader), [&](std::size_t place, std::size_t, std::size_t channel) {
    largest[channel] = std::max(largest[channel], std::abs(double{weights.as<float>()[place]}));
  });
  return largest;
}

/// Sums of logarithms, and how many they are: of each channel.
class LogMeans {
 public:
  void add(const std::vector<double>& numbers) {
    sums_.resize(numbers.size());
    counts_.resize(numbers.size());
    for (std::size_t c = 0; c < numbers.size(); ++c) {
      if (numbers[c] <= 0) continue;
      sums_[c] += std::log2(numbers[c]);
      ++counts_[c];
    }
  }
  std::size_t size() const { return sums_.size(); }
  bool has(std::size_t c) const { return c < counts_.size() && counts_[c] > 0; }
  double of(std::size_t c) const { return sums_[c] / counts_[c]; }

 private:
  std::vector<double> sums_;
  std::vector<int> counts_;
};

/// Powers of two; empty if all are equal.
std::vector<float> divisors_of(const Graph& graph, const ChannelGroup& group, const QuantisationPlan& plan) {
  LogMeans numbers, weights;
  bool depthwise = true;
  for (const std::uint32_t i : group.readers) {
    const Node& reader = graph.nodes[i];
    const auto means = plan.means.find(reader.inputs[0]);
    if (means == plan.means.end()) return {};
    numbers.add(means->second.largest);
    weights.add(largest_weights(graph, reader));
    depthwise = depthwise && groups_of(reader) > 1 && graph.value(reader.inputs[1]).shape[1] == 1;
  }
  const double part = depthwise ? 1.0 : 0.5;  // depthwise weights have a scale for each channel themselves
  std::vector<double> exponents;
  double sum = 0;
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    const bool known = numbers.has(c) && weights.has(c);
    exponents.push_back(known ? part * numbers.of(c) - (1 - part) * weights.of(c) : NAN);
    sum += known ? exponents.back() : 0;
  }
  const auto known = std::ranges::count_if(exponents, [](double e) { return !std::isnan(e); });
  const double middle = known == 0 ? 0 : sum / static_cast<double>(known);
  std::vector<float> divisors;
  for (const double exponent : exponents) {
    const double power = std::isnan(exponent) ? 0 : std::nearbyint(exponent - middle);
    divisors.push_back(std::ldexp(1.0F, std::clamp(static_cast<int>(power), -kExponentMax, kExponentMax)));
  }
  const bool equal = std::ranges::adjacent_find(divisors, std::not_equal_to<>()) == divisors.end();
  return equal ? std::vector<float>() : divisors;
}

template <class Change>
void change_constant(Graph& graph, ValueId id, Change change) {
  if (id == kNoValue) return;
  Tensor changed = *graph.value(id).constant;
  change(changed);
  graph.value(id).constant = std::make_shared<Tensor>(std::move(changed));
}

}  // namespace

std::vector<EqualisedGroup> groups_to_equalise(const Graph& graph, const QuantisationPlan& plan) {
  std::vector<EqualisedGroup> groups;
  for (ChannelGroup& group : channel_groups(graph)) {
    std::vector<float> divisors = divisors_of(graph, group, plan);
    if (divisors.empty()) continue;
    groups.push_back(
        {std::move(group.makers), std::move(group.readers), std::move(group.values), std::move(divisors)});
  }
  return groups;
}

void equalise(Graph& graph, std::span<const EqualisedGroup> groups) {
  for (const EqualisedGroup& group : groups) {
    const auto divide_rows = [&](Tensor& tensor) {
      const std::size_t each = static_cast<std::size_t>(tensor.elements()) / group.divisors.size();
      for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.elements()); ++i)
        tensor.as<float>()[i] /= group.divisors[i / each];
    };
    for (const std::uint32_t i : group.makers) {
      change_constant(graph, graph.nodes[i].inputs[1], divide_rows);
      change_constant(graph, graph.nodes[i].inputs[2], divide_rows);
    }
    for (const std::uint32_t i : group.readers)
      change_constant(graph, graph.nodes[i].inputs[1], [&](Tensor& tensor) {
        for_each_weight(tensor, groups_of(graph.nodes[i]),
                        [&](std::size_t place, std::size_t, std::size_t channel) {
                          tensor.as<float>()[place] *= group.divisors[channel];
                        });
      });
  }
}

void equalise(QuantisationPlan& plan, std::span<const EqualisedGroup> groups) {
  for (const EqualisedGroup& group : groups) {
    for (const ValueId id : group.values) {
      const auto found = plan.means.find(id);
      if (found == plan.means.end()) continue;
      ChannelMeans& means = found->second;
      for (std::size_t c = 0; c < group.divisors.size(); ++c)
        for (auto* numbers : {&means.real, &means.rounded, &means.largest})
          (*numbers)[c] /= group.divisors[c];
      means.rounded = means.real;  // what the new steps do to the means is not known yet
      const auto activation = plan.activations.find(id);
      if (activation == plan.activations.end()) continue;
      const auto high = static_cast<float>(std::ranges::max(means.largest));
      activation->second = quantisation_of({activation->second.zero_point == 0 ? 0 : -high, high});
    }
  }
}

}  // namespace chengying::compiler
