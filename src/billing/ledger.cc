#include "billing/ledger.h"

#include "base/check.h"

namespace chengying::billing {

std::string account_of_tenant(std::string_view tenant) {
  return fmt::format("tenant:{}", tenant);
}

Result<Money> available(const Account& account) {
  TRY_ASSIGN(const Money line, add(account.balance, account.credit_line));
  return subtract(line, account.held);
}

namespace {
Status afford(const Account& account, Money amount) {
  if (amount < Money()) return fail(Code::kInvalidArgument, "an amount of {} is negative", to_string(amount));
  if (!account.guarded) return {};
  TRY_ASSIGN(const Money has, available(account));
  if (has < amount) {
    return fail(Code::kPaymentRequired, "{} needed, {} available", to_string(amount), to_string(has));
  }
  return {};
}
}  // namespace

Result<Account*> Ledger::find(std::string_view id) {
  const auto it = accounts_.find(id);
  if (it == accounts_.end()) return fail(Code::kNotFound, "no account {}", id);
  return &it->second;
}

Status Ledger::open_account(std::string_view id, bool guarded, Money credit_line) {
  if (credit_line < Money()) return fail(Code::kInvalidArgument, "a credit line is not negative");
  Account account;
  account.guarded = guarded;
  account.credit_line = credit_line;
  if (!accounts_.emplace(id, account).second) return fail(Code::kConflict, "account {} exists", id);
  return {};
}

Status Ledger::set_credit_line(std::string_view id, Money credit_line) {
  TRY_ASSIGN(Account * account, find(id));
  if (credit_line < Money()) return fail(Code::kInvalidArgument, "a credit line is not negative");
  Account changed = *account;
  changed.credit_line = credit_line;
  TRY_ASSIGN(const Money left, available(changed));
  if (changed.guarded && left < Money()) {
    return fail(Code::kConflict, "{} is already owed or held beyond that line", to_string(left));
  }
  *account = changed;
  return {};
}

void Ledger::move(Account& from, std::string_view from_id, Account& to, std::string_view to_id,
                  Money amount) {
  if (amount == Money()) return;
  from.balance = *subtract(from.balance, amount);
  to.balance = *add(to.balance, amount);
  entries_.push_back({std::string(from_id), *negate(amount)});
  entries_.push_back({std::string(to_id), amount});
}

Status Ledger::transfer(std::string_view from, std::string_view to, Money amount) {
  TRY_ASSIGN(Account * source, find(from));
  TRY_ASSIGN(Account * target, find(to));
  if (amount <= Money() || source == target) {
    return fail(Code::kInvalidArgument, "a transfer moves more than 0 between two accounts");
  }
  TRY(afford(*source, amount));
  TRY(subtract(source->balance, amount));
  TRY(add(target->balance, amount));
  move(*source, from, *target, to, amount);
  return {};
}

Status Ledger::hold(std::string_view hold_id, std::string_view account_id, Money amount) {
  TRY_ASSIGN(Account * account, find(account_id));
  if (holds_.contains(hold_id)) return fail(Code::kConflict, "hold {} exists", hold_id);
  TRY(afford(*account, amount));
  TRY_ASSIGN(account->held, add(account->held, amount));
  holds_.emplace(hold_id, Hold{std::string(account_id), amount});
  return {};
}

Result<Money> Ledger::post(std::string_view hold_id, std::string_view to, Money actual) {
  const auto it = holds_.find(hold_id);
  if (it == holds_.end()) return fail(Code::kNotFound, "no hold {}", hold_id);
  TRY_ASSIGN(Account * source, find(it->second.account));
  TRY_ASSIGN(Account * target, find(to));
  if (actual < Money()) return fail(Code::kInvalidArgument, "a charge is not negative");
  const Money charge = std::min(actual, it->second.amount);
  TRY(subtract(source->balance, charge));
  TRY(add(target->balance, charge));
  source->held = *subtract(source->held, it->second.amount);
  move(*source, it->second.account, *target, to, charge);
  holds_.erase(it);
  return charge;
}

Status Ledger::void_hold(std::string_view hold_id) {
  const auto it = holds_.find(hold_id);
  if (it == holds_.end()) return fail(Code::kNotFound, "no hold {}", hold_id);
  TRY_ASSIGN(Account * account, find(it->second.account));
  account->held = *subtract(account->held, it->second.amount);
  holds_.erase(it);
  return {};
}

}  // namespace chengying::billing
