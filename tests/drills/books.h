// Books: what a history of commands must do to money and cores, written a second time and plainly: maps and
// sums, no database. Says of each command whether it is applied, repeated or refused and why, and keeps what
// the store should hold then. One thread. `rollback` forgets what was expected since `commit`, as a crash
// does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cloud/store/command.h"

namespace chengying::cloud {

/// What should come of a command.
struct Expected {
  bool repeated = false;
  std::optional<Code> refused;
};

class Books {
 public:
  explicit Books(std::map<std::string, std::int64_t> fleet) { now_.free_cores = std::move(fleet); }

  /// Takes the command in as it should be taken in. Knows those that it has a function for below.
  Expected expect(const Command& command, const Now& now);
  void commit();
  void rollback() { undo(); }

  struct Account {
    std::int64_t balance = 0, held = 0, credit = 0;
  };
  struct Hold {
    std::string tenant;
    std::int64_t amount = 0;
    bool lease = false;
    Digest body;
    std::string quote;
  };
  struct Lease {
    std::string tenant, chip;
    std::int64_t cores = 0, seconds_max = 0, price = 0, started_us = -1, stopped_us = -1;
    bool reserved = false;
  };
  struct Open {
    std::map<std::string, Account> accounts;  // by tenant
    std::map<std::string, Hold> holds;
    std::map<std::string, Lease> leases;  // not ended
    std::map<std::string, std::int64_t> free_cores;
    std::int64_t deposited = 0, revenue = 0, rounded = 0;
    std::int64_t records = 0;
    std::uint64_t cycles = 0;
  };
  const Open& now() const { return now_; }

 private:
  Expected on(const CreateTenant& c);
  Expected on(const SetCreditLine& c);
  Expected on(const Deposit& c);
  Expected on(const HoldWork& c);
  Expected on(const PostWork& c);
  Expected on(const VoidWork& c);
  Expected on(const VoidUnanswered& c);
  Expected on(const RequestLease& c);
  Expected on(const ActivateLease& c);
  Expected on(const DrainLease& c);
  Expected on(const EndLease& c);
  Expected on(const StoreInvoice& c);

  using Request = std::tuple<std::string, std::string, std::string>;  // tenant, kind, id
  std::optional<Expected> earlier(const Request& request, const Digest& body) const;
  void remember(const Request& request, const Digest& body);
  std::optional<Code> set_aside(const std::string& id, Hold hold);
  void charge(const std::string& hold, std::int64_t price);
  void undo();

  Open now_, committed_;
  std::int64_t monotonic_us_ = 0;
  std::map<Request, Digest> requests_;
  std::set<std::string> quotes_;  // redeemed by a charge
  // Since the commit, to be forgotten by a rollback.
  std::vector<Request> new_requests_;
  std::vector<std::string> new_quotes_;
};

}  // namespace chengying::cloud
