// Operands: where the operands of one instruction lie in this process. Made by the engine after the addresses
// were resolved and checked; every kernel, reference or fast, takes the instruction and these.
#pragma once

#include <cstddef>

namespace chengying {

/// Pointers to the first element of each view, or the first byte of each constant block; null where the
/// instruction has no such operand. No alignment beyond the element's is promised, except that weights, init,
/// scale and table are aligned to 64.
struct Operands {
  const std::byte* input = nullptr;   // input, source, a
  const std::byte* second = nullptr;  // b of Binary and MatMul; the residual of Conv and DepthwiseConv
  const std::byte* third = nullptr;   // the addend of MatMul
  const std::byte* weights = nullptr;
  const std::byte* init = nullptr;
  const std::byte* scale = nullptr;
  const std::byte* table = nullptr;
  std::byte* output = nullptr;  // output, destination
};

}  // namespace chengying
