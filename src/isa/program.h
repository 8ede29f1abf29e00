// Program and Executable: what the compiler gives and the runtime takes. Values; the bytes of the constants
// are owned by whoever made the Executable (a mapped file, or the compiler's own buffer) and shared, never
// copied. Meaning of the file: docs/executable.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "isa/instruction.h"
#include "isa/spec.h"
#include "tensor/tensor.h"

namespace chengying::isa {

/// An input or output tensor of a program, dense and row-major, at `offset` of the kHost space.
struct Binding {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;               // as the model has it (NCHW stays NCHW), batch included
  std::uint64_t offset = 0;  // multiple of 64
  std::uint64_t bytes() const;
  bool operator==(const Binding&) const = default;
};

/// A whole number that each run is given beside its tensors, and within which bounds: a length, a count. It
/// may size an instruction's work, and so its time; verify() proves the program for all of low .. high.
struct Argument {
  std::string name;
  std::int64_t low = 0, high = 0;
  bool operator==(const Argument&) const = default;
};

/// Where a piece of the constants lives on the chip while the executable is loaded: in DRAM, or in the SRAM
/// of a core (then `offset` is the place in that SRAM, and only that core may read the piece, unless the
/// chip's spec lets cores read each other). On a chip whose constants are not resident anywhere, kConstant
/// can't be read.
struct Residence {
  std::uint64_t constant_offset = 0, bytes = 0;  // multiples of 64
  Space space = Space::kDram;                    // kDram or kSram
  std::uint16_t core = 0;
  std::uint64_t offset = 0;
  bool operator==(const Residence&) const = default;
};

/// One program: a list of instructions for a fixed batch. The list's order is itself a valid execution.
struct Program {
  std::int32_t batch = 1;
  std::vector<Binding> inputs, outputs;  // inputs first in kHost, then outputs, each at a multiple of 64
  std::vector<Argument> arguments;       // of a run; tensors of key/value memory have lengths here
  std::uint64_t dram_bytes = 0;          // scratch in DRAM, from offset 0
  /// Of it, the first bytes that stay from run to run of all programs of the executable, zeros when it is
  /// loaded: a sequence's keys and values. A multiple of 64.
  std::uint64_t state_bytes = 0;
  std::vector<std::uint64_t> sram_bytes;  // scratch per core of the slice, from offset 0
  std::vector<Residence> residences;
  std::vector<Instruction> instructions;
  std::uint64_t host_bytes() const;  // size of the kHost space
  /// The highest of each argument: the longest that a run can take.
  std::vector<std::int64_t> highest_arguments() const;
  bool operator==(const Program&) const = default;
};

/// A layer of the model, for reports: what the user calls this part of the program.
struct Layer {
  std::string name;        // the model's node name
  std::string operation;   // "conv 3x3/2", "pool", ...
  std::uint64_t macs = 0;  // multiply-accumulates for batch 1
  bool operator==(const Layer&) const = default;
};

/// A whole executable. `programs` are ordered by batch, at least one; they share the constants.
struct Executable {
  std::string chip;         // name of the spec that it was compiled for
  Digest chip_digest;       // of that spec's numbers: a changed spec refuses old executables
  std::uint16_t cores = 1;  // of the slice that it needs
  std::vector<Layer> layers;
  std::vector<Program> programs;
  std::map<std::string, std::string>
      metadata;                          // model name, preprocessing (JSON), labels; never needed to run
  std::span<const std::byte> constants;  // aligned to 64
  std::shared_ptr<const void> constants_owner;  // shared: slices of several leases run one mapped file
  Digest digest;                                // of the file's bytes; the executable's name

  /// The program for exactly this batch, or nullptr.
  const Program* program_for(std::int32_t batch) const;
};

/// Deterministic bytes of the file: the same executable gives the same bytes. Sets no digest.
std::vector<std::byte> encode(const Executable& executable);
/// Parses and checks the file's structure (magic, version, FlatBuffers verifier, ranges, digest of the
/// content); constants point into `bytes`, which `owner` keeps alive. kDataLoss or kInvalidArgument with the
/// place. Does not `verify` the programs: Device::load does.
Result<Executable> decode(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
/// Maps a file and decodes it.
Result<Executable> load_executable(const std::filesystem::path& path);
/// Encodes and writes, crash-safe; sets executable.digest.
Status save_executable(Executable& executable, const std::filesystem::path& path);

/// Checks every program of an executable against a chip before it may run: opcodes and formats that the chip
/// has, operands that agree, every byte inside the slice's memories and inside the constants' residences,
/// writes never to constants or inputs, waits that point backwards, every read of scratch covered by an
/// ordered earlier write (the bytes between channels that Conv may read excepted), no two unordered
/// instructions on the same bytes with a write among them, limits on sizes. The first fault found, with the
/// instruction's index and text. Order: instructions of one engine of one core are ordered by the list;
/// others only through waits.
Status verify(const Executable& executable, const ChipSpec& chip);
Status verify(const Program& program, std::uint16_t cores, std::uint64_t constant_bytes,
              const ChipSpec& chip);

/// Text of a program, one instruction a line, stable, made for diffs.
std::string print(const Executable& executable);
std::string print(const Program& program, const std::vector<Layer>& layers);
std::string print(const Instruction& instruction, std::uint32_t index);

}  // namespace chengying::isa
