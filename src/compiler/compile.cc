#include "compiler/compile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <string_view>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "compiler/emit.h"
#include "compiler/layers.h"
#include "compiler/limits.h"
#include "compiler/passes/prepare.h"
#include "compiler/prepared_model.h"
#include "isa/limits.h"

namespace chengying::compiler {

namespace {

using Clock = std::chrono::steady_clock;

/// What the stages of the pipeline hand on.
struct Work {
  const Prepared& prepared;
  const CompileOptions& options;
  const isa::ChipSpec& chip;
  std::uint16_t cores;
  LowerDump dump;
  CompileOutput output;
};

constexpr std::array<std::string_view, 3> kLowerDumps{"split", "tiles", "lower"};

/// `dump_after` must name a pass of this compilation.
Status check_dump_name(const Prepared& prepared, const std::string& name) {
  std::vector<std::string_view> known;
  for (const PassReport& pass : prepared.passes) known.push_back(pass.name);
  known.insert(known.end(), kLowerDumps.begin(), kLowerDumps.end());
  if (name.empty() || std::ranges::find(known, name) != known.end()) return {};
  return fail(Code::kInvalidArgument, "no pass '{}' to dump after; the passes of this model are {}", name,
              fmt::join(known, ", "));
}

Result<Digest> digest_of(const ModelSource& model) {
  if (model.bytes != nullptr) return sha256(std::string_view(*model.bytes));
  TRY_ASSIGN(const MappedFile file, MappedFile::open(model.path));
  return sha256(file.bytes());
}

/// Seconds count from now on.
Searching searching_for(const SearchOptions& options) {
  return {.goes_on = [options, start = Clock::now()](std::size_t tries) {
    const bool tries_left = options.tries == 0 || tries < options.tries;
    const std::chrono::duration<double> past = Clock::now() - start;
    return tries_left && (options.seconds == 0 || past.count() < options.seconds);
  }};
}

/// Splits, tiles, places, instructions; `lower` checks its result with isa::verify.
Status lower_graphs(Work& work) {
  LowerDump* dump = work.options.dump_after.empty() ? nullptr : &work.dump;
  const SearchOptions& search = work.options.search;
  Searching searching = searching_for(search);
  const auto start = Clock::now();
  TRY_ASSIGN(work.output.executable, lower(work.prepared.graphs, work.chip, work.cores, dump,
                                           search.wanted() ? &searching : nullptr));
  if (search.wanted()) {
    searching.report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    work.output.search = std::move(searching.report);
  }
  work.output.executable.metadata = work.prepared.metadata;
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

constexpr std::array<Stage, 2> kStages{{
    {"lower", lower_graphs},
    {"report", report},
}};

void show(const CompileOptions& options, std::string_view stage, std::size_t done) {
  if (options.progress) options.progress(stage, done, kStages.size() + 1);
}

Status check_options(const CompileOptions& options) {
  if (!(options.search.seconds >= 0 && options.search.seconds <= kSearchSecondsMax)) {
    return fail(Code::kInvalidArgument, "a search of {} seconds is not in 0 to {}", options.search.seconds,
                kSearchSecondsMax);
  }
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
  return work.prepared.dump;
}

}  // namespace

struct PreparedModel::State {
  Prepared prepared;
  CompileOptions options;
};

/// From the model's file to one graph for each batch that is ready for lowering; its own passes are listed in
/// passes.h and checked one by one.
Result<PreparedModel> PreparedModel::make(const ModelSource& model, const CompileOptions& options) {
  TRY(check_options(options));
  show(options, "prepare", 0);
  auto digest =
      std::async(std::launch::async, [&] { return digest_of(model); });  // as long as the file is large
  TRY_ASSIGN(Prepared prepared, prepare(model, options));
  CHECK(!prepared.graphs.empty());
  TRY(check_dump_name(prepared, options.dump_after));
  const std::string& name = prepared.graphs.front().graph.name;
  prepared.metadata["model"] = name.empty() ? model.path.stem().string() : name;
  TRY_ASSIGN(const Digest source, digest.get());
  prepared.metadata["source_digest"] = source.hex();
  CompileOptions kept = options;
  kept.calibration.reset();  // it has done its work
  return PreparedModel(std::make_shared<const State>(std::move(prepared), std::move(kept)));
}

Result<CompileOutput> PreparedModel::compile_for(const isa::ChipSpec& chip, std::uint16_t cores) const {
  const Prepared& prepared = state_->prepared;
  Work work{prepared, state_->options, chip, cores, {}, {}};
  work.output.passes = prepared.passes;  // those of "prepare", one by one
  const std::size_t nodes = prepared.graphs.front().graph.nodes.size();
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    show(state_->options, kStages[i].name, i + 1);
    const auto start = std::chrono::steady_clock::now();
    TRY(kStages[i].run(work));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    work.output.passes.push_back({std::string(kStages[i].name), took.count(), nodes, nodes});
  }
  work.output.notes = prepared.notes;
  work.output.dump = dump_of(work);
  return std::move(work.output);
}

Result<CompileOutput> compile(const ModelSource& model, const isa::ChipSpec& chip,
                              const CompileOptions& options) {
  TRY_ASSIGN(const PreparedModel prepared, PreparedModel::make(model, options));
  return prepared.compile_for(chip, options.cores);
}

}  // namespace chengying::compiler
