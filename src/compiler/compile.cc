#include "compiler/compile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "compiler/emit.h"
#include "compiler/layers.h"
#include "compiler/passes/prepare.h"
#include "isa/limits.h"

namespace chengying::compiler {

namespace {

/// What the stages of the pipeline hand on.
struct Work {
  const ModelSource& model;
  const isa::ChipSpec& chip;
  const CompileOptions& options;
  Prepared prepared;
  LowerDump dump;
  CompileOutput output;
};

constexpr std::array<std::string_view, 3> kLowerDumps{"split", "tiles", "lower"};

/// `dump_after` must name a pass of this compilation.
Status check_dump_name(const Work& work) {
  const std::string& name = work.options.dump_after;
  std::vector<std::string_view> known;
  for (const PassReport& pass : work.prepared.passes) known.push_back(pass.name);
  known.insert(known.end(), kLowerDumps.begin(), kLowerDumps.end());
  if (name.empty() || std::ranges::find(known, name) != known.end()) return {};
  return fail(Code::kInvalidArgument, "no pass '{}' to dump after; the passes of this model are {}", name,
              fmt::join(known, ", "));
}

/// From the model's file to one graph for each batch that is ready for lowering; its own passes are listed in
/// passes.h and checked one by one.
Status prepare_graphs(Work& work) {
  TRY_ASSIGN(work.prepared, prepare(work.model, work.options));
  CHECK(!work.prepared.graphs.empty());
  return check_dump_name(work);
}

/// Splits, tiles, places, instructions; `lower` checks its result with isa::verify.
Status lower_graphs(Work& work) {
  LowerDump* dump = work.options.dump_after.empty() ? nullptr : &work.dump;
  TRY_ASSIGN(work.output.executable, lower(work.prepared.graphs, work.chip, work.options.cores, dump));
  return {};
}

Status name_executable(Work& work) {
  auto& metadata = work.output.executable.metadata;
  metadata = work.prepared.metadata;
  const std::string& name = work.prepared.graphs.front().graph.name;
  metadata["model"] = name.empty() ? work.model.path.stem().string() : name;
  if (work.model.bytes != nullptr) {
    metadata["source_digest"] = sha256(std::string_view(*work.model.bytes)).hex();
  } else {
    TRY_ASSIGN(const MappedFile file, MappedFile::open(work.model.path));
    metadata["source_digest"] = sha256(file.bytes()).hex();
  }
  return {};
}

Status report(Work& work) {
  const isa::Executable& executable = work.output.executable;
  work.output.layers =
      report_layers(executable, executable.programs.front(), work.prepared.graphs.front().graph, work.chip);
  work.output.fusion =
      report_fusion(work.prepared.graphs.front().graph,
                    work.prepared.passes.empty() ? 0 : work.prepared.passes.front().nodes_before,
                    work.output.layers.size());
  return {};
}

struct Stage {
  std::string_view name;
  Status (*run)(Work&);
};

constexpr std::array<Stage, 4> kPipeline{{
    {"prepare", prepare_graphs},
    {"lower", lower_graphs},
    {"name", name_executable},
    {"report", report},
}};

Status check_options(const CompileOptions& options) {
  for (const std::int32_t batch : options.batches) {
    if (batch < 1 || batch > isa::limits::kBatch) {
      return fail(Code::kInvalidArgument, "batch {} is not in 1 to {}", batch, isa::limits::kBatch);
    }
  }
  return {};
}

std::string dump_of(Work& work) {
  const std::string& after = work.options.dump_after;
  if (after == "split") return std::move(work.dump.decisions);
  if (after == "tiles") return std::move(work.dump.tiles);
  if (after == "lower") return isa::print(work.output.executable);
  return std::move(work.prepared.dump);
}

}  // namespace

Result<CompileOutput> compile(const ModelSource& model, const isa::ChipSpec& chip,
                              const CompileOptions& options) {
  TRY(check_options(options));
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
  work.output.passes = std::move(work.prepared.passes);  // those of "prepare", one by one
  work.output.passes.insert(work.output.passes.end(), stages.begin() + 1, stages.end());
  work.output.notes = std::move(work.prepared.notes);
  work.output.dump = dump_of(work);
  return std::move(work.output);
}

}  // namespace chengying::compiler
