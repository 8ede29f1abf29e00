// RandomProgram: any bytes made into a program that is valid, with its constants and inputs. The same bytes
// give the same program. For the fuzz target that holds the kernels against the reference.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "isa/program.h"

namespace chengying::fuzz {

struct RandomProgram {
  std::shared_ptr<const isa::Executable> executable;  // shared: an Engine takes it so
  std::vector<std::vector<std::byte>> inputs;
  std::vector<std::int64_t> arguments;
};

/// A chip of two cores whose engines reach every memory.
isa::ChipSpec open_chip();
RandomProgram random_program(std::span<const std::byte> bytes);

}  // namespace chengying::fuzz
