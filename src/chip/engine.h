// Engine: the first reading of a program: its bytes. Runs a verified program on the memories of a slice, with
// the fast kernels of this machine, on one or several threads; the bytes are the same for any number of
// threads. A guest's fault is a Trap, a value. One Engine belongs to one slice; run() is for one caller at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::chip {

/// Which set of kernels: chosen once at start from what the CPU has; forced in tests and by
/// CHENGYING_KERNELS.
enum class KernelSet : std::uint8_t { kReference, kAvx2, kAvx512 };
std::string_view name_of(KernelSet set);
/// The best set of this machine, or the one that the environment variable CHENGYING_KERNELS names.
KernelSet best_kernels();
bool supported(KernelSet set);

/// A fault of the guest program that only shows when it runs: an index in its data that names no row. What
/// verify() excludes traps too: a second wall.
struct Trap {
  std::uint32_t instruction = 0;
  std::string reason;
};

/// Clock times of an instruction in a profiled run, nanoseconds from the start of the run.
struct InstructionClock {
  std::uint64_t start_ns = 0, end_ns = 0;
  std::uint16_t thread = 0;
};

struct RunOptions {
  std::vector<InstructionClock>* profile = nullptr;  // resized to the program's instructions if given
  std::span<const std::int64_t> arguments = {};      // as the program's, each within its bounds (CHECKed)
};

class Engine {
 public:
  /// `threads` >= 1 worker threads (the calling thread counts as one). Memories are allocated on the first
  /// load.
  Engine(const isa::ChipSpec& chip, std::uint16_t cores, unsigned threads,
         KernelSet kernels = best_kernels());
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Verifies the executable for this slice and makes room for its scratch memories. The executable must live
  /// as long as the engine uses it (until the next load). Errors: those of isa::verify, or no memory.
  Status load(std::shared_ptr<const isa::Executable> executable);

  /// Runs one program of the loaded executable. `inputs` and `outputs` are the bindings' bytes, in order, of
  /// exactly their sizes (CHECKed), aligned to 64 or not. Outputs are whole if and only if no Trap is
  /// returned.
  std::optional<Trap> run(const isa::Program& program, std::span<const std::span<const std::byte>> inputs,
                          std::span<const std::span<std::byte>> outputs, const RunOptions& options = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chengying::chip
