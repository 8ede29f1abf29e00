// Search: tries more decisions than `choose` does and keeps the best by the chip's own timing. Changes go
// from long stretches of nodes to single ones, and among those of one length first where the critical path is
// longest; when no single change helps any more, several are taken at random, from a fixed seed. So the same
// graph, chip and number of tries give the same program. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "compiler/tiles/choose.h"

namespace chengying::compiler::tiles {

/// What a change does to each node of a stretch, where the node has it.
struct Change {
  enum class What : std::uint8_t {
    kWhole,      // one core makes it
    kKind,       // `value` is a Kind
    kDimension,  // `value` is a logical dimension
    kPieces,     // `value` is their number
  };
  What what = What::kWhole;
  std::int32_t value = 0;
};

class Search {
 public:
  /// `start` is where it begins: nothing worse is ever the best. All references must outlive this.
  Search(const Graph& graph, std::int32_t batch, const isa::ChipSpec& chip, std::uint16_t cores,
         ConstantPool& pool, Candidate start);

  /// Builds and times one more set of decisions, never one twice; false if it finds no other to try.
  bool try_one();

  const Candidate& best() const { return best_; }
  std::size_t tries() const { return tries_; }

 private:
  struct Move {
    std::size_t first = 0, last = 0;  // nodes [first, last)
    Change change;
  };

  std::optional<Decisions> next_decisions();
  std::optional<Decisions> next_in_turn();
  Decisions at_random();
  void plan_sweep();
  void plan_moves(std::size_t length);
  bool apply(const Move& move, Decisions& decisions) const;
  bool is_new(const Decisions& decisions);
  void judge(Candidate candidate);

  const Graph& graph_;
  const std::int32_t batch_;
  const isa::ChipSpec& chip_;
  const std::uint16_t cores_;
  ConstantPool& pool_;
  Candidate best_;

  std::vector<std::size_t> lengths_;  // of stretches, those still to come in this sweep, the next one last
  std::deque<Move> moves_;
  bool improved_ = true;  // in this sweep

  Decisions walker_;  // where the random walk is
  std::uint64_t walker_cost_ = 0;
  std::vector<std::uint64_t> recent_;  // what it cost where it was
  std::mt19937_64 random_{1};          // the seed is part of what makes it repeatable

  std::size_t tries_ = 0;
  std::unordered_set<std::uint64_t> tried_;  // digests of decisions
};

}  // namespace chengying::compiler::tiles
