// Kernels: one function for each opcode, in a table for each instruction set of this machine's CPU. All
// tables give the same bytes as src/reference/ (law 4). A kernel touches no byte outside of its operands'
// extents (Conv's input channels rounded up to 4 excepted), allocates nothing shared, and may be called from
// any thread at once.
// It writes nothing but elements: bytes between the pixels of a view may be another's.
#pragma once

#include <string_view>

#include "chip/engine.h"
#include "isa/instruction.h"
#include "reference/operands.h"

namespace chengying::chip {

struct Kernels {
  void (*conv)(const isa::Conv&, const Operands&);
  void (*depthwise_conv)(const isa::DepthwiseConv&, const Operands&);
  void (*pool)(const isa::Pool&, const Operands&);
  void (*binary)(const isa::Binary&, const Operands&);
  void (*unary)(const isa::Unary&, const Operands&);
  void (*lut)(const isa::Lut&, const Operands&);
  void (*convert)(const isa::Convert&, const Operands&);
  void (*softmax)(const isa::Softmax&, const Operands&);
  void (*reduce)(const isa::Reduce&, const Operands&);
  void (*copy)(const isa::Copy&, const Operands&);
  void (*matmul)(const isa::MatMul&, const Operands&);
  void (*compare)(const isa::Compare&, const Operands&);
  void (*select)(const isa::Select&, const Operands&);
  void (*gather)(const isa::Gather&, const Operands&);
  void (*scatter)(const isa::Scatter&, const Operands&);
  void (*topk)(const isa::TopK&, const Operands&);
  void (*norm)(const isa::Norm&, const Operands&);
  void (*rotary)(const isa::Rotary&, const Operands&);
  void (*resize)(const isa::Resize&, const Operands&);
  void (*grouped_matmul)(const isa::GroupedMatMul&, const Operands&);
  void (*sample)(const isa::Sample&, const Operands&);
  void (*attention)(const isa::Attention&, const Operands&);
  void (*scan)(const isa::Scan&, const Operands&);
};

/// The table of a set that supported() says this machine has (CHECKed).
const Kernels& kernels_of(KernelSet set);

/// The set of that name: "reference", "avx2" or "avx512". Empty: the fastest. Unknown or not supported by
/// this CPU: the fastest too, with a warning on stderr. best_kernels() asks this with CHENGYING_KERNELS.
KernelSet kernel_set_named(std::string_view asked);

/// Runs one operation by a table.
void execute(const Kernels& kernels, const isa::Operation& operation, const Operands& operands);

}  // namespace chengying::chip
