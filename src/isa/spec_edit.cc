#include "isa/spec_edit.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "isa/spec_rows.h"

namespace chengying::isa {

Status set_number(ChipSpec& chip, std::string_view key, double value) {
  const auto number = std::ranges::find(chip.numbers, key, &SpecNumber::key);
  if (number == chip.numbers.end()) {
    std::vector<std::string_view> keys;
    for (const SpecNumber& known : chip.numbers) keys.push_back(known.key);
    return fail(Code::kInvalidArgument, "chip {} has no number '{}'; it has: {}", chip.name, key,
                fmt::join(keys, ", "));
  }
  const auto row = std::ranges::find_if(
      spec_numbers(), [&](const SpecNumberRow& r) { return fmt::format("{}.{}", r.section, r.key) == key; });
  if (!(value >= row->lowest && value <= row->highest))
    return fail(Code::kInvalidArgument, "{}: value is {} {}; allowed: {} to {}", key, value, row->unit,
                row->lowest, row->highest);
  if (row->whole != nullptr && value != std::round(value))
    return fail(Code::kInvalidArgument, "{}: value is {}; a whole number is expected", key, value);
  if (row->whole != nullptr)
    row->whole(chip) = static_cast<std::int64_t>(value);
  else
    row->real(chip) = value;
  number->value = value;
  return {};
}

Status finish_edit(ChipSpec& chip) {
  for (const SpecRule& rule : spec_rules())
    if (rule.broken(chip)) return fail(Code::kInvalidArgument, "{}: {}", rule.key, rule.message);
  chip.digest = digest_of(chip);
  return {};
}

}  // namespace chengying::isa
