// Ledger: double entry over named accounts, with holds. The definition of what money may do: small, in
// memory, pure; the store's SQL is tested equal to it. Invariants, after every call: the sum of all balances
// is 0; no guarded account has balance + credit_line - held < 0; a refused call changes nothing. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "billing/money.h"

namespace chengying::billing {

// The operator's own accounts; a tenant's is "tenant:" + its id.
inline constexpr std::string_view kCashAccount = "operator:cash";          // minus what was ever deposited
inline constexpr std::string_view kRevenueAccount = "operator:revenue";    // what was charged
inline constexpr std::string_view kRoundingAccount = "operator:rounding";  // minus what rounding gave back
std::string account_of_tenant(std::string_view tenant);

struct Account {
  Money balance, held, credit_line;
  bool guarded = false;  // may not fall below -credit_line; the operator's own accounts may
  bool operator==(const Account&) const = default;
};

/// One side of a transfer; append-only.
struct Entry {
  std::string account;
  Money amount;  // not 0
  bool operator==(const Entry&) const = default;
};

class Ledger {
 public:
  /// kConflict if it exists.
  Status open_account(std::string_view id, bool guarded, Money credit_line);
  /// kConflict if less than what is already owed or held.
  Status set_credit_line(std::string_view id, Money credit_line);
  /// `amount` > 0. kPaymentRequired if `from` is guarded and has less available.
  Status transfer(std::string_view from, std::string_view to, Money amount);
  /// Sets money aside under a new id. `amount` >= 0. kPaymentRequired, kConflict for an id in use.
  Status hold(std::string_view hold_id, std::string_view account, Money amount);
  /// Charges min(actual, hold) from the held account to `to` and gives the rest back. kNotFound without the
  /// hold.
  Result<Money> post(std::string_view hold_id, std::string_view to, Money actual);
  /// Gives all back. kNotFound without the hold.
  Status void_hold(std::string_view hold_id);

  const std::map<std::string, Account, std::less<>>& accounts() const { return accounts_; }
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t holds() const { return holds_.size(); }

 private:
  struct Hold {
    std::string account;
    Money amount;
  };
  Result<Account*> find(std::string_view id);
  void move(Account& from, std::string_view from_id, Account& to, std::string_view to_id, Money amount);

  std::map<std::string, Account, std::less<>> accounts_;
  std::map<std::string, Hold, std::less<>> holds_;
  std::vector<Entry> entries_;
};

/// balance + credit_line - held: what can still be held or spent.
Result<Money> available(const Account& account);

}  // namespace chengying::billing
