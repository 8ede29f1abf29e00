#include "compiler/tiles/search.h"

#include <algorithm>
#include <string_view>

#include "base/digest.h"
#include "compiler/tiles/kinds.h"
#include "timing/waits.h"

namespace chengying::compiler::tiles {

namespace {

using What = Change::What;

/// For stretches of several nodes.
constexpr Change kOfStretches[] = {
    {What::kKind, static_cast<std::int32_t>(Kind::kRows)},
    {What::kKind, static_cast<std::int32_t>(Kind::kChannels)},
    {What::kPieces, 2},
    {What::kPieces, 4},
    {What::kKind, static_cast<std::int32_t>(Kind::kBatch)},
    {What::kPieces, 1},
    {What::kPieces, 8},
    {What::kWhole, 0},
};
/// For one node; together all that it has.
constexpr Change kOfNodes[] = {
    {What::kDimension, 0}, {What::kDimension, 1}, {What::kDimension, 2}, {What::kDimension, 3},
    {What::kWhole, 0},     {What::kPieces, 1},    {What::kPieces, 2},    {What::kPieces, 3},
    {What::kPieces, 4},    {What::kPieces, 6},    {What::kPieces, 8},    {What::kPieces, 16},
};

constexpr std::size_t kRecent = 16;           // how far back the random walk compares itself
constexpr std::size_t kVainProposals = 2000;  // of the random walk, before the choices count as used up
constexpr std::size_t kLengthMax = 4;         // of a random change

std::uint64_t digest_of(const Decisions& decisions) {
  Hasher hasher;
  hasher.update(std::as_bytes(std::span(decisions.of_node)));
  hasher.update(std::as_bytes(std::span(decisions.pieces)));
  const Digest digest = hasher.finish();
  std::uint64_t start = 0;
  std::copy_n(digest.bytes.begin(), sizeof start, reinterpret_cast<std::uint8_t*>(&start));
  return start;
}

/// Of each node: how much of the program's length it is answerable for.
std::vector<std::uint64_t> critical_cycles(const Candidate& candidate, std::size_t nodes,
                                           const isa::ChipSpec& chip, std::uint16_t cores) {
  std::vector<std::uint64_t> cycles(nodes, 0);
  const timing::Timing timing = timing::walk(candidate.program, chip, cores);
  for (const timing::Stretch& stretch : timing::critical_path(timing)) {
    if (stretch.instruction == timing::InstructionTime::kNobody) continue;
    const std::uint32_t node = candidate.program.instructions[stretch.instruction].layer;
    if (node < nodes) cycles[node] += stretch.cycles();
  }
  return cycles;
}

}  // namespace

Search::Search(const Graph& graph, std::int32_t batch, const isa::ChipSpec& chip, std::uint16_t cores,
               ConstantPool& pool, Candidate start)
    : graph_(graph),
      batch_(batch),
      chip_(chip),
      cores_(cores),
      pool_(pool),
      best_(std::move(start)),
      walker_(best_.decisions),
      walker_cost_(cost_of(best_, chip, cores)),
      recent_(kRecent, walker_cost_) {
  walker_.pieces.resize(graph.nodes.size(), 1);
  is_new(walker_);
}

bool Search::try_one() {
  const std::optional<Decisions> decisions = next_decisions();
  if (!decisions) return false;
  ++tries_;
  // What no instruction can say in these blocks is as if it were slow.
  if (auto candidate = evaluate(graph_, batch_, *decisions, chip_, cores_, pool_))
    judge(*std::move(candidate));
  return true;
}

void Search::judge(Candidate candidate) {
  const std::uint64_t cost = cost_of(candidate, chip_, cores_);
  std::uint64_t& before = recent_[tries_ % kRecent];
  if (cost <= before || cost <= walker_cost_) {
    walker_ = candidate.decisions;
    walker_cost_ = cost;
  }
  before = walker_cost_;
  if (cost >= cost_of(best_, chip_, cores_)) return;
  best_ = std::move(candidate);
  walker_ = best_.decisions;
  walker_cost_ = cost;
  improved_ = true;
}

bool Search::is_new(const Decisions& decisions) {
  return tried_.insert(digest_of(decisions)).second;
}

std::optional<Decisions> Search::next_decisions() {
  if (graph_.nodes.empty()) return std::nullopt;
  if (auto decisions = next_in_turn()) return decisions;
  for (std::size_t i = 0; i < kVainProposals; ++i) {
    Decisions decisions = at_random();
    if (is_new(decisions)) return decisions;
  }
  return std::nullopt;
}

/// The next change of the best that is new; nullopt once a whole sweep of them was in vain.
std::optional<Decisions> Search::next_in_turn() {
  while (true) {
    while (!moves_.empty()) {
      const Move move = moves_.front();
      moves_.pop_front();
      Decisions decisions = best_.decisions;
      decisions.pieces.resize(graph_.nodes.size(), 1);
      if (apply(move, decisions) && is_new(decisions)) return decisions;
    }
    if (lengths_.empty()) {
      if (!improved_) return std::nullopt;
      plan_sweep();
    }
    const std::size_t length = lengths_.back();
    lengths_.pop_back();
    plan_moves(length);
  }
}

void Search::plan_sweep() {
  improved_ = false;
  for (std::size_t length = 1;; length *= 2) {
    lengths_.push_back(std::min(length, graph_.nodes.size()));
    if (length >= graph_.nodes.size()) return;
  }
}

/// All changes of stretches of one length, where most is to be gained first.
void Search::plan_moves(std::size_t length) {
  const std::size_t nodes = graph_.nodes.size();
  const std::vector<std::uint64_t> cycles = critical_cycles(best_, nodes, chip_, cores_);
  struct Part {
    std::size_t first, last;
    std::uint64_t cycles;
  };
  std::vector<Part> parts;
  const std::size_t step = std::max<std::size_t>(length / 2, 1);  // so that they overlap
  for (std::size_t first = 0; first < nodes; first += step) {
    const std::size_t last = std::min(first + length, nodes);
    std::uint64_t sum = 0;
    for (std::size_t i = first; i < last; ++i) sum += cycles[i];
    parts.push_back({first, last, sum});
    if (last == nodes) break;
  }
  std::ranges::stable_sort(parts, std::ranges::greater{}, &Part::cycles);
  const std::span<const Change> changes = length > 1 ? std::span<const Change>(kOfStretches) : kOfNodes;
  for (const Part& part : parts) {
    for (const Change& change : changes) moves_.push_back({part.first, part.last, change});
  }
}

/// One to three changes of short stretches of where the walk is.
Decisions Search::at_random() {
  const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random_() % count); };
  Decisions decisions = walker_;
  for (std::size_t i = 0, count = 1 + below(3); i < count; ++i) {
    const std::size_t first = below(graph_.nodes.size()), length = 1 + below(kLengthMax);
    const std::span<const Change> changes = length > 1 ? std::span<const Change>(kOfStretches) : kOfNodes;
    apply({first, std::min(first + length, graph_.nodes.size()), changes[below(changes.size())]}, decisions);
  }
  return decisions;
}

/// False if it changes nothing.
bool Search::apply(const Move& move, Decisions& decisions) const {
  bool changed = false;
  for (std::size_t i = move.first; i < move.last; ++i) {
    const Node& node = graph_.nodes[i];
    Split split = decisions.of_node[i];
    std::int32_t pieces = decisions.pieces[i];
    switch (move.change.what) {
      case What::kWhole:
        split = Split{};
        break;
      case What::kKind:
        split = split_of_kind(graph_, node, static_cast<Kind>(move.change.value), cores_).value_or(split);
        break;
      case What::kDimension: {
        const std::vector<Split> splits = splits_of(graph_, node);
        if (std::ranges::find(splits, Split{move.change.value}) != splits.end()) split = {move.change.value};
        break;
      }
      case What::kPieces:
        if (can_be_cut(graph_, node)) pieces = move.change.value;
        break;
    }
    if (cores_ == 1) split = decisions.of_node[i];  // nothing to split over
    changed = changed || split != decisions.of_node[i] || pieces != decisions.pieces[i];
    decisions.of_node[i] = split;
    decisions.pieces[i] = pieces;
  }
  return changed;
}

}  // namespace chengying::compiler::tiles
