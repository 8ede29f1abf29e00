#include "cli/estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/peak.h"
#include "timing/stream.h"
#include "timing/waits.h"

namespace chengying::cli {

std::string Estimate::limit_text() const {
  return fmt::format("{} {:.0f} %", timing::name_of(limit), 100 * limit_share);
}

void add_estimate(boost::json::object& object, const Estimate& estimate) {
  object["cores"] = estimate.cores;
  object["batch"] = estimate.batch;
  object["seconds"] = estimate.seconds;
  object["samples_per_second"] = estimate.samples_per_second;
  object["utilisation"] = estimate.utilisation;
  object["limit"] = timing::name_of(estimate.limit);
  object["limit_share"] = estimate.limit_share;
  object["joules_per_sample"] = estimate.joules;
}

Estimate estimate_of(const isa::Executable& executable, const isa::ChipSpec& chip) {
  const isa::Program& program = executable.programs.front();
  const timing::Timing alone = timing::walk(program, chip, executable.cores);
  const timing::Stream stream = timing::stream_of(program, chip, executable.cores);
  Estimate estimate{.cores = executable.cores, .batch = program.batch, .cycles = alone.cycles};
  estimate.seconds = alone.seconds(chip);
  const double stream_seconds = stream.cycles / chip.clock_hz;
  estimate.samples_per_second = program.batch / stream_seconds;
  estimate.joules = stream.picojoules * 1e-12 / program.batch;
  const double peak = peak_ops_per_second(program, chip) * executable.cores;
  if (peak > 0) estimate.utilisation = 2 * static_cast<double>(alone.macs) / (stream_seconds * peak);
  const auto path = timing::cycles_by_limit(timing::critical_path(alone));
  const auto most = std::ranges::max_element(path);
  estimate.limit = static_cast<timing::Limit>(most - path.begin());
  estimate.limit_share = static_cast<double>(*most) / static_cast<double>(alone.cycles);
  return estimate;
}

}  // namespace chengying::cli
