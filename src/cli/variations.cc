#include "cli/variations.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "isa/spec_edit.h"

namespace chengying::cli {
namespace {

struct Axis {
  std::string key;
  std::vector<double> values;
};

Result<double> number_of(std::string_view text, std::string_view argument) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return fail(Code::kInvalidArgument,
                "--vary {}: '{}' is no number; KEY=1e9,2e9 or KEY=x0.5,x2 is expected", argument, text);
  return value;
}

Result<Axis> axis_of(const isa::ChipSpec& chip, const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos || equals == 0 || equals + 1 == argument.size())
    return fail(Code::kInvalidArgument, "--vary {}: KEY=VALUE,VALUE is expected", argument);
  Axis axis{argument.substr(0, equals), {}};
  isa::ChipSpec copy = chip;
  const auto number = std::ranges::find(chip.numbers, axis.key, &isa::SpecNumber::key);
  const double own = number == chip.numbers.end() ? 1 : number->value;
  std::string_view rest = std::string_view(argument).substr(equals + 1);
  while (true) {
    const std::size_t comma = rest.find(',');
    std::string_view text = rest.substr(0, comma);
    const bool factor = text.starts_with('x');
    if (factor) text.remove_prefix(1);
    TRY_ASSIGN(const double value, number_of(text, argument));
    axis.values.push_back(factor ? value * own : value);
    TRY(isa::set_number(copy, axis.key, axis.values.back()));
    if (comma == rest.npos) return axis;
    rest.remove_prefix(comma + 1);
  }
}

Variation changed(const isa::ChipSpec& chip, std::vector<std::pair<std::string, double>> changes) {
  Variation variation{chip, std::move(changes), {}};
  for (const auto& [key, value] : variation.changes) {
    const Status set = isa::set_number(variation.chip, key, value);
    if (!set) variation.impossible = set.error().message;
  }
  const Status whole = isa::finish_edit(variation.chip);
  if (!whole && variation.impossible.empty()) variation.impossible = whole.error().message;
  return variation;
}

}  // namespace

Result<std::vector<Variation>> combinations(const isa::ChipSpec& chip,
                                            const std::vector<std::string>& arguments) {
  std::vector<std::vector<std::pair<std::string, double>>> all{{}};
  for (const std::string& argument : arguments) {
    TRY_ASSIGN(const Axis axis, axis_of(chip, argument));
    if (all.size() * axis.values.size() > kVariationsMax)
      return fail(Code::kTooLarge, "more than {} combinations; vary fewer keys or values", kVariationsMax);
    std::vector<std::vector<std::pair<std::string, double>>> longer;
    for (const auto& changes : all)
      for (const double value : axis.values) {
        longer.push_back(changes);
        longer.back().emplace_back(axis.key, value);
      }
    all = std::move(longer);
  }
  std::vector<Variation> variations;
  for (auto& changes : all) variations.push_back(changed(chip, std::move(changes)));
  return variations;
}

std::vector<Variation> guesses_changed(const isa::ChipSpec& chip) {
  std::vector<Variation> variations;
  for (const isa::SpecNumber& number : chip.numbers) {
    if (number.provenance != isa::Provenance::kEstimated || number.value == 0) continue;
    for (const double factor : {0.5, 2.0}) {
      const double value = number.value * factor;
      const bool whole = number.value == std::round(number.value) && number.value < 1e15;
      Variation variation = changed(chip, {{number.key, value}});
      // Halves of small whole numbers are taken up to the next whole one.
      if (!variation.impossible.empty() && whole) variation = changed(chip, {{number.key, std::ceil(value)}});
      if (variation.changes.front().second == number.value) continue;  // half of 1
      variations.push_back(std::move(variation));
    }
  }
  return variations;
}

}  // namespace chengying::cli
