#include "compiler/formats.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "compiler/graph/print.h"
#include "compiler/limits.h"

namespace chengying::compiler {

namespace {

/// What the chip lacks for one instruction, as "f32 in its tensor engine"; empty if nothing.
std::string missing_for(const isa::Operation& operation, const isa::ChipSpec& chip) {
  const std::vector<isa::Access> accesses = isa::accesses_of(operation);
  if (isa::engine_of(operation) == isa::Engine::kTensor) {
    // Its first operand says what it multiplies; results leave it in either format.
    const bool f32 = accesses.front().view.dtype == DType::kF32;
    if (f32 && !chip.tensor.f32) return "f32 in its tensor engine";
    if (!f32 && !chip.tensor.u8) return "u8 in its tensor engine";
    return {};
  }
  if (isa::engine_of(operation) == isa::Engine::kMemory) return {};
  bool f32 = false, u8 = false;
  for (const isa::Access& access : accesses) {
    if (access.view.at.space == isa::Space::kConstant) continue;
    f32 = f32 || access.view.dtype == DType::kF32;
    u8 = u8 || size_of(access.view.dtype) == 1;
  }
  if (f32 && chip.vector.f32_lanes == 0) return "f32 in its vector engine";
  if (u8 && chip.vector.u8_lanes == 0) return "u8 in its vector engine";
  return {};
}

}  // namespace

Status check_formats(const Graph& graph, const tiles::Tiles& tiles, const isa::ChipSpec& chip) {
  std::map<std::uint32_t, std::string> missing;  // by node
  bool needs_integers = false;
  for (const isa::Instruction& step : tiles.steps) {
    std::string what = missing_for(step.operation, chip);
    if (what.empty()) continue;
    needs_integers = needs_integers || what.starts_with("f32");
    missing.try_emplace(step.layer, std::move(what));
  }
  if (missing.empty()) return {};
  std::string text = fmt::format("chip {} can't run {} of the model's {} nodes:", chip.name, missing.size(),
                                 graph.nodes.size());
  std::size_t listed = 0;
  for (const auto& [index, what] : missing) {
    if (listed++ == kUnsupportedListedMax) {
      text += fmt::format("\n  and {} more", missing.size() - kUnsupportedListedMax);
      break;
    }
    const Node& node = graph.nodes[index];
    text += fmt::format("\n  {} ({}, {}): the chip has no {}", node.name, name_of(node.op),
                        to_string(graph.value(node.output)), what);
  }
  text += needs_integers
              ? "\nCompile the model in int8: calibrate it with sample inputs, or quantise it before; or "
                "choose a chip that computes f32."
              : "\nChoose a chip that computes u8.";
  return fail(Code::kUnsupported, "{}", text);
}

}  // namespace chengying::compiler
