#include "compiler/passes/passes.h"

#include <chrono>

#include "compiler/graph/print.h"

namespace chengying::compiler {
namespace {

constexpr Pass kSimplifying[] = {
    {"fold_constants", fold_constants},
    {"canonicalise", canonicalise},
    {"name_formulas", name_formulas},
    {"simplify_transposes", simplify_transposes},
    {"fold_channel_scales", fold_channel_scales},
    {"fuse_epilogues", fuse_epilogues},
};

constexpr Pass kExport[] = {
    {"fold_constants", fold_constants},
    {"canonicalise", canonicalise},
    {"name_formulas", name_formulas},
    {"simplify_transposes", simplify_transposes},
    {"fold_channel_scales", fold_channel_scales},
    {"fuse_bounds", fuse_bounds},
};

constexpr Pass kInteger[] = {
    {"move_quantisers", move_quantisers},   {"make_tables", make_tables},
    {"make_integer", make_integer},         {"fuse_residuals", fuse_residuals},
    {"fold_dequantised", fold_dequantised}, {"lay_out", lay_out, CheckStage::kLaidOut},
};

}  // namespace

std::span<const Pass> simplifying_passes() {
  return kSimplifying;
}
std::span<const Pass> export_passes() {
  return kExport;
}
std::span<const Pass> integer_passes() {
  return kInteger;
}

Status record_pass(std::string_view name, CheckStage after, std::size_t nodes_before, double milliseconds,
                   const Graph& graph, PassLog& log) {
  log.reports.push_back({std::string(name), milliseconds, nodes_before, graph.nodes.size()});
  if (log.dump_after == name) log.dump = print(graph);
  if (auto status = check(graph, after); !status)
    return within(fmt::format("after pass {}", name), std::move(status).error());
  return {};
}

Status run_passes(std::span<const Pass> passes, Graph& graph, PassLog& log) {
  for (const Pass& pass : passes) {
    const std::size_t before = graph.nodes.size();
    const auto start = std::chrono::steady_clock::now();
    pass.run(graph, log.notes);
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    TRY(record_pass(pass.name, pass.after, before, taken.count(), graph, log));
  }
  return {};
}

}  // namespace chengying::compiler
