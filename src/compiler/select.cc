#include "compiler/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "compiler/tiles/build.h"
#include "compiler/tiles/choose.h"
#include "compiler/tiles/search.h"
#include "timing/timing.h"

namespace chengying::compiler {

namespace {

using tiles::Candidate;
using Choices = std::vector<std::vector<Candidate>>;  // by graph, the best first

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

std::unexpected<Error> does_not_fit(const isa::ChipSpec& chip, std::uint16_t cores, std::int32_t batch,
                                    std::uint64_t sram, std::uint64_t dram) {
  const bool in_sram = !tiles::shares_memory(chip);
  const std::uint64_t has = in_sram ? static_cast<std::uint64_t>(chip.memory.sram_bytes)
                                    : static_cast<std::uint64_t>(chip.memory.dram_bytes) * cores /
                                          static_cast<std::uint64_t>(chip.cores);
  const std::string more = cores < chip.cores ? "more cores" : "a chip with more memory";
  const std::string smaller = batch > 1 ? "a smaller batch" : "a smaller model";
  return fail(Code::kUnsupported,
              "batch {} on {} of chip {} needs {:.1f} MiB of {}, which has {:.1f} MiB; try {} or {}", batch,
              cores == 1 ? std::string("1 core") : fmt::format("{} cores", cores), chip.name,
              megabytes(in_sram ? sram : dram), in_sram ? "SRAM in a core" : "DRAM", megabytes(has), more,
              smaller);
}

Selection select(const std::vector<const Candidate*>& candidates, const isa::ChipSpec& chip,
                 std::uint16_t cores, std::uint64_t constant_bytes) {
  Selection selection;
  for (const Candidate* candidate : candidates) {
    selection.programs.push_back(candidate->program);
    selection.decisions.push_back(candidate->decisions);
  }
  const auto residences = tiles::residences_of(selection.programs, chip, constant_bytes);
  selection.footprint = tiles::footprint_of(selection.programs, residences, cores);
  for (isa::Program& program : selection.programs) program.residences = residences;
  return selection;
}

bool fits(const tiles::Footprint& footprint, const isa::ChipSpec& chip, std::uint16_t cores) {
  Candidate sizes;
  sizes.sram_bytes = footprint.sram_bytes_max();
  sizes.dram_bytes = footprint.dram_bytes;
  return tiles::fits(sizes, chip, cores);
}

std::vector<const Candidate*> first_of_each(const Choices& choices) {
  std::vector<const Candidate*> best;
  for (const std::vector<Candidate>& candidates : choices) best.push_back(&candidates.front());
  return best;
}

/// Each batch's own best if they fit together, else all batches by the same decisions as one of the first
/// batch's candidates; the bests that don't fit if nothing does.
Selection compilers_choice(const Choices& choices, const isa::ChipSpec& chip, std::uint16_t cores,
                           std::uint64_t constant_bytes) {
  Selection first_choice = select(first_of_each(choices), chip, cores, constant_bytes);
  if (fits(first_choice.footprint, chip, cores)) return first_choice;
  for (const Candidate& candidate : choices.front()) {
    std::vector<const Candidate*> same;
    for (const std::vector<Candidate>& candidates : choices) {
      const auto found = std::ranges::find(candidates, candidate.decisions, &Candidate::decisions);
      if (found != candidates.end()) same.push_back(&*found);
    }
    if (same.size() != choices.size()) continue;
    Selection selection = select(same, chip, cores, constant_bytes);
    if (fits(selection.footprint, chip, cores)) return selection;
  }
  return first_choice;
}

/// Of each program as it will run; 0 if they don't fit.
std::vector<std::uint64_t> cycles_of(const Selection& selection, const isa::ChipSpec& chip,
                                     std::uint16_t cores) {
  std::vector<std::uint64_t> cycles(selection.programs.size(), 0);
  if (!fits(selection.footprint, chip, cores)) return cycles;
  std::ranges::transform(selection.programs, cycles.begin(), [&](const isa::Program& program) {
    return timing::walk(program, chip, cores).cycles;
  });
  return cycles;
}

/// Whether no batch gets slower, and one faster; what fits is faster than what does not.
bool is_gain(const std::vector<std::uint64_t>& before, const std::vector<std::uint64_t>& after) {
  bool gain = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] == 0) return false;
    if (before[i] != 0 && after[i] > before[i]) return false;
    gain = gain || after[i] != before[i];
  }
  return gain;
}

/// Puts what it finds before the choices of its batch.
void search(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip, std::uint16_t cores,
            tiles::ConstantPool& pool, Searching& searching, Choices& choices) {
  std::deque<tiles::Search> searches;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    searches.emplace_back(graphs[i].graph, graphs[i].batch, chip, cores, pool, choices[i].front());
  }
  std::size_t& tries = searching.report.tries;
  for (bool found = true; found && searching.goes_on(tries); tries += found ? 1 : 0) {
    found = false;
    for (tiles::Search& one : searches) found = one.try_one() || found;
  }
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    choices[i].insert(choices[i].begin(), searches[i].best());
  }
}

/// The better of `before` and what a search finds.
Selection searched(Selection before, std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                   std::uint16_t cores, tiles::ConstantPool& pool, Searching& searching, Choices& choices) {
  search(graphs, chip, cores, pool, searching, choices);
  Selection after = compilers_choice(choices, chip, cores, pool.bytes().size());
  const std::vector<std::uint64_t> cycles_before = cycles_of(before, chip, cores);
  std::vector<std::uint64_t> cycles_after = cycles_of(after, chip, cores);
  const bool gain = is_gain(cycles_before, cycles_after);
  if (!gain) cycles_after = cycles_before;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    searching.report.gains.push_back({graphs[i].batch, cycles_before[i], cycles_after[i]});
  }
  return gain ? std::move(after) : std::move(before);
}

}  // namespace

Result<Selection> select_programs(std::span<const BatchGraph> graphs, const isa::ChipSpec& chip,
                                  std::uint16_t cores, tiles::ConstantPool& pool, Searching* searching) {
  Choices choices;
  for (const BatchGraph& bound : graphs) {
    TRY_ASSIGN(choices.emplace_back(), choose(bound.graph, bound.batch, chip, cores, pool));
  }
  Selection selection = compilers_choice(choices, chip, cores, pool.bytes().size());
  if (searching != nullptr) {
    selection = searched(std::move(selection), graphs, chip, cores, pool, *searching, choices);
  }
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const Candidate& best = choices[i].front();
    if (!tiles::fits(best, chip, cores)) {
      return does_not_fit(chip, cores, graphs[i].batch, best.sram_bytes, best.dram_bytes);
    }
  }
  if (fits(selection.footprint, chip, cores)) return selection;
  return does_not_fit(chip, cores, graphs.back().batch, selection.footprint.sram_bytes_max(),
                      selection.footprint.dram_bytes);
}

}  // namespace chengying::compiler
