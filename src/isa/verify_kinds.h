// Questions about one operation, for each kind of it, for verify_operation; what they ask of single operands
// is in verify_operands.h. Pure.
#pragma once

#include "base/error.h"
#include "isa/instruction.h"
#include "isa/spec.h"

namespace chengying::isa {

/// The chip's vector engine has lanes for the format.
Status verify_vector(const ChipSpec& chip, DType dtype);
/// The chip's tensor engine has an array for the format.
Status verify_tensor(const ChipSpec& chip, DType dtype);

Status verify_kind(const MatMul& op, const ChipSpec& chip);
Status verify_kind(const Compare& op, const ChipSpec& chip);
Status verify_kind(const Select& op, const ChipSpec& chip);
Status verify_kind(const Gather& op, const ChipSpec& chip);
Status verify_kind(const Scatter& op, const ChipSpec& chip);
Status verify_kind(const TopK& op, const ChipSpec& chip);
Status verify_kind(const Norm& op, const ChipSpec& chip);
Status verify_kind(const Rotary& op, const ChipSpec& chip);
Status verify_kind(const Resize& op, const ChipSpec& chip);
Status verify_kind(const GroupedMatMul& op, const ChipSpec& chip);
Status verify_kind(const Sample& op, const ChipSpec& chip);
Status verify_kind(const Attention& op, const ChipSpec& chip);
Status verify_kind(const Scan& op, const ChipSpec& chip);

}  // namespace chengying::isa
