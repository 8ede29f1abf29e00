#include "cli/quantize_report.h"

#include <boost/json.hpp>

#include "cli/table.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

std::string size_text(std::uint64_t bytes) {
  return bytes_text(static_cast<double>(bytes));
}
std::string times_text(double before, double after) {
  return after == 0 ? "" : fmt::format("{:.2f} times", before / after);
}
std::string times_text(std::uint64_t before, std::uint64_t after) {
  return times_text(static_cast<double>(before), static_cast<double>(after));
}
double share(std::size_t part, std::size_t all) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(all, 1));
}
std::string share_text(std::size_t part, std::size_t all) {
  return fmt::format("{:.2f} %", 100 * share(part, all));
}

json::object json_of(const ModelFigures& figures, std::size_t samples) {
  json::object object = {{"file_bytes", figures.file_bytes},
                         {"constant_bytes", figures.constant_bytes},
                         {"cycles", figures.cycles},
                         {"seconds", figures.seconds}};
  if (figures.right) object["top1"] = share(*figures.right, samples);
  return object;
}

}  // namespace

std::string decibels_text(double decibels) {
  return decibels >= compiler::kNoNoise ? "no noise" : fmt::format("{:.1f} dB", decibels);
}

std::vector<ReportLine> lines_of(const QuantizeReport& report) {
  const Comparison& c = report.comparison;
  const ModelFigures &a = c.before, &b = c.after;
  std::vector<ReportLine> lines;
  if (a.right && b.right) {
    const double points = 100 * (share(*b.right, c.samples) - share(*a.right, c.samples));
    lines.push_back({"top-1", share_text(*a.right, c.samples), share_text(*b.right, c.samples),
                     fmt::format("{:+.2f} points", points)});
  }
  if (c.same) lines.push_back({"same first answer", "", share_text(*c.same, c.samples), ""});
  if (!report.layers.empty())
    lines.push_back({"signal to noise of the answer", "", decibels_text(report.answer_db), ""});
  lines.push_back({fmt::format("time on {}", report.chip), duration_text(a.seconds), duration_text(b.seconds),
                   times_text(a.seconds, b.seconds)});
  lines.push_back({fmt::format("cycles of {}'s model", report.chip), grouped(a.cycles), grouped(b.cycles),
                   times_text(a.cycles, b.cycles)});
  lines.push_back(
      {"file", size_text(a.file_bytes), size_text(b.file_bytes), times_text(a.file_bytes, b.file_bytes)});
  lines.push_back({"constants of the executable", size_text(a.constant_bytes), size_text(b.constant_bytes),
                   times_text(a.constant_bytes, b.constant_bytes)});
  return lines;
}

std::string text_of(const QuantizeReport& report) {
  std::string text;
  if (!report.layers.empty()) {
    Table layers({{"LAYER"},
                  {"OPERATION"},
                  {"TYPE"},
                  {"SIZE", Align::kRight},
                  {"ALONE", Align::kRight},
                  {"TOGETHER", Align::kRight},
                  {"WHY"}});
    for (const auto& layer : report.layers)
      layers.add({layer.layer, layer.operation, layer.format, size_text(layer.bytes_after),
                  decibels_text(layer.alone_db), decibels_text(layer.together_db), layer.reason});
    text += layers.text() + "\n";
  }
  Table models({{""}, {"BEFORE", Align::kRight}, {"AFTER", Align::kRight}, {"CHANGE", Align::kRight}});
  for (const ReportLine& line : lines_of(report))
    models.add({line.what, line.before, line.after, line.change});
  text += models.text();
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", note);
  return text;
}

json::object json_of(const QuantizeReport& report) {
  json::array layers;
  for (const auto& layer : report.layers)
    layers.push_back(json::object{{"layer", layer.layer},
                                  {"operation", layer.operation},
                                  {"type", layer.format},
                                  {"bytes_before", layer.bytes_before},
                                  {"bytes_after", layer.bytes_after},
                                  {"alone_db", layer.alone_db},
                                  {"together_db", layer.together_db},
                                  {"reason", layer.reason}});
  const Comparison& c = report.comparison;
  json::object object = {{"model", report.output},
                         {"chip", report.chip},
                         {"method", report.method},
                         {"samples", report.calibrated},
                         {"bytes", c.after.file_bytes},
                         {"compared_samples", c.samples},
                         {"before", json_of(c.before, c.samples)},
                         {"after", json_of(c.after, c.samples)}};
  if (c.same) object["same_answer"] = share(*c.same, c.samples);
  if (!layers.empty()) object["answer_db"] = report.answer_db;
  object["layers"] = std::move(layers);
  object["notes"] = json::array(report.notes.begin(), report.notes.end());
  return object;
}

}  // namespace chengying::cli
