// What quantisation did to a model: layer by layer, to its answers, its size and its time; as tables, as
// JSON, and as a page to look at. Values; one thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/compare_models.h"
#include "compiler/quantise_model.h"

namespace chengying::cli {

struct QuantizeReport {
  std::string model, output, chip, method;
  std::size_t calibrated = 0, measured = 0;  // samples: for ranges, and for decibels
  std::string compared_on;                   // where the samples of `comparison` are from
  Comparison comparison;
  double answer_db = 0;
  std::vector<compiler::LayerRounding> layers;
  std::vector<std::string> notes;
};

/// A property of the model before and after.
struct ReportLine {
  std::string what, before, after, change;
};
std::vector<ReportLine> lines_of(const QuantizeReport& report);
std::string decibels_text(double decibels);

std::string text_of(const QuantizeReport& report);
boost::json::object json_of(const QuantizeReport& report);
/// A whole page: no scripts, nothing from elsewhere.
std::string html_of(const QuantizeReport& report);

}  // namespace chengying::cli
