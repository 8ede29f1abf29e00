// History: a long random life of the cloud's state from one seed, on one thread: commands good and bad, two
// clocks that jump, crashes that lose what was not committed, invoices. After every command the store is held
// against Books. The same seed gives the same history; its journal, replayed, gives the same store.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "books.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {

class History {
 public:
  explicit History(std::uint64_t seed);
  /// Stops at the first thing that differs: a fatal failure of the running test, which names the step.
  void run(std::int64_t commands);

  struct Counts {
    std::int64_t accepted = 0, repeated = 0, refused = 0, crashes = 0, invoices = 0;
    std::map<std::string, std::int64_t> by_kind;  // accepted
  };
  const Counts& counts() const { return counts_; }
  const Books& books() const { return books_; }
  testing::Machine& machine() { return machine_; }

 private:
  struct Action;
  static const std::vector<Action>& actions();
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::int64_t amount(std::int64_t most) {
    return static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most)));
  }
  std::string some_tenant();
  std::string some_lease();
  const HoldWork& some_held();

  Command create_tenant();
  Command credit_line();
  Command deposit();
  Command hold();
  Command post();
  Command void_work();
  Command void_all();
  Command cap();
  Command credit();
  Command refund();
  Command request_lease();
  Command activate_lease();
  Command extend_lease();
  Command resize_lease();
  Command move_lease();
  Command meter_lease();
  Command drain_lease();
  Command end_lease();
  Command schedule();
  Command chip_state();
  Command invoice();

  void set_up();
  void take_back();
  std::vector<std::string> leases_on(const std::string& chip);
  std::vector<std::string> texts(std::string_view sql, std::string_view argument);
  void observe();
  void tick();
  void step(const Command& command);
  void crash();
  void commit();
  void compare();
  void compare_whole();

  std::mt19937_64 random_;
  testing::Machine machine_;
  Books books_;
  Counts counts_;
  std::int64_t step_ = 0;
  std::int64_t requests_ = 0, leases_ = 0, quotes_ = 0;
  std::deque<HoldWork> held_;  // recent holds, to be posted, voided, repeated
};

/// Applies the journal of `from` to `to`, which is empty.
Status replay(Database& from, testing::Machine& to);

}  // namespace chengying::cloud
