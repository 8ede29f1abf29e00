// Operands: where the operands of one instruction lie in this process. Made by the engine after the addresses
// were resolved and checked; every kernel, reference or fast, takes the instruction and these.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chengying {

/// What an operation found in its data that it cannot obey: the first number that is none of `rows`.
struct Fault {
  bool found = false;
  std::int64_t number = 0, rows = 0;
  void note(std::int64_t asked, std::int64_t there_are) {
    if (!found) *this = {true, asked, there_are};
  }
};

/// Pointers to the first element of each view, or the first byte of each constant block; null where the
/// instruction has no such operand. No alignment beyond the element's is promised, except that weights, init,
/// scale and table are aligned to 64.
struct Operands {
  const std::byte* input = nullptr;    // input, source, a, data, updates, condition, query
  const std::byte* second = nullptr;   // b; residual; indices; a of Select; Norm's scale; cosine; keys; rows
  const std::byte* third = nullptr;    // addend; b of Select; Norm's shift; sine; values
  const std::byte* weights = nullptr;  // weights; Resize's table of rows
  const std::byte* init = nullptr;
  const std::byte* scale = nullptr;
  const std::byte* table = nullptr;         // Lut's; Resize's of columns
  const std::byte* fourth = nullptr;        // Attention's pages
  std::byte* output = nullptr;              // output, destination
  const std::int64_t* arguments = nullptr;  // of the run, as Program::arguments
  Fault* fault = nullptr;                   // where a fault is noted; null: nobody asks
};

}  // namespace chengying
