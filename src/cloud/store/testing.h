// Machine: a State over a database (in memory, or in a PostgreSQL server if the run is for that:
// CHENGYING_TEST_STORE) with a clock that its owner sets, one command at a time, each in a savepoint as in
// the Store; and the commands that tests send it. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "cloud/store/postgres_for_test.h"
#include "cloud/store/schema.h"
#include "cloud/store/state.h"

namespace chengying::cloud::testing {

class Machine {
 public:
  Machine() : database_(open()), state_(database_) { EXPECT_TRUE(state_.reload()); }

  Result<Effects> operator()(const Command& command) {
    const bool own = !database_.in_transaction();
    if (own) {
      EXPECT_TRUE(database_.begin_writing());
    }
    EXPECT_TRUE(database_.run("SAVEPOINT one"));
    auto effects = state_.apply(command, now);
    if (!effects) {
      EXPECT_TRUE(database_.run("ROLLBACK TO one"));
    }
    EXPECT_TRUE(database_.run("RELEASE one"));
    if (own) {
      EXPECT_TRUE(database_.execute("COMMIT"));
    }
    return effects;
  }
  std::int64_t number(std::string_view sql) { return *database_.number(-1, sql); }
  std::string text(std::string_view sql) {
    auto query = database_.query(sql);
    return *query->next() ? query->text(0) : "";
  }
  Database& database() { return database_; }
  State& state() { return state_; }
  Now now{1'000'000, 1'700'000'000'000'000};

 private:
  static Database open() {
    auto database = Database::open(new_store(":memory:"), false);
    EXPECT_TRUE(database && prepare_store(*database));
    return *std::move(database);
  }
  Database database_;
  State state_;
};

inline Money nano(std::int64_t amount) {
  return Money::nano(amount);
}

inline void add_tenant(Machine& machine, std::int64_t balance, std::int64_t credit = 0,
                       const std::string& id = "tn_a") {
  ASSERT_TRUE(machine(CreateTenant{id, "name of " + id, nano(credit)}));
  if (balance > 0) {
    ASSERT_TRUE(machine(Deposit{id, "", nano(balance)}));
  }
}

inline HoldWork hold_of(const std::string& request, std::int64_t amount, std::string_view body = "body") {
  return {"tn_a", request, true, sha256(body), nano(amount), "", "", ""};
}

/// A post whose price is exactly `amount` nano-units: one cycle at 1 Hz is one core-second.
inline PostWork post_of(const std::string& request, std::int64_t amount) {
  PostWork post;
  post.tenant = "tn_a";
  post.request = request;
  post.named = true;
  post.endpoint = "ep_1";
  post.offer = "o";
  post.chip = "c";
  post.clock_hz = 1;
  post.cycles = static_cast<std::uint64_t>(amount) * 36;
  post.work_price = 100;  // 36 cycles: 36 s * 100e-6 / 3600 s = 1 micro-unit = 1000 nano-units
  return post;
}

inline RequestLease lease_of(const std::string& id, const std::string& request, std::int64_t seconds,
                             std::string_view term) {
  RequestLease lease;
  lease.id = id;
  lease.tenant = "tn_a";
  lease.request = request;
  lease.body = sha256("lease");
  lease.offer = "o";
  lease.chip = "c";
  lease.term = term;
  lease.seconds_max = seconds;
  lease.capacity_price = 36;  // 10 nano-units a second
  lease.hold = nano((term == "reserved" ? (seconds + 3'599) / 3'600 * 3'600 : seconds) * 10);
  lease.cores_most = lease.leases_most = 1'000;
  return lease;
}

inline void add_chips(Machine& machine, std::int64_t count, std::int64_t cores = 4) {
  for (std::int64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(machine(RegisterChip{fmt::format("c.{}", i), "c", i, cores}));
  }
}

inline Result<Effects> activate(Machine& machine, const std::string& lease) {
  return machine(ActivateLease{
      lease,
      machine.number(fmt::format("SELECT coalesce(max(fence), 0) FROM leases WHERE id = '{}'", lease))});
}

}  // namespace chengying::cloud::testing
