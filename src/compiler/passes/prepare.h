// prepare: the compiler's front half, whole: from a model to graphs that are ready for lower() (emit.h says
// what that means), one for each batch. Deterministic; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/emit.h"

namespace chengying::compiler {

struct Prepared {
  std::vector<BatchGraph> graphs;  // ascending by batch, as CompileOptions::batches without repeats
  std::vector<PassReport> passes;  // of the smallest batch
  std::map<std::string, std::string> metadata;  // the file's metadata_props, for Executable::metadata
  std::vector<std::string> notes;               // what the user should know
  std::string dump;      // the graph after CompileOptions::dump_after, if it names a pass
  bool integer = false;  // the graphs compute in u8 (wholly or partly)
};

/// Imports, binds the batches, calibrates if asked to, and runs the passes of passes.h. Errors: those of
/// compile().
Result<Prepared> prepare(const ModelSource& model, const CompileOptions& options);

}  // namespace chengying::compiler
