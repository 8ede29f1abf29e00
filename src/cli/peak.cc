#include "cli/peak.h"

#include <map>

namespace chengying::cli {
namespace {

constexpr double kOpsPerMac = 2;

/// The array that an instruction multiplies on; nullptr if it multiplies nothing, or the chip lacks the
/// array.
const isa::MacArray* array_of(const isa::Operation& operation, const isa::TensorEngine& tensor) {
  const auto of_type = [&](DType dtype) -> const isa::MacArray* {
    const auto& array = dtype == DType::kF32 ? tensor.f32 : tensor.u8;
    return array ? &*array : nullptr;
  };
  if (const auto* conv = std::get_if<isa::Conv>(&operation)) return of_type(conv->input.dtype);
  if (const auto* conv = std::get_if<isa::DepthwiseConv>(&operation)) return of_type(conv->input.dtype);
  if (const auto* product = std::get_if<isa::MatMul>(&operation)) return of_type(product->a.dtype);
  if (std::holds_alternative<isa::GroupedMatMul>(operation)) return of_type(DType::kU8);
  return nullptr;
}

}  // namespace

double peak_ops_per_second(const isa::Operation& operation, const isa::ChipSpec& chip) {
  const isa::MacArray* array = array_of(operation, chip.tensor);
  return array != nullptr ? kOpsPerMac * static_cast<double>(array->macs()) * chip.clock_hz : 0;
}

double peak_ops_per_second(const isa::Program& program, const isa::ChipSpec& chip) {
  std::map<double, std::size_t> instructions;  // by peak
  for (const isa::Instruction& instruction : program.instructions)
    if (const double peak = peak_ops_per_second(instruction.operation, chip); peak > 0) ++instructions[peak];
  double found = 0;
  std::size_t most = 0;
  for (const auto& [peak, count] : instructions)
    if (count > most) {
      found = peak;
      most = count;
    }
  return found;
}

}  // namespace chengying::cli
