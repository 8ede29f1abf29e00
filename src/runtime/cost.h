// Cost: how a request's batch is run as programs of an executable, and what that costs by the chip's model.
// Pure: a quote before the run and a bill after it come from these same functions. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "runtime/device.h"

namespace chengying::runtime {

/// The most samples that one request may carry.
inline constexpr std::int32_t kMaxRequestBatch = 65536;

/// kInvalidArgument, naming the argument, what it is and what it should be, unless `arguments` are those of a
/// run of `program`: so many, each within its bounds.
Status check_arguments(const isa::Program& program, std::span<const std::int64_t> arguments);

/// Whether batches can be cut and joined along the first dimension: no program has arguments, every program
/// has the same bindings (names, in order, types, dimensions after the first), and the first dimension of each
/// is the program's batch times the same number. If not, only batches with a program of exactly that size can be run, and
/// never merged.
bool can_split_batches(const isa::Executable& executable);

/// The programs, by their batch, that a request of `batch` samples is run as, in order: a function of the
/// executable's program sizes and `batch` alone. With a program of exactly this size: that one. Else, if
/// batches can be split: again and again the largest program that is not larger than what is left; a rest
/// smaller than every program takes the smallest one, filled up with zeros (and pays for all of it). Programs
/// 1, 2, 4 and batch 7: 4, 2, 1. Empty if the batch cannot be served.
std::vector<std::int32_t> plan_batch(const isa::Executable& executable, std::int32_t batch);

/// Costs of the programs of one executable on one chip, walked once.
class CostTable {
 public:
  CostTable() = default;  // of no program: serves no batch
  CostTable(const isa::Executable& executable, const isa::ChipSpec& chip);
  /// The sum over the plan of `batch`; clock_ns is 0. Of a program with arguments: what it costs at these, or,
  /// without any, the most that it can. kInvalidArgument, naming the sizes there are, if the batch cannot be
  /// served, and for arguments that are not the program's.
  Result<RunCost> cost_of(std::int32_t batch, std::span<const std::int64_t> arguments = {}) const;

 private:
  struct Entry {
    std::int32_t batch = 0;
    RunCost cost;  // at the highest arguments
    /// To be walked again at others; nullptr if it has none.
    std::shared_ptr<const isa::Program> program = nullptr;
  };
  std::vector<Entry> programs_;  // ordered by batch
  std::shared_ptr<const isa::ChipSpec> chip_;
  std::uint16_t cores_ = 1;
  bool splits_ = false;
};

/// The same for one question; walks the programs of the plan anew.
Result<RunCost> cost_of(const isa::Executable& executable, const isa::ChipSpec& chip, std::int32_t batch,
                        std::span<const std::int64_t> arguments = {});

}  // namespace chengying::runtime
