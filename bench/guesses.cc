#include "guesses.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "base/check.h"
#include "cli/estimate.h"
#include "cli/table.h"
#include "cli/variations.h"
#include "compiler/prepared_model.h"
#include "isa/spec_edit.h"

namespace chengying::bench {
namespace {

using cli::Align;

struct Figures {
  double per_second = 0, seconds_alone = 0, watts = 0;
};

class Subject {
 public:
  Subject(const std::string& onnx, std::int32_t batch)
      : many_(prepared(onnx, batch)), alone_(prepared(onnx, 1)) {}

  /// Nothing if the changed chip can't run it.
  std::optional<Figures> figures(const isa::ChipSpec& chip) const {
    const auto cores = static_cast<std::uint16_t>(chip.cores);
    const auto many = many_.compile_for(chip, cores), alone = alone_.compile_for(chip, cores);
    if (!many || !alone) return std::nullopt;
    const cli::Estimate stream = cli::estimate_of(many->executable, chip);
    return Figures{stream.samples_per_second, cli::estimate_of(alone->executable, chip).seconds,
                   stream.joules * stream.samples_per_second};
  }

 private:
  static compiler::PreparedModel prepared(const std::string& onnx, std::int32_t batch) {
    compiler::CompileOptions options;
    options.batches = {batch};
    auto model = compiler::PreparedModel::make({{}, std::make_shared<const std::string>(onnx)}, options);
    CHECK(model.has_value());
    return *std::move(model);
  }

  compiler::PreparedModel many_, alone_;
};

/// Arrays of as many multipliers in other shapes.
std::vector<cli::Variation> other_shapes(const isa::ChipSpec& chip) {
  std::vector<cli::Variation> shapes;
  const isa::MacArray& array = *chip.tensor.u8;
  for (const auto& [reduce, columns] : {std::pair{64, 128}, {128, 64}, {64, 64}, {256, 64}, {384, 384}}) {
    if (array.macs() % (reduce * columns) != 0) continue;
    cli::Variation& shape = shapes.emplace_back(chip);
    const auto set = [&](const char* key, std::int64_t value) {
      CHECK(isa::set_number(shape.chip, key, static_cast<double>(value)).has_value());
      shape.changes.emplace_back(key, static_cast<double>(value));
    };
    set("tensor.u8.reduce", reduce);
    set("tensor.u8.columns", columns);
    set("tensor.u8.pixels", array.macs() / (reduce * columns));
    CHECK(isa::finish_edit(shape.chip).has_value());
  }
  return shapes;
}

std::string change(double now, double before) {
  const double percent = 100 * (now / before - 1);
  return std::abs(percent) < 0.05 ? "-" : fmt::format("{:+.1f} %", percent);
}

std::string text_of(const cli::Variation& variation) {
  std::string text;
  for (const auto& [key, value] : variation.changes)
    text += fmt::format("{}{} = {:g}", text.empty() ? "" : ", ", key, value);
  return text;
}

}  // namespace

std::string guesses_table(const isa::ChipSpec& chip, const std::string& onnx, std::int32_t batch) {
  const Subject subject(onnx, batch);
  const auto base = subject.figures(chip);
  CHECK(base.has_value());
  cli::Table table({{"CHANGED"},
                    {"IMAGES/S", Align::kRight},
                    {"", Align::kRight},
                    {"ALONE", Align::kRight},
                    {"", Align::kRight},
                    {"W", Align::kRight}});
  const auto add = [&](const std::string& what, const std::optional<Figures>& now) {
    if (!now) return table.add({what, "can't run it", "", "", "", ""});
    table.add({what, fmt::format("{:.0f}", now->per_second), change(now->per_second, base->per_second),
               cli::duration_text(now->seconds_alone), change(now->seconds_alone, base->seconds_alone),
               fmt::format("{:.0f}", now->watts)});
  };
  add("nothing", base);
  std::vector<cli::Variation> variations = cli::guesses_changed(chip);
  for (cli::Variation& shape : other_shapes(chip)) variations.push_back(std::move(shape));
  for (const cli::Variation& variation : variations) {
    if (!variation.impossible.empty()) continue;
    const auto now = subject.figures(variation.chip);
    add(text_of(variation), now);
  }
  return table.text();
}

}  // namespace chengying::bench
