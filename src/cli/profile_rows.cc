#include "cli/profile_rows.h"

#include <algorithm>

#include "cli/peak.h"

namespace chengying::cli {
namespace {

constexpr double kOpsPerMac = 2;

void add(ProfileRow& sum, const ProfileRow& row) {
  sum.macs += row.macs;
  sum.predicted_seconds += row.predicted_seconds;
  sum.measured_seconds += row.measured_seconds;
  sum.peak_ops_per_second = std::max(sum.peak_ops_per_second, row.peak_ops_per_second);
}

}  // namespace

double ProfileRow::measured_ops_per_second() const {
  return measured_seconds > 0 ? kOpsPerMac * static_cast<double>(macs) / measured_seconds : 0;
}

double ProfileRow::measured_share() const {
  return peak_ops_per_second > 0 ? measured_ops_per_second() / peak_ops_per_second : 0;
}

std::vector<ProfileRow> instruction_rows(const isa::Executable& executable, const isa::Program& program,
                                         const isa::ChipSpec& chip, const timing::Timing& timing,
                                         std::span<const double> measured_ns) {
  std::vector<ProfileRow> rows;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const isa::Instruction& instruction = program.instructions[i];
    const timing::InstructionTime& time = timing.instructions[i];
    rows.push_back({executable.layers[instruction.layer].name,
                    std::string(isa::name_of(instruction.operation)), time.macs,
                    static_cast<double>(time.end_cycle - time.start_cycle) / chip.clock_hz,
                    measured_ns[i] * 1e-9, peak_ops_per_second(instruction.operation, chip)});
  }
  return rows;
}

std::vector<ProfileRow> layer_rows(const isa::Executable& executable, const isa::Program& program,
                                   std::span<const ProfileRow> instructions) {
  std::vector<ProfileRow> rows(executable.layers.size());
  std::vector<bool> used(rows.size());
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const std::uint32_t layer = program.instructions[i].layer;
    add(rows[layer], instructions[i]);
    used[layer] = true;
  }
  std::vector<ProfileRow> kept;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) {
    if (!used[layer]) continue;
    rows[layer].name = executable.layers[layer].name;
    rows[layer].operation = executable.layers[layer].operation;
    kept.push_back(std::move(rows[layer]));
  }
  return kept;
}

ProfileRow total_of(std::span<const ProfileRow> rows) {
  ProfileRow total;
  total.name = "total";
  for (const ProfileRow& row : rows) add(total, row);
  return total;
}

}  // namespace chengying::cli
