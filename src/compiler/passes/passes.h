// The passes over Graph, in their order: each a name, a function, and the rule that holds after it. Every
// pass keeps what is computed (interpret() before = after): to the bit on integers, within a few ulp where it
// reorders float sums.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/graph/check.h"
#include "compiler/graph/graph.h"

namespace chengying::compiler {

using Notes = std::vector<std::string>;

struct Pass {
  std::string_view name;
  void (*run)(Graph&, Notes&);
  CheckStage after = CheckStage::kLogical;
};

/// From an imported graph to real arithmetic with its epilogues; then (calibrated models: quantise.h between
/// the two) to a graph that is ready for lower().
std::span<const Pass> simplifying_passes();
std::span<const Pass> integer_passes();
/// As simplifying_passes(), but additions stay nodes of their own: for a file that other engines read.
std::span<const Pass> export_passes();

/// What running passes records; `dump_after` names the pass whose result is printed.
struct PassLog {
  std::string dump_after;
  std::string dump;
  std::vector<PassReport> reports;
  Notes notes;
};

/// Runs passes in order, checks after each (kInternal with the pass's name: a fault of ours).
Status run_passes(std::span<const Pass> passes, Graph& graph, PassLog& log);
/// What one pass does around its function: time, check, dump. For steps that are no plain Pass (import,
/// quantise).
Status record_pass(std::string_view name, CheckStage after, std::size_t nodes_before, double milliseconds,
                   const Graph& graph, PassLog& log);

// The passes themselves; the files are named after them.
void fold_constants(Graph&, Notes&);
void fold_dequantised(Graph&, Notes&);
void fold_channel_scales(Graph&, Notes&);
void canonicalise(Graph&, Notes&);
void name_formulas(Graph&, Notes&);
void simplify_transposes(Graph&, Notes&);
void fuse_epilogues(Graph&, Notes&);
void fuse_bounds(Graph&, Notes&);  // the half of fuse_epilogues that comes before the additions
void move_quantisers(Graph&, Notes&);
void make_tables(Graph&, Notes&);
void make_integer(Graph&, Notes&);
void fuse_residuals(Graph&, Notes&);
void lay_out(Graph&, Notes&);

}  // namespace chengying::compiler
