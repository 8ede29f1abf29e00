// The ledger in SQL, and the commands on accounts. billing/ledger.h defines what these must do.
#include <algorithm>

#include "billing/ledger.h"
#include "billing/record.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

using billing::account_of_tenant;

namespace {
/// A statement that moves money touches exactly its accounts; anything else is a missing account.
Status one_row(Result<std::int64_t> changed, std::string_view account) {
  if (!changed) return std::unexpected<Error>(std::move(changed).error());
  if (*changed != 1) return fail(Code::kNotFound, "no account {}", account);
  return {};
}

/// The one statement that no number of holds can pass.
Status set_aside(Database& database, const Payer& payer, Money amount) {
  if (amount < Money()) return fail(Code::kInvalidArgument, "a hold of {} is negative", to_string(amount));
  const std::string account = account_of_tenant(payer.tenant);
  TRY_ASSIGN(const std::int64_t held,
             database.change("UPDATE accounts SET held = held + ?1 WHERE id = ?2 AND "
                             "(guarded = 0 OR balance + credit_line - held >= ?1)",
                             amount.nano(), account));
  if (held == 1) return {};
  TRY_ASSIGN(Query has,
             database.query("SELECT balance + credit_line - held FROM accounts WHERE id = ?", account));
  TRY_ASSIGN(const bool any, has.next());
  if (!any) return fail(Code::kNotFound, "no account {}", account);
  return fail(Code::kPaymentRequired, "this needs {} and {} is available: deposit the difference",
              to_string(amount), to_string(Money::nano(has.integer(0))));
}
}  // namespace

Status State::entry(std::string_view account, Money amount) {
  if (amount == Money()) return {};
  effects_ += fmt::format("entry {} {}\n", account, amount.nano());
  return database_.run(
      "INSERT INTO entries(id, journal, account, amount) VALUES((SELECT coalesce(max(id), 0) + 1 "
      "FROM entries), ?, ?, ?)",
      sequence_ + 1, account, amount.nano());
}

Status State::transfer(std::string_view from, std::string_view to, Money amount) {
  if (amount <= Money() || from == to) {
    return fail(Code::kInvalidArgument, "a transfer moves more than 0 between two accounts");
  }
  TRY_ASSIGN(const std::int64_t paid,
             database_.change("UPDATE accounts SET balance = balance - ?1 WHERE id = ?2 AND "
                              "(guarded = 0 OR balance + credit_line - held >= ?1)",
                              amount.nano(), from));
  if (paid != 1) return fail(Code::kPaymentRequired, "{} needed, less is available", to_string(amount));
  TRY(one_row(database_.change("UPDATE accounts SET balance = balance + ? WHERE id = ?", amount.nano(), to),
              to));
  TRY(entry(from, *negate(amount)));
  return entry(to, amount);
}

Status State::add_to_hold(const std::string& hold_id, const Payer& payer, Money amount) {
  TRY(set_aside(database_, payer, amount));
  TRY(hold_under_caps(payer, amount));
  return one_row(
      database_.change("UPDATE holds SET amount = amount + ? WHERE id = ?", amount.nano(), hold_id), hold_id);
}

Status State::hold(const std::string& id, const Payer& payer, Money amount, bool lease, const Digest& body,
                   const std::string& quote) {
  TRY(set_aside(database_, payer, amount));
  TRY(hold_under_caps(payer, amount));
  return database_.run(
      "INSERT INTO holds(id, account, amount, lease, body, quote, project, key) VALUES(?, ?, ?, ?, ?, ?, ?, "
      "?)",
      id, account_of_tenant(payer.tenant), amount.nano(), lease, body, quote, payer.project, payer.key);
}

Status State::post_part(const std::string& hold_id, std::string_view to, Money amount) {
  Payer payer;
  {
    TRY_ASSIGN(Query found, database_.query("UPDATE holds SET amount = amount - ? WHERE id = ? "
                                            "RETURNING substr(account, 8), project, key",
                                            amount.nano(), hold_id));
    TRY_ASSIGN(const bool any, found.next());
    if (!any) return fail(Code::kNotFound, "no hold {}", hold_id);
    payer = {found.text(0), found.text(1), found.text(2)};
  }
  return charge(payer, to, amount, amount);
}

Status State::charge(const Payer& payer, std::string_view to, Money held, Money amount) {
  const std::string account = account_of_tenant(payer.tenant);
  TRY(one_row(database_.change("UPDATE accounts SET balance = balance - ?1, held = held - ?2, charged = "
                               "charged + ?1 WHERE id = ?3",
                               amount.nano(), held.nano(), account),
              account));
  TRY(one_row(database_.change("UPDATE accounts SET balance = balance + ? WHERE id = ?", amount.nano(), to),
              to));
  TRY(entry(account, *negate(amount)));
  TRY(entry(to, amount));
  return settle_caps(payer, held, amount);
}

Result<Money> State::post(const std::string& hold_id, std::string_view to, Money actual) {
  if (actual < Money()) return fail(Code::kInvalidArgument, "a charge is not negative");
  Payer payer;
  Money held;
  {
    TRY_ASSIGN(Query found, database_.query("DELETE FROM holds WHERE id = ? "
                                            "RETURNING substr(account, 8), project, key, amount",
                                            hold_id));
    TRY_ASSIGN(const bool any, found.next());
    if (!any)
      return fail(Code::kUnavailable,
                  "the hold of this request was lost with the store's last failure: try again");
    payer = {found.text(0), found.text(1), found.text(2)};
    held = Money::nano(found.integer(3));
  }
  const Money amount = std::min(actual, held);
  TRY(charge(payer, to, held, amount));
  return amount;
}

Status State::void_hold(const std::string& hold_id) {
  Payer payer;
  Money held;
  {
    TRY_ASSIGN(Query found, database_.query("DELETE FROM holds WHERE id = ? "
                                            "RETURNING substr(account, 8), project, key, amount",
                                            hold_id));
    TRY_ASSIGN(const bool any, found.next());
    if (!any) return fail(Code::kNotFound, "no such hold");
    payer = {found.text(0), found.text(1), found.text(2)};
    held = Money::nano(found.integer(3));
  }
  const std::string account = account_of_tenant(payer.tenant);
  TRY(one_row(database_.change("UPDATE accounts SET held = held - ? WHERE id = ?", held.nano(), account),
              account));
  return settle_caps(payer, held, Money());
}

Result<Effects> State::on(const OpenBook& c) {
  TRY_ASSIGN(Query other,
             database_.query("SELECT currency FROM price_books WHERE currency <> ? LIMIT 1", c.currency));
  TRY_ASSIGN(const bool differs, other.next());
  if (differs) {
    return fail(Code::kConflict,
                "the price book is in {}, this store's accounts are in {}: a currency can't change",
                c.currency, other.text(0));
  }
  TRY_ASSIGN(Query found, database_.query("SELECT text FROM price_books WHERE version = ?", c.version));
  TRY_ASSIGN(const bool any, found.next());
  if (!any) {
    TRY(database_.run("INSERT INTO price_books(version, currency, text) VALUES(?, ?, ?)", c.version,
                      c.currency, c.text));
    return Effects{};
  }
  if (found.text(0) != c.text) {
    return fail(Code::kConflict,
                "the price book changes version {}, which was in use: give the change a new version",
                c.version);
  }
  return Effects{.repeated = true, .result = {}, .record = {}};
}

Result<Effects> State::on(const SignBook& c) {
  TRY(database_.run("INSERT INTO book_signatures(version, signature) VALUES(?, ?)", c.version, c.signature));
  return Effects{};
}

Result<Effects> State::on(const SetCreditLine& c) {
  if (c.credit_line < Money()) return fail(Code::kInvalidArgument, "a credit line is not negative");
  TRY_ASSIGN(
      const std::int64_t changed,
      database_.change("UPDATE accounts SET credit_line = ?1 WHERE id = ?2 AND balance + ?1 - held >= 0",
                       c.credit_line.nano(), account_of_tenant(c.tenant)));
  if (changed != 1) {
    return fail(Code::kConflict, "more than {} is already owed or held", to_string(c.credit_line));
  }
  return Effects{};
}

Result<Effects> State::on(const Deposit& c) {
  if (c.amount <= Money()) return fail(Code::kInvalidArgument, "a deposit is more than 0");
  const Digest body = sha256(to_string(c.amount));
  TRY_ASSIGN(const auto before, earlier(c.tenant, "deposit", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY(transfer(billing::kCashAccount, account_of_tenant(c.tenant), c.amount));
  TRY(remember(c.tenant, "deposit", c.request, body, "done"));
  return Effects{};
}

Result<Effects> State::on(const Credit& c) {
  if (c.amount <= Money()) return fail(Code::kInvalidArgument, "a credit is more than 0");
  const Digest body = sha256(fmt::format("{}|{}", to_string(c.amount), c.note));
  TRY_ASSIGN(const auto before, earlier(c.tenant, "credit", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  const std::string account = account_of_tenant(c.tenant);
  TRY(transfer(billing::kRevenueAccount, account, c.amount));
  TRY(database_.run("UPDATE accounts SET charged = charged - ? WHERE id = ?", c.amount.nano(), account));
  billing::Record record;
  record.tenant = c.tenant;
  record.kind = billing::RecordKind::kAdjustment;
  record.request = c.request;
  record.note = c.note;
  record.price = *negate(c.amount);
  TRY(write_record(record));
  TRY(remember(c.tenant, "credit", c.request, body, std::to_string(record.sequence)));
  TRY(event(c.tenant, c.tenant, fmt::format("credited {}: {}", to_string(c.amount), c.note)));
  return Effects{.repeated = false, .result = std::to_string(record.sequence), .record = std::move(record)};
}

Result<Effects> State::on(const Refund& c) {
  if (c.amount <= Money()) return fail(Code::kInvalidArgument, "a refund is more than 0");
  const Digest body = sha256(fmt::format("{}|{}", to_string(c.amount), c.note));
  TRY_ASSIGN(const auto before, earlier(c.tenant, "refund", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  const std::string account = account_of_tenant(c.tenant);
  // The credit line is no money of the tenant's.
  TRY_ASSIGN(const std::int64_t free,
             database_.number(0, "SELECT balance - held FROM accounts WHERE id = ?", account));
  if (free < c.amount.nano()) {
    return fail(Code::kPaymentRequired, "{} is asked back and {} is prepaid and free", to_string(c.amount),
                to_string(Money::nano(std::max<std::int64_t>(free, 0))));
  }
  TRY(transfer(account, billing::kCashAccount, c.amount));
  TRY(remember(c.tenant, "refund", c.request, body, "done"));
  TRY(event(c.tenant, c.tenant, fmt::format("refunded {}: {}", to_string(c.amount), c.note)));
  return Effects{};
}

Result<Effects> State::on(const StoreInvoice& c) {
  const Digest body = sha256("invoice");
  TRY_ASSIGN(const auto before, earlier(c.tenant, "invoice", c.request, body));
  if (before) return Effects{.repeated = true, .result = *before, .record = {}};
  TRY_ASSIGN(const std::int64_t moved,
             database_.change("UPDATE tenants SET invoices = invoices + 1, invoiced_sequence = ? "
                              "WHERE id = ? AND invoiced_sequence = ?",
                              c.last_sequence, c.tenant, c.first_sequence - 1));
  if (moved != 1)
    return fail(Code::kConflict, "another invoice for these records was made at the same time: look at it");
  if (c.rounding > Money()) {
    TRY(transfer(billing::kRoundingAccount, account_of_tenant(c.tenant), c.rounding));
    TRY(database_.run("UPDATE accounts SET charged = charged - ? WHERE id = ?", c.rounding.nano(),
                      account_of_tenant(c.tenant)));
  }
  TRY(database_.run(
      "INSERT INTO invoices(tenant, id, created_us, first_sequence, last_sequence, records, total_micro, "
      "json) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      c.tenant, c.id, now_.wall_us, c.first_sequence, c.last_sequence, c.records, c.total_micro, c.json));
  TRY(remember(c.tenant, "invoice", c.request, body, c.id));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

}  // namespace chengying::cloud
