// One operation out of the FlatBuffers block; a part of decode.cc.
#pragma once

#include "base/error.h"
#include "isa/instruction.h"

namespace chengying::isa::file {
struct Instruction;
}

namespace chengying::isa {

/// The operation of an instruction whose buffer the FlatBuffers verifier accepted. kInvalidArgument if it is
/// of an unknown type or holds an unknown enumerator.
Result<Operation> decode_operation(const file::Instruction& instruction);

}  // namespace chengying::isa
