#include "cli/turns.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace chengying::cli {
namespace {

constexpr std::size_t kChain = 1'000'000;  // additions: some tenths of a millisecond
constexpr double kSteady = 0.01;           // clocks so near to each other are the same
constexpr int kSteadyLooks = 20;
constexpr double kWarmUpSecondsMax = 2;

double quantile(const std::vector<double>& sorted, std::size_t part, std::size_t of) {
  return sorted[std::min(sorted.size() * part / of, sorted.size() - 1)];
}

/// A core that slept runs slowly for a while.
void warm_up() {
  const auto start = Clock::now();
  double before = clock_now_hz();
  for (int steady = 0; steady < kSteadyLooks && seconds_since(start) < kWarmUpSecondsMax;) {
    const auto look = Clock::now();
    while (seconds_since(look) < 0.01) addition_chain(kChain);
    const double now = clock_now_hz();
    steady = std::abs(now / before - 1) < kSteady ? steady + 1 : 0;
    before = now;
  }
}

}  // namespace

void addition_chain(std::size_t additions) {
  std::uint64_t value = 1;
  for (std::size_t i = 0; i < additions / 8; ++i) {
    asm volatile(
        "add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, "
        "%0"
        : "+r"(value));
  }
}

double clock_now_hz() {
  const auto start = Clock::now();
  addition_chain(kChain);
  return static_cast<double>(kChain) / seconds_since(start);
}

Kept keep_of(std::vector<double> samples) {
  CHECK(!samples.empty());
  std::ranges::sort(samples);
  const double value = quantile(samples, 1, 8);
  return {.value = value, .middle = quantile(samples, 1, 2), .spread = quantile(samples, 1, 3) / value - 1};
}

Turns::Work Turns::add(Bound bound, std::move_only_function<void()> work, double sample_seconds) {
  pieces_.push_back({bound, std::move(work), sample_seconds, 1, {}, {}});
  return {pieces_.size() - 1};
}

void Turns::sample(Piece& piece) {
  for (int run = 0; run < piece.runs; ++run) piece.work();  // the others took the caches
  const double before = clock_now_hz();
  const auto start = Clock::now();
  for (int run = 0; run < piece.runs; ++run) piece.work();
  const double seconds = seconds_since(start) / piece.runs;
  // An interruption makes a clock look slow, never fast: the faster of the two was the core's.
  const double clock = std::max(before, clock_now_hz());
  piece.seconds.push_back(seconds);
  piece.cycles.push_back(seconds * clock);
  clocks_.push_back(clock);
}

void Turns::measure(int rounds) {
  warm_up();
  for (Piece& piece : pieces_) {
    piece.work();  // its memory is there and its code is read
    const auto start = Clock::now();
    piece.work();
    piece.runs = std::max(1, static_cast<int>(piece.sample_seconds / std::max(seconds_since(start), 1e-7)));
  }
  for (int round = 0; round < rounds; ++round)
    for (Piece& piece : pieces_) sample(piece);
}

Kept Turns::cycles(Work work) const {
  return keep_of(pieces_[work.index].cycles);
}

Kept Turns::seconds(Work work) const {
  return keep_of(pieces_[work.index].seconds);
}

double Turns::clock_hz() const {
  return keep_of(clocks_).middle;
}

double Turns::spread() const {
  double largest = 0;
  for (const Piece& piece : pieces_)
    if (piece.bound == Bound::kCore) largest = std::max(largest, keep_of(piece.cycles).spread);
  return largest;
}

}  // namespace chengying::cli
