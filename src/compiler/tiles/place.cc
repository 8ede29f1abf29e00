#include "compiler/tiles/place.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "compiler/tiles/order.h"

namespace chengying::compiler::tiles {

namespace {

/// The steps that touch a buffer: the first and the last on each lane, and over all.
struct Life {
  struct Lane {
    std::size_t lane = 0;
    std::uint32_t first = 0, last = 0;
  };
  std::vector<Lane> lanes;
  std::uint32_t first = 0, last = 0;
};

std::vector<Life> lives_of(const Tiles& tiles) {
  std::vector<Life> lives(tiles.buffers.size());
  for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) {
    const std::size_t lane = lane_of(tiles.steps[i]);
    for (const isa::Access& access : isa::accesses_of(tiles.steps[i].operation)) {
      const std::optional<BufferId> id = buffer_of(access.view.at);
      if (!id) continue;
      Life& life = lives[*id];
      if (life.lanes.empty()) life.first = i;
      life.last = i;
      const auto mine = std::ranges::find(life.lanes, lane, &Life::Lane::lane);
      if (mine == life.lanes.end()) {
        life.lanes.push_back({lane, i, i});
      } else {
        mine->last = i;
      }
    }
  }
  return lives;
}

bool all_before(const Life& a, const Life& b, const Clocks& clocks) {
  if (a.last >= b.first) return false;
  return std::ranges::all_of(a.lanes, [&](const Life::Lane& mine) {
    return std::ranges::all_of(b.lanes, [&](const Life::Lane& other) {
      return mine.lane == other.lane || clocks.ordered(mine.last, other.first);
    });
  });
}

bool may_share(const Life& a, const Life& b, const Clocks& clocks, Reuse reuse) {
  if (reuse == Reuse::kAlways) return a.last < b.first || b.last < a.first;
  return all_before(a, b, clocks) || all_before(b, a, clocks);
}

bool same_memory(const Buffer& a, const Buffer& b) {
  return a.space == b.space && a.core == b.core;
}

/// The buffers of one stretch of steps each, to find those that a buffer may meet without asking all of them.
/// Two buffers can only meet if the stretches overlap that reach from the first step that is not surely over
/// when a buffer begins to the buffer's last step.
class Neighbours {
 public:
  Neighbours(const Tiles& tiles, const std::vector<Life>& lives, const Clocks& clocks, Reuse reuse)
      : buckets_(tiles.steps.size() / kStretch + 1), begin_(lives.size()), seen_(lives.size(), kUnseen) {
    // Of each lane: the steps, to find the first that a step does not follow.
    std::vector<std::vector<std::uint32_t>> steps(clocks.lanes());
    for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) steps[lane_of(tiles.steps[i])].push_back(i);
    for (std::size_t id = 0; id < lives.size(); ++id) {
      const Life& life = lives[id];
      begin_[id] = life.first;
      if (reuse == Reuse::kAlways) continue;
      for (const Life::Lane& mine : life.lanes)
        for (std::size_t lane = 0; lane < steps.size(); ++lane) {
          const std::uint32_t ended = clocks.ended(mine.first, lane);
          if (lane != mine.lane && ended < steps[lane].size())
            begin_[id] = std::min(begin_[id], steps[lane][ended]);
        }
    }
  }

  void add(BufferId id, const Life& life) {
    for (std::size_t b = begin_[id] / kStretch; b <= life.last / kStretch; ++b) buckets_[b].push_back(id);
  }

  template <class Visit>
  void for_each_near(BufferId id, const Life& life, const Visit& visit) {
    for (std::size_t b = begin_[id] / kStretch; b <= life.last / kStretch; ++b)
      for (const BufferId other : buckets_[b]) {
        if (seen_[other] == id) continue;
        seen_[other] = id;
        visit(other);
      }
  }

 private:
  static constexpr std::size_t kStretch = 64;
  static constexpr BufferId kUnseen = 0xffffffff;
  std::vector<std::vector<BufferId>> buckets_;
  std::vector<std::uint32_t> begin_;
  std::vector<BufferId> seen_;
};

struct Taken {
  std::uint64_t start = 0, end = 0;
};

/// Start of the smallest gap between `taken` (sorted by start) that holds `bytes`; behind all if there is
/// none.
std::uint64_t best_gap(const std::vector<Taken>& taken, std::uint64_t bytes) {
  std::uint64_t end = 0, best = 0, best_size = 0;
  bool found = false;
  for (const Taken& piece : taken) {
    if (piece.start > end && piece.start - end >= bytes && (!found || piece.start - end < best_size)) {
      best = end;
      best_size = piece.start - end;
      found = true;
    }
    end = std::max(end, piece.end);
  }
  return found ? best : end;
}

void add_waits(Tiles& tiles, const Life& a, const Life& b) {
  for (const Life::Lane& later : b.lanes) {
    std::vector<std::uint32_t>& waits = tiles.steps[later.first].waits;
    for (const Life::Lane& earlier : a.lanes) waits.push_back(earlier.last);
    std::ranges::sort(waits);
    waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
  }
}

}  // namespace

Places place_buffers(Tiles& tiles, std::uint16_t cores, Reuse reuse) {
  const Clocks clocks(tiles.steps);
  const std::vector<Life> lives = lives_of(tiles);
  Places places{std::vector<std::uint64_t>(tiles.buffers.size(), 0), 0, std::vector<std::uint64_t>(cores, 0)};

  std::vector<BufferId> order(tiles.buffers.size());
  std::iota(order.begin(), order.end(), BufferId{0});
  std::erase_if(order, [&](BufferId id) { return lives[id].lanes.empty(); });
  std::ranges::sort(order, [&](BufferId a, BufferId b) {  // the largest first
    const std::uint64_t a_bytes = tiles.buffers[a].bytes, b_bytes = tiles.buffers[b].bytes;
    return a_bytes != b_bytes ? a_bytes > b_bytes : a < b;
  });

  std::vector<BufferId> placed;
  Neighbours neighbours(tiles, lives, clocks, reuse);
  for (const BufferId id : order) {
    const Buffer& buffer = tiles.buffers[id];
    std::vector<Taken> taken;
    neighbours.for_each_near(id, lives[id], [&](BufferId other) {
      if (!same_memory(buffer, tiles.buffers[other])) return;
      if (may_share(lives[id], lives[other], clocks, reuse)) return;
      taken.push_back({places.offset[other], places.offset[other] + tiles.buffers[other].bytes});
    });
    std::ranges::sort(taken, {}, &Taken::start);
    places.offset[id] = best_gap(taken, buffer.bytes);
    const std::uint64_t end = places.offset[id] + buffer.bytes;
    std::uint64_t& size =
        buffer.space == isa::Space::kDram ? places.dram_bytes : places.sram_bytes[buffer.core];
    size = std::max(size, end);
    placed.push_back(id);
    neighbours.add(id, lives[id]);
  }
  if (reuse == Reuse::kOrdered) return places;
  for (const BufferId a : placed) {
    for (const BufferId b : placed) {
      const bool apart = places.offset[a] + tiles.buffers[a].bytes <= places.offset[b] ||
                         places.offset[b] + tiles.buffers[b].bytes <= places.offset[a];
      if (a == b || apart || !same_memory(tiles.buffers[a], tiles.buffers[b])) continue;
      if (lives[a].last < lives[b].first) add_waits(tiles, lives[a], lives[b]);
    }
  }
  return places;
}

}  // namespace chengying::compiler::tiles
