// Machine: a State over a database in memory with a clock that its owner sets, one command at a time, each in
// a savepoint as in the Store. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "cloud/store/schema.h"
#include "cloud/store/sqlite.h"
#include "cloud/store/state.h"

namespace chengying::cloud::testing {

class Machine {
 public:
  Machine() : database_(open()), state_(database_) { EXPECT_TRUE(state_.reload()); }

  Result<Effects> operator()(const Command& command) {
    EXPECT_TRUE(database_.run("SAVEPOINT one"));
    auto effects = state_.apply(command, now);
    if (!effects) {
      EXPECT_TRUE(database_.run("ROLLBACK TO one"));
    }
    EXPECT_TRUE(database_.run("RELEASE one"));
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
    auto database = Database::open(":memory:", false);
    EXPECT_TRUE(database && prepare_store(*database));
    return *std::move(database);
  }
  Database database_;
  State state_;
};

}  // namespace chengying::cloud::testing
