#include "compiler/passes/choose_layers.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/passes/equalise.h"

namespace chengying::compiler {
namespace {

constexpr double kGainDb = 0.1;  // less is chance: the samples are few

/// A layer that reads one and makes the other would come out scaled.
bool touch(const EqualisedGroup& a, const EqualisedGroup& b) {
  const auto common = [](const std::vector<std::uint32_t>& x, const std::vector<std::uint32_t>& y) {
    return std::ranges::any_of(x, [&](std::uint32_t node) { return std::ranges::binary_search(y, node); });
  };
  return common(a.readers, b.makers) || common(b.readers, a.makers);
}

/// Parts in which no two groups touch: there the readers' results are what they were, and can be compared.
std::vector<std::vector<EqualisedGroup>> parts_of(std::vector<EqualisedGroup> groups) {
  std::vector<std::vector<EqualisedGroup>> parts;
  for (EqualisedGroup& group : groups) {
    const auto free = std::ranges::find_if(parts, [&](const auto& part) {
      return std::ranges::none_of(part, [&](const EqualisedGroup& other) { return touch(group, other); });
    });
    if (free == parts.end())
      parts.push_back({std::move(group)});
    else
      free->push_back(std::move(group));
  }
  return parts;
}

std::size_t place_of(const Rounding& rounding, std::uint32_t node) {
  return static_cast<std::size_t>(std::ranges::find(rounding.layers, node) - rounding.layers.begin());
}

/// The groups whose readers come out better by themselves, on average.
Result<std::vector<EqualisedGroup>> helpful_groups(const Rounding& rounding, const LayerMeter& meter) {
  std::vector<EqualisedGroup> helpful;
  for (auto& part : parts_of(groups_to_equalise(rounding.graph, rounding.plan))) {
    Graph graph = rounding.graph;
    QuantisationPlan plan = rounding.plan;
    equalise(plan, part);
    equalise(graph, part);
    TRY_ASSIGN(const std::vector<double> alone, meter.alone(graph, plan));
    for (EqualisedGroup& group : part) {
      double gain = 0;
      for (const std::uint32_t node : group.readers)
        if (const std::size_t i = place_of(rounding, node); i < alone.size())
          gain += alone[i] - rounding.alone[i];
      if (gain > kGainDb * static_cast<double>(group.readers.size())) helpful.push_back(std::move(group));
    }
  }
  return helpful;
}

}  // namespace

Result<bool> equalise_where_it_helps(Rounding& rounding, const LayerMeter& meter, const Calibration& all,
                                     const Calibration& few, const Progress& progress) {
  TRY_ASSIGN(const std::vector<EqualisedGroup> groups, helpful_groups(rounding, meter));
  if (groups.empty()) return false;
  Rounding trial = rounding;
  equalise(trial.graph, groups);
  TRY_ASSIGN(trial.plan, calibrate(trial.graph, all, progress));
  LayerMeter trial_meter(trial.graph, trial.layers, few, progress);
  TRY(trial_meter.prepare());
  TRY_ASSIGN(trial.together, trial_meter.together(trial.graph, trial.plan));
  if (trial.together.answer <= rounding.together.answer + kGainDb) return false;
  TRY_ASSIGN(trial.alone, trial_meter.alone(trial.graph, trial.plan));
  for (const EqualisedGroup& group : groups)
    for (const std::uint32_t node : group.readers)
      if (const std::size_t i = place_of(trial, node); i < trial.reasons.size())
        trial.reasons[i] = "input equalised";
  rounding = std::move(trial);
  return true;
}

namespace {

/// One layer after another is kept real if that is measured to help.
class Keeping {
 public:
  Keeping(Rounding& rounding, const QuantiseOptions& options, const LayerMeter& meter)
      : rounding_(rounding),
        options_(options),
        meter_(meter),
        before_(rounding.plan),
        answer_(rounding.together.answer) {}

  Status run() {
    TRY_ASSIGN(std::vector<std::size_t> order, most_gain_first());
    while (!is_enough()) {
      std::vector<std::size_t> left;
      for (const std::size_t i : order) {
        if (is_enough()) break;
        TRY_ASSIGN(const bool kept, keep(i));
        if (!kept) left.push_back(i);
      }
      if (left.size() == order.size()) break;  // what did not help before others were kept may help now
      order = std::move(left);
    }
    if (is_reached()) TRY(give_back());
    TRY(explain());
    rounding_.plan = plan_of(kept_);
    TRY_ASSIGN(rounding_.together, meter_.together(rounding_.graph, rounding_.plan));
    return {};
  }

 private:
  bool is_reached() const { return options_.target_db && answer_ >= *options_.target_db; }
  bool is_enough() const { return is_reached() || kept_.size() >= options_.keep; }

  QuantisationPlan plan_of(const std::vector<std::size_t>& layers) const {
    std::set<ValueId> results;
    for (const std::size_t i : layers) results.insert(rounding_.graph.nodes[rounding_.layers[i]].output);
    return keeping(before_, rounding_.graph, results);
  }
  Result<double> answer_of(const std::vector<std::size_t>& layers) const {
    return meter_.answer(rounding_.graph, plan_of(layers));
  }

  /// By what the answer gains if this layer alone is kept.
  Result<std::vector<std::size_t>> most_gain_first() {
    std::vector<double> gains;
    for (std::size_t i = 0; i < rounding_.layers.size(); ++i) {
      TRY_ASSIGN(const double answer, answer_of({i}));
      gains.push_back(answer - answer_);
      rounding_.reasons[i] = fmt::format("bf16 alone: answer {:+.1f} dB", gains[i]);
    }
    std::vector<std::size_t> order(gains.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return gains[i]; });
    return order;
  }

  Result<bool> keep(std::size_t layer) {
    std::vector<std::size_t> more = kept_;
    more.push_back(layer);
    TRY_ASSIGN(const double answer, answer_of(more));
    if (answer < answer_ + kGainDb) return false;
    kept_ = std::move(more);
    answer_ = answer;
    return true;
  }

  /// A layer that came late may have made earlier ones needless.
  Status give_back() {
    for (const std::size_t layer : std::vector<std::size_t>(kept_)) {
      TRY_ASSIGN(const double answer, answer_of(without(layer)));
      if (answer < *options_.target_db) continue;
      kept_ = without(layer);
      answer_ = answer;
    }
    return {};
  }

  std::vector<std::size_t> without(std::size_t layer) const {
    std::vector<std::size_t> less = kept_;
    std::erase(less, layer);
    return less;
  }

  Status explain() {
    for (const std::size_t layer : kept_) {
      TRY_ASSIGN(const double answer, answer_of(without(layer)));
      rounding_.reasons[layer] =
          fmt::format("kept: int8 would make the answer {:.1f} dB worse", answer_ - answer);
    }
    return {};
  }

  Rounding& rounding_;
  const QuantiseOptions& options_;
  const LayerMeter& meter_;
  const QuantisationPlan before_;
  std::vector<std::size_t> kept_;  // of the layers, in the order in which they came
  double answer_;
};

}  // namespace

Status keep_what_loses_most(Rounding& rounding, const QuantiseOptions& options, const LayerMeter& meter) {
  const bool reached = options.target_db && rounding.together.answer >= *options.target_db;
  return options.keep == 0 || reached ? Status() : Keeping(rounding, options, meter).run();
}

}  // namespace chengying::compiler
