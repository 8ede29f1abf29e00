// select: one program for each batch's graph, of those that fit the slice together with their constants: the
// compiler's own choice, or what a search found if that is faster. Deterministic; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "compiler/emit.h"
#include "compiler/tiles/constants.h"
#include "compiler/tiles/decisions.h"
#include "compiler/tiles/program.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::compiler {

struct Selection {
  std::vector<isa::Program> programs;  // as the graphs, each with its residences
  std::vector<tiles::Decisions> decisions;
  tiles::Footprint footprint;
};

/// kUnsupported: memory does not suffice (how much is missing). `searching` may be nullptr: no search.
Result<Selection> select_programs(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                                  std::uint16_t cores, tiles::ConstantPool& pool, Searching* searching);

}  // namespace chengying::compiler
