// Homes: where the parts of each storage lie while a program runs, and which bytes of them are already there.
// A place is a memory that holds scratch: the shared DRAM (place 0), or the SRAM of core p (place p).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/tiles/storage.h"
#include "compiler/tiles/strided.h"
#include "compiler/tiles/tiles.h"

namespace chengying::compiler::tiles {

using Place = std::uint16_t;

/// A block of a storage in one memory.
struct Home {
  isa::Address at;                   // of the block's first element
  Box box;                           // in the storage's dimensions
  std::vector<std::int64_t> stride;  // bytes, for each dimension of the storage
  std::vector<Box> valid;            // what steps so far have written
};

/// The window on `box` (in the storage's dimensions) of a home.
isa::Address address_in(const Home& home, const Box& box);
Strided window_in(const Home& home, DType dtype, const Box& box);
/// The window on `box` of a value that lies in the home's storage by `placement`.
Strided window_of_value(const Home& home, const Storages& storages, const Graph& graph, ValueId id,
                        const Box& box);

/// A new buffer for a block of a storage, and the home in it.
Home make_home(const Storage& storage, const Box& box, isa::Space space, std::uint16_t core, Tiles& tiles);
/// The whole storage, dense, at a place that is known already (the request's tensors, constants).
Home fixed_home(const Storage& storage, isa::Address at);

}  // namespace chengying::compiler::tiles
