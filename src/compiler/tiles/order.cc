#include "compiler/tiles/order.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::compiler::tiles {

namespace {

struct Touch {
  std::uint32_t step = 0;
  isa::Access access;
};

}  // namespace

std::size_t lane_of(const isa::Instruction& step) {
  return step.core * isa::kEngineCount + static_cast<std::size_t>(isa::engine_of(step.operation));
}

void order_steps(Tiles& tiles) {
  std::vector<std::vector<Touch>> touched(tiles.buffers.size());
  for (std::uint32_t i = 0; i < tiles.steps.size(); ++i) {
    isa::Instruction& step = tiles.steps[i];
    const std::vector<isa::Access> accesses = isa::accesses_of(step.operation);
    for (const isa::Access& access : accesses) {
      const std::optional<BufferId> id = buffer_of(access.view.at);
      if (!id) continue;
      for (const Touch& earlier : touched[*id]) {
        if ((access.write || earlier.access.write) &&
            overlap(tiles.buffers[*id], access.view, earlier.access.view)) {
          step.waits.push_back(earlier.step);
        }
      }
    }
    for (const isa::Access& access : accesses) {
      if (const std::optional<BufferId> id = buffer_of(access.view.at)) touched[*id].push_back({i, access});
    }
    std::ranges::sort(step.waits);
    step.waits.erase(std::unique(step.waits.begin(), step.waits.end()), step.waits.end());
  }
}

Clocks::Clocks(const std::vector<isa::Instruction>& steps) {
  for (const isa::Instruction& step : steps) lanes_ = std::max(lanes_, lane_of(step) + 1);
  std::vector<std::int64_t> last(lanes_, -1);  // the lane's latest step
  std::vector<std::uint32_t> length(lanes_, 0);
  ended_.resize(steps.size() * lanes_, 0);
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    const std::size_t lane = lane_of(steps[i]);
    std::uint32_t* mine = ended_.data() + i * lanes_;
    const auto follow = [&](std::uint32_t before) {
      for (std::size_t l = 0; l < lanes_; ++l) mine[l] = std::max(mine[l], of(before)[l]);
      mine[lane_[before]] = std::max(mine[lane_[before]], position_[before] + 1);
    };
    if (last[lane] >= 0) follow(static_cast<std::uint32_t>(last[lane]));
    for (const std::uint32_t before : steps[i].waits) follow(before);
    lane_.push_back(lane);
    position_.push_back(length[lane]++);
    last[lane] = i;
  }
}

void reduce_waits(std::vector<isa::Instruction>& steps) {
  const Clocks clocks(steps);
  std::vector<std::int64_t> last(clocks.lanes(), -1);
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    std::vector<std::uint32_t> ended(clocks.lanes(), 0);
    const auto follow = [&](std::uint32_t before) {
      for (std::size_t l = 0; l < ended.size(); ++l) ended[l] = std::max(ended[l], clocks.of(before)[l]);
      ended[clocks.lane_[before]] = std::max(ended[clocks.lane_[before]], clocks.position_[before] + 1);
    };
    if (last[clocks.lane_[i]] >= 0) follow(static_cast<std::uint32_t>(last[clocks.lane_[i]]));
    std::vector<std::uint32_t> kept;
    // From the latest on: a later step may have waited for an earlier one already.
    for (auto wait = steps[i].waits.rbegin(); wait != steps[i].waits.rend(); ++wait) {
      if (ended[clocks.lane_[*wait]] > clocks.position_[*wait]) continue;
      kept.push_back(*wait);
      follow(*wait);
    }
    steps[i].waits.assign(kept.rbegin(), kept.rend());
    last[clocks.lane_[i]] = i;
  }
}

}  // namespace chengying::compiler::tiles
