// Books: what a history of commands must do to money and cores, written a second time and plainly: maps and
// sums, no database. Says of each command whether it is applied, repeated or refused and why, and keeps what
// the store should hold then. One thread. `rollback` forgets what was expected since `commit`, as a crash
// does.
#pragma once

#include <algorithm>
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
  bool needs_room =
      false;            // may be refused with kResourceExhausted too: where there is room, Books don't know
  bool either = false;  // may change nothing
};

class Books {
 public:
  /// Takes the command in as it should be taken in. Knows those that it has a function for below.
  Expected expect(const Command& command, const Now& now);
  void commit();
  void rollback();
  /// Forgets the last command that needed room and found none.
  void withdraw();
  /// A chip was lost on which these leases were; what ran there counts until `good_until_us` (0: now).
  void lose(const std::vector<std::string>& leases, std::int64_t good_until_us, const Now& now);
  /// Takes over which queued leases the store has granted meanwhile, and under which fence. Returns what
  /// can't be, or "".
  std::string observe(const std::string& lease, const std::string& state, std::int64_t fence,
                      bool taken_back);

  struct Account {
    std::int64_t balance = 0, held = 0, credit = 0;
  };
  struct Payer {
    std::string tenant, project, key;
  };
  struct Hold {
    Payer payer;
    std::int64_t amount = 0;
    bool lease = false;
    Digest body;
    std::string quote;
  };
  struct Cap {
    std::int64_t amount = 0, spent = 0, held = 0;
    bool monthly = false;
    std::int64_t month = 0;
    std::int64_t spent_in(std::int64_t of) const { return monthly && of > month ? 0 : spent; }
    void begin(std::int64_t of) {
      spent = spent_in(of);
      if (monthly) month = std::max(month, of);
    }
  };
  struct Lease {
    Payer payer;
    std::string chip, state = "queued";
    std::int64_t cores = 0, seconds_max = 0, price = 0;  // cores of all its chips
    std::int64_t started_us = -1, ran_us = 0, billed = 0, wait_until_us = 0, fence = 0;
    bool reserved = false, taken_back = false;
  };
  struct Open {
    std::map<std::string, Account> accounts;  // by tenant
    std::map<std::string, Cap> caps;          // by subject
    std::map<std::string, Hold> holds;
    std::map<std::string, Lease> leases;  // not ended
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
  Expected on(const SetCap& c);
  Expected on(const RemoveCap& c);
  Expected on(const Credit& c);
  Expected on(const Refund& c);
  Expected on(const Schedule& c);
  Expected on(const RequestLease& c);
  Expected on(const ActivateLease& c);
  Expected on(const ExtendLease& c);
  Expected on(const ResizeLease& c);
  Expected on(const MoveLease& c);
  Expected on(const MeterLease& c);
  Expected on(const DrainLease& c);
  Expected on(const EndLease& c);
  Expected on(const StoreInvoice& c);

  using Request = std::tuple<std::string, std::string, std::string>;  // tenant, kind, id
  std::optional<Expected> earlier(const Request& request, const Digest& body) const;
  void remember(const Request& request, const Digest& body);
  std::optional<Code> set_aside(const std::string& id, Hold hold);
  void pay(const Payer& payer, std::int64_t held, std::int64_t price);
  void charge(const std::string& hold, std::int64_t price);
  void release(const std::string& hold);
  Lease* active_lease(const std::string& id);
  std::int64_t ran_us(const Lease& lease) const;
  void settle_stretch(const std::string& id, bool failed);

  Open now_, committed_, before_;  // before_: the last command that needs room
  std::int64_t monotonic_us_ = 0;
  std::int64_t month_ = 0;  // of the last command
  std::map<Request, Digest> requests_;
  std::set<std::string> quotes_;       // redeemed by a charge
  std::optional<Request> remembered_;  // by the last command
  // Since the commit, to be forgotten by a rollback.
  std::vector<Request> new_requests_;
  std::vector<std::string> new_quotes_;
};

}  // namespace chengying::cloud
