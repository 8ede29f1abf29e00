#include "tpu_apps.h"

#include <algorithm>
#include <array>

#include "synthetic.h"
#include "timing/timing.h"

namespace chengying::bench {
namespace {

// Numbers of layers, weights and batches are the paper's table 1. Widths are round numbers that give those
// weights.

/// 5 dense layers, 20 M weights.
std::string mlp0() {
  QuantisedModel m("mlp0");
  Feature x = m.input(2000);
  for (int i = 0; i < 5; ++i) x = m.dense(x, 2000);
  return m.finish(x);
}

/// 4 dense layers, 5 M weights.
std::string mlp1() {
  QuantisedModel m("mlp1");
  Feature x = m.input(1120);
  for (int i = 0; i < 4; ++i) x = m.dense(x, 1120);
  return m.finish(x);
}

/// 24 dense layers and 34 of vectors, 52 M weights: cells of 1,024 values, with gates.
std::string lstm0() {
  QuantisedModel m("lstm0");
  Feature x = m.input(1024);
  for (int i = 0; i < 24; ++i) {
    x = m.gate(m.dense(x, 2048, false));
    if (i < 10) x = m.sigmoid(x);
  }
  return m.finish(x);
}

/// 37 dense layers and 19 of vectors, 34 M weights; the paper names products of 600 x 600.
std::string lstm1() {
  QuantisedModel m("lstm1");
  Feature x = m.input(600);
  for (int i = 0; i < 37; ++i) {
    const bool gated = i % 2 == 0;
    x = m.dense(x, gated ? 2400 : 600, false);
    if (gated) x = m.gate(x);
  }
  return m.finish(x);
}

/// 16 convolutions, 8 M weights; 2,888 operations a weight byte at batch 8 are images of 19 x 19, with
/// 48 planes as such networks have.
std::string cnn0() {
  QuantisedModel m("cnn0");
  Feature x = m.input(48, 19, 19);
  for (int i = 0; i < 16; ++i)
    x = m.conv(x, 256, i % 5 == 4 ? QuantisedModel::Window{1, 1, 0} : QuantisedModel::Window{3, 1, 1});
  return m.finish(x);
}

/// 72 convolutions of 144 channels ("shallow", as the paper says), 13 pools, 4 dense layers, 100 M weights.
std::string cnn1() {
  QuantisedModel m("cnn1");
  Feature x = m.conv(m.input(64, 54, 54), 144, {3, 2, 1});
  for (int i = 1; i < 72; ++i) {
    x = m.conv(x, 144, i % 2 == 0 ? QuantisedModel::Window{3, 1, 1} : QuantisedModel::Window{1, 1, 0});
    const bool halves = i == 66;
    if (i % 6 == 0) x = m.max_pool(x, {3, halves ? 2 : 1, 1});
  }
  x = m.max_pool(m.max_pool(x, {3, 1, 1}), {3, 1, 1});
  x = m.dense(m.dense(m.dense(x, 3072), 3072), 2048);
  return m.finish(m.dense(x, 1000, false));
}

// Two things of the paper's counters decide the rows. The LSTMs' activations have 16 bits, which pass the
// array at half rate (their published TOPS are half of their published share of useful cycles, and their
// ratio of shifting to active cycles says the same): a row of theirs is two of ours.
constexpr std::array kApps{
    TpuApp{"MLP0", 200, mlp0, {0.127, 0.125, 0.539, 0.159, 0.175}},
    TpuApp{"MLP1", 168, mlp1, {0.106, 0.094, 0.442, 0.134, 0.319}},
    TpuApp{"LSTM0", 2 * 64, lstm0, {0.082, 0.082, 0.581, 0.158, 0.179}},
    TpuApp{"LSTM1", 2 * 96, lstm1, {0.105, 0.063, 0.621, 0.171, 0.103}},
    TpuApp{"CNN0", 8, cnn0, {0.782, 0.782, 0.000, 0.000, 0.218}},
    TpuApp{"CNN1", 32, cnn1, {0.462, 0.225, 0.281, 0.070, 0.187}},
};

std::uint64_t rows_of(const isa::Conv& conv) {
  return static_cast<std::uint64_t>(conv.output.elements() / conv.output.shape[3]);
}

}  // namespace

std::span<const TpuApp> tpu_apps() {
  return kApps;
}

TpuShares tpu_shares(const isa::Program& program, const isa::ChipSpec& chip) {
  const timing::Timing timing = timing::walk(program, chip, 1);
  const auto rows_of_weights = static_cast<std::uint64_t>(chip.tensor.u8->reduce);
  const auto multipliers = static_cast<std::uint64_t>(chip.tensor.u8->macs());
  std::uint64_t active = 0, stall = 0, shift = 0, useful = 0;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const auto* conv = std::get_if<isa::Conv>(&program.instructions[i].operation);
    if (conv == nullptr) continue;
    const timing::InstructionTime& time = timing.instructions[i];
    const std::uint64_t tiles = time.active_cycles / rows_of(*conv);
    const std::uint64_t took = time.end_cycle - time.start_cycle - time.issue_cycles;
    active += time.active_cycles;
    useful += time.macs / multipliers;
    // Where tiles come slower than they are used, each one shifts in while the array stands still; else only
    // as far as shifting takes longer than using the one before.
    const bool waits = time.stall_cycles() > 0;
    const std::uint64_t hidden = waits ? 0 : std::min(rows_of(*conv), rows_of_weights);
    const std::uint64_t shifting = std::min(tiles * (rows_of_weights - hidden), took - time.active_cycles);
    shift += shifting;
    if (waits) stall += took - time.active_cycles - shifting;
  }
  const auto all = static_cast<double>(timing.cycles);
  TpuShares shares{.active = static_cast<double>(active) / all,
                   .useful = static_cast<double>(useful) / all,
                   .stall = static_cast<double>(stall) / all,
                   .shift = static_cast<double>(shift) / all};
  shares.other = 1 - shares.active - shares.stall - shares.shift;
  shares.weight_bytes = timing.dram_bytes;
  return shares;
}

}  // namespace chengying::bench
