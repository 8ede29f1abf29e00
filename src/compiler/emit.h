// lower: the compiler's back half: graphs that are ready (below) to an executable that `verify` accepts.
// Deterministic; any thread. The result owns its constants and has no digest yet (save or encode sets it).
//
// A graph is ready when
//  - `check` accepts it and every shape is bound; one graph for each batch, all of the same model;
//  - model inputs and outputs are row major, as the model has them;
//  - what Conv and Pool read and write is channels last; Dense, Softmax read and write row major;
//  - the softmax's axis is the last one; the inputs of a Concat have the output's dtype;
//  - Quantise, Dequantise, Requantise, Relayout and Transpose may change the layout on the way;
//  - Conv and Dense are all u8 (weights i8) or all f32; a bias is i32 in units of s_x * s_w[k], or f32.
//
// The numbers of an instruction come from the quantisation of its values by these formulas, each computed in
// double and rounded to f32 once (interpret() uses the same; scales.h):
//   Conv, Dense  scale[k] = s_x * s_w[k] / s_next; next is `fused.inner` if there, else the output;
//                inner.rescale = s_inner / s_out; residual.scale = s_residual / s_out
//                init[k] = bias[k] - zero_point_x * sum of w[k]; bounds = real bound / s_out
//   average Pool scale = s_x / s_out
//   Binary       add, sub, max, min: a_scale = s_a / s_out, b_scale = s_b / s_out;
//                mul: a_scale = s_a * s_b / s_out, b_scale = 1; bounds = real bound / s_out
//   Unary, Requantise on u8: a table: dequantise, the f32 function by the reference, quantise
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/graph/graph.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::compiler {

/// One batch's graph. Values that are the same constant in several batches share it (by content).
struct BatchGraph {
  std::int32_t batch = 1;
  Graph graph;
};

/// What was decided on the way, as text, for --dump-after; filled only if a pointer is given.
struct LowerDump {
  std::string decisions;  // how each node is split over the cores, a line each
  std::string tiles;      // the second form of the first batch's program
};

/// A search for faster programs: `lower` asks before each try whether to go on, tries the batches in turn,
/// and says what came of it.
struct Searching {
  std::function<bool(std::size_t tries)> goes_on;
  SearchReport report = {};
};

/// Programs for all batches, sorted by batch. kUnsupported: formats or operators that the chip lacks (all
/// nodes listed), or memory that doesn't suffice (how much is missing). Metadata is left to the caller.
Result<isa::Executable> lower(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                              std::uint16_t cores, LowerDump* dump = nullptr, Searching* searching = nullptr);

}  // namespace chengying::compiler
