// Turns: pieces of work measured in turn, again and again over some seconds, each between two looks at the
// clock of the core that runs it. A rented machine's clock and neighbours change from one second to the next:
// what a piece of work costs is a low quantile of samples that are spread over time, in cycles of the clock
// that the core had beside the sample. One caller; the works run on its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace chengying::cli {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Additions that each need the one before: a cycle each, whatever the clock and whoever shares the core.
void addition_chain(std::size_t additions);
/// The clock of the core, from such a chain of some tenths of a millisecond.
double clock_now_hz();

/// What many samples of one thing say.
struct Kept {
  double value = 0;   // their lowest eighth ends here
  double middle = 0;  // half of them lie below
  double spread = 0;  // how far above `value` their lowest third ends, relative to it
};
/// Of at least one sample. Noise only ever adds, so neither number moves while two thirds of the samples stay
/// undisturbed.
Kept keep_of(std::vector<double> samples);

class Turns {
 public:
  struct Work {
    std::size_t index = 0;
  };

  /// What a work's time depends on. Memory behind a core's own caches is shared with whoever else is on the
  /// machine, so samples of its rates differ more.
  enum class Bound { kCore, kMemory };

  /// A sample repeats `work` until it lasted `sample_seconds` or so.
  Work add(Bound bound, std::move_only_function<void()> work, double sample_seconds = 1e-3);

  /// Waits until the clock stays the same, at most some seconds, and then samples every work once a round.
  void measure(int rounds);

  /// Of one run of a work, after `measure`.
  Kept cycles(Work work) const;
  Kept seconds(Work work) const;
  /// The middle one of all clocks that were seen beside samples.
  double clock_hz() const;
  /// The largest spread of the cycles of works that are bound by the core.
  double spread() const;

 private:
  struct Piece {
    Bound bound;
    std::move_only_function<void()> work;
    double sample_seconds = 0;
    int runs = 1;                         // of a sample
    std::vector<double> seconds, cycles;  // of one run
  };
  void sample(Piece& piece);

  std::vector<Piece> pieces_;
  std::vector<double> clocks_;
};

}  // namespace chengying::cli
