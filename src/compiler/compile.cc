#include "compiler/compile.h"

#include <array>
#include <chrono>
#include <string_view>

#include "base/check.h"
#include "compiler/emit.h"
#include "compiler/layers.h"
#include "compiler/passes/prepare.h"

namespace chengying::compiler {

namespace {

/// What the passes of the pipeline hand on.
struct Work {
  const ModelSource& model;
  const isa::ChipSpec& chip;
  const CompileOptions& options;
  Prepared prepared;
  LowerDump dump;
  CompileOutput output;
};

/// From the model's file to one graph for each batch that is ready for lowering; its own passes are listed in
/// passes.h and checked one by one.
Status prepare_graphs(Work& work) {
  TRY_ASSIGN(work.prepared, prepare(work.model, work.options));
  CHECK(!work.prepared.graphs.empty());
  return {};
}

/// Tiles, places, instructions; `lower` checks its result with isa::verify.
Status lower_graphs(Work& work) {
  LowerDump* dump = work.options.dump_after.empty() ? nullptr : &work.dump;
  TRY_ASSIGN(work.output.executable, lower(work.prepared.graphs, work.chip, work.options.cores, dump));
  return {};
}

Status report(Work& work) {
  isa::Executable& executable = work.output.executable;
  executable.metadata = work.prepared.metadata;
  executable.metadata["model"] = work.prepared.graphs.front().graph.name;
  work.output.layers =
      report_layers(executable, executable.programs.front(), work.prepared.graphs.front().graph, work.chip);
  return {};
}

struct Stage {
  std::string_view name;
  Status (*run)(Work&);
};

constexpr std::array<Stage, 3> kPipeline{{
    {"prepare", prepare_graphs},
    {"lower", lower_graphs},
    {"report", report},
}};

void add_dump(Work& work) {
  const std::string& after = work.options.dump_after;
  if (after == "split") work.output.dump = work.dump.decisions;
  if (after == "tiles") work.output.dump = work.dump.tiles;
  if (after == "lower") work.output.dump = isa::print(work.output.executable);
}

}  // namespace

Result<CompileOutput> compile(const ModelSource& model, const isa::ChipSpec& chip,
                              const CompileOptions& options) {
  Work work{model, chip, options, {}, {}, {}};
  std::vector<PassReport> stages;
  for (const Stage& stage : kPipeline) {
    if (options.progress) options.progress(stage.name, stages.size(), kPipeline.size());
    const auto start = std::chrono::steady_clock::now();
    TRY(stage.run(work));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    const std::size_t nodes = work.prepared.graphs.front().graph.nodes.size();
    stages.push_back({std::string(stage.name), took.count(), nodes, nodes});
  }
  work.output.passes = std::move(work.prepared.passes);
  work.output.passes.insert(work.output.passes.end(), stages.begin() + 1, stages.end());
  work.output.notes = std::move(work.prepared.notes);
  work.output.dump = std::move(work.prepared.dump);
  add_dump(work);
  return std::move(work.output);
}

}  // namespace chengying::compiler
