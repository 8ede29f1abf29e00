// Storage: which values share memory. Every value lies in a storage, its own or another's: reshapes and
// slices in their source's, inputs of a concatenation in its result's. Decided once for a graph and a chip;
// says nothing of cores or places.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/tiles/box.h"
#include "isa/spec.h"

namespace chengying::compiler::tiles {

using StorageId = std::uint32_t;

enum class Where : std::uint8_t {
  kScratch,   // in DRAM or SRAM, made by the program
  kInput,     // in the request's tensors; scratch holds copies where the engines can't reach it (staged)
  kOutput,    // written in place in the request's tensors
  kConstant,  // in the executable's constants
};

struct Storage {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;                     // logical
  std::vector<std::size_t> order;  // memory order of the logical dimensions, outermost first
  Where where = Where::kScratch;
  bool staged = false;       // kInput only
  bool padded = false;       // in scratch, innermost elements are padded to a multiple of 4
  ValueId value = kNoValue;  // the value that the storage was made for
};

/// Where a value's elements lie in its storage: dimension d of the value is dimension `dimension[d]` of the
/// storage
/// (-1: size 1, nowhere), moved by `offset` (one for each dimension of the storage).
struct Placement {
  StorageId storage = 0;
  std::vector<std::int32_t> dimension;
  std::vector<std::int64_t> offset;
};

struct Storages {
  std::vector<Storage> storages;
  std::vector<Placement> of_value;  // by ValueId; unused values have storage kNoStorage
  static constexpr StorageId kNoStorage = 0xffffffff;

  const Storage& of(ValueId id) const { return storages[of_value[id].storage]; }
  /// A block of a value in its storage's dimensions.
  Box in_storage(ValueId id, const Box& box) const;
};

Storages assign_storages(const Graph& graph, const isa::ChipSpec& chip);

/// Whether `from` of a value and `to` of another are the same memory: then moving one to the other needs no
/// step.
bool is_same_memory(const Storages& storages, ValueId from_value, const Box& from, ValueId to_value,
                    const Box& to);

/// Strides in bytes of a dense block of `size` in the storage's memory order, one for each logical dimension.
std::vector<std::int64_t> strides_of(const Storage& storage, const std::vector<std::int64_t>& size,
                                     bool padded);

}  // namespace chengying::compiler::tiles
