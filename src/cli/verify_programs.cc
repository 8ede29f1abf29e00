#include "cli/verify_programs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "billing/record.h"
#include "runtime/cost.h"

namespace chengying::cli {
namespace {

/// An executable's costs on its chip, walked once.
struct Known {
  runtime::CostTable costs;
  const isa::ChipSpec* chip = nullptr;
};
using Programs = std::map<Digest, Known>;

Result<Programs> walk_all(std::span<const isa::Executable> executables,
                          std::span<const isa::ChipSpec> chips) {
  Programs programs;
  for (const isa::Executable& executable : executables) {
    const auto chip = std::ranges::find(chips, executable.chip, &isa::ChipSpec::name);
    if (chip == chips.end()) {
      return fail(Code::kInvalidArgument, "executable {} is for chip \"{}\", whose spec was not given",
                  executable.digest.hex(), executable.chip);
    }
    programs[executable.digest] = {runtime::CostTable(executable, *chip), &*chip};
  }
  return programs;
}

/// "17,5".
Result<std::vector<std::int64_t>> arguments_of(const billing::Record& record, std::string_view where) {
  std::vector<std::int64_t> arguments;
  const std::string& text = record.arguments;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const auto parsed = std::from_chars(at, end, arguments.emplace_back());
    const bool more = parsed.ptr != end && *parsed.ptr == ',' && parsed.ptr + 1 != end;
    if (parsed.ec != std::errc() || (parsed.ptr != end && !more))
      return fail(Code::kDataLoss, "{}: arguments is \"{}\": whole numbers with commas are expected", where,
                  text);
    at = more ? parsed.ptr + 1 : end;
  }
  return arguments;
}

Status check(const billing::Record& record, const Programs& programs, std::string_view where) {
  const auto found = programs.find(record.executable);
  if (found == programs.end()) {
    return fail(Code::kInvalidArgument, "{}: its program {} was not given", where, record.executable.hex());
  }
  const isa::ChipSpec& chip = *found->second.chip;
  const auto differs = [&](std::string_view field, const auto& is, const auto& should) {
    return fail(Code::kDataLoss, "{}: {} is {}, the program and the chip give {}", where, field, is, should);
  };
  if (record.chip != chip.name) return differs("chip", record.chip, chip.name);
  const auto clock_hz = static_cast<std::uint64_t>(std::llround(chip.clock_hz));
  if (record.clock_hz != clock_hz) return differs("clock_hz", record.clock_hz, clock_hz);
  if (!record.status.empty()) return {};  // not answered: its cycles are 0, which its price says
  TRY_ASSIGN(const std::vector<std::int64_t> arguments, arguments_of(record, where));
  auto cost = found->second.costs.cost_of(record.batch, arguments);
  if (!cost) return within(where, std::move(cost).error());
  if (record.cycles != cost->cycles) return differs("cycles", record.cycles, cost->cycles);
  if (record.picojoules != cost->picojoules)
    return differs("picojoules", record.picojoules, cost->picojoules);
  return {};
}

}  // namespace

Result<std::int64_t> verify_programs(std::string_view records_jsonl,
                                     std::span<const isa::Executable> executables,
                                     std::span<const isa::ChipSpec> chips) {
  TRY_ASSIGN(const Programs programs, walk_all(executables, chips));
  std::int64_t line = 0, checked = 0;
  while (!records_jsonl.empty()) {
    const std::size_t end = std::min(records_jsonl.find('\n'), records_jsonl.size());
    const std::string where = fmt::format("records line {}", ++line);
    auto record = billing::parse_record(records_jsonl.substr(0, end));
    if (!record) return within(where, std::move(record).error());
    records_jsonl.remove_prefix(std::min(end + 1, records_jsonl.size()));
    if (record->kind != billing::RecordKind::kWork) continue;
    TRY(check(*record, programs, where));
    ++checked;
  }
  return checked;
}

}  // namespace chengying::cli
