// Estimate: what a model costs on a chip by the chip's own model, as one line of a comparison. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "isa/program.h"
#include "isa/spec.h"
#include "timing/timing.h"

namespace chengying::cli {

struct Estimate {
  std::uint16_t cores = 0;
  std::int32_t batch = 0;
  std::uint64_t cycles = 0;       // of one request alone, what is billed
  double seconds = 0;             // the same, from submit to the last output
  double samples_per_second = 0;  // in a stream of requests: transfers under computation
  double utilisation = 0;         // of the slice's multipliers in that stream, 0..1; 0 if nothing multiplies
  double joules = 0;              // a sample, in that stream
  timing::Limit limit = timing::Limit::kCompute;  // what most of a request's critical path goes to
  double limit_share = 0;                         // of the path

  /// "sram 43 %"
  std::string limit_text() const;
};

/// Its fields, as JSON names them, into an object.
void add_estimate(boost::json::object& object, const Estimate& estimate);

/// Of the executable's smallest program.
Estimate estimate_of(const isa::Executable& executable, const isa::ChipSpec& chip);

}  // namespace chengying::cli
