// Homes: where the parts of each storage lie while a program runs, and which bytes of them are already there.
// A place is a memory that holds scratch: the shared DRAM (place 0), or the SRAM of core p (place p).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/tiles/constants.h"
#include "compiler/tiles/plan.h"
#include "compiler/tiles/storage.h"
#include "compiler/tiles/strided.h"
#include "compiler/tiles/tiles.h"

namespace chengying::compiler::tiles {

/// A block of a storage in one memory.
struct Home {
  isa::Address at;                   // of the block's first element
  Box box;                           // in the storage's dimensions
  std::vector<std::int64_t> stride;  // bytes, for each dimension of the storage
  std::vector<Box> valid;            // what steps so far have written
};

/// Whether a storage's elements lie in scratch while the program runs (inputs: as copies).
bool in_scratch(const Storage& storage);
/// The first byte of one of the request's tensors.
isa::Address host_at(const isa::Binding& binding);

/// The window on `box` (in the storage's dimensions) of a home.
isa::Address address_in(const Home& home, const Box& box);
Strided window_in(const Home& home, DType dtype, const Box& box);
/// The window on `box` of a value that lies in the home's storage by `placement`.
Strided window_of_value(const Home& home, const Storages& storages, const Graph& graph, ValueId id,
                        const Box& box);

/// All homes of a program. Scratch storages have one for each core that touches them, or one for all cores
/// where these share a memory and elements; the request's tensors and constants have one that is fixed.
class Homes {
 public:
  /// Binds the graph's inputs and outputs in `tiles` and adds the buffers. All references must outlive this.
  Homes(const Graph& graph, const Storages& storages, const Extents& extents, bool shared_memory,
        Tiles& tiles, ConstantPool& pool);

  /// Where `core` reads and writes a storage.
  Home& of(StorageId id, std::uint16_t core);
  /// The request's own copy of an input, or an output that is written in place.
  const Home& fixed(StorageId id) const { return fixed_.at(id); }
  /// All homes in scratch of a storage with the core that each belongs to, by core.
  std::vector<std::pair<std::uint16_t, Home*>> all(StorageId id);

 private:
  Home scratch_home(const Storage& storage, const Box& box, std::uint16_t core);

  const Graph& graph_;
  const Storages& storages_;
  const bool shared_memory_;
  const std::vector<bool> private_;
  Tiles& tiles_;
  ConstantPool& pool_;
  std::map<std::pair<StorageId, std::uint16_t>, Home> scratch_;
  std::map<StorageId, Home> fixed_;
};

}  // namespace chengying::compiler::tiles
