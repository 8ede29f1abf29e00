#include "compiler/passes/noise_meter.h"

#include <algorithm>
#include <cmath>

#include "compiler/passes/watcher.h"

namespace chengying::compiler {
namespace {

struct Power {
  double signal = 0, noise = 0;

  void add(std::span<const float> real, std::span<const float> rounded) {
    for (std::size_t i = 0; i < real.size(); ++i) {
      if (!std::isfinite(real[i])) continue;
      const double x = real[i], off = x - rounded[i];
      signal += x * x;
      noise += off * off;
    }
  }
  double decibels() const {
    if (noise == 0) return kNoNoise;
    return std::clamp(10 * std::log10(std::max(signal, 1e-300) / noise), -kNoNoise, kNoNoise);
  }
};

}  // namespace

Status NoiseMeter::prepare() {
  kept_.clear();
  Watcher watcher(real_, values_, calibration_);
  TRY(watcher.prepare());
  return watcher.run("measure, in real numbers", progress_,
                     [&](std::size_t, const Tensor& tensor) { kept_.push_back(tensor); });
}

Result<std::vector<double>> NoiseMeter::measure(std::string_view what, const Graph& rounded,
                                                const std::vector<ValueId>& ids) const {
  Watcher watcher(rounded, ids, calibration_);
  TRY(watcher.prepare());
  std::vector<Power> powers(ids.size());
  std::size_t next = 0;
  TRY(watcher.run(what, progress_, [&](std::size_t value, const Tensor& tensor) {
    powers[value].add(kept_[next++].as<float>(), tensor.as<float>());
  }));
  std::vector<double> decibels;
  for (const Power& power : powers) decibels.push_back(power.decibels());
  return decibels;
}

}  // namespace chengying::compiler
