#include "cloud/store/check.h"

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "billing/money.h"
#include "billing/record.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

namespace {
std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Walks the journal once, the entries and records beside it.
class Checker {
 public:
  explicit Checker(Database& database) : database_(database) {}

  Result<StoreSums> run() {
    TRY_ASSIGN(Query journal,
               database_.scan("SELECT sequence, monotonic_us, wall_us, kind, command, effects, hash "
                              "FROM journal ORDER BY sequence"));
    TRY_ASSIGN(Query entries, database_.scan("SELECT id, journal, account, amount FROM entries ORDER BY id"));
    Digest head;
    for (;;) {
      TRY_ASSIGN(const bool any, journal.next());
      if (!any) break;
      ++sums_.journal_rows;
      TRY(check_row(journal, head));
      const std::string effects = journal.text(5);
      for (const std::string_view line : split(effects, '\n'))
        TRY(check_effect(line, sums_.journal_rows, entries));
    }
    TRY_ASSIGN(const bool more, entries.next());
    if (more) return fail(Code::kDataLoss, "ledger entry {} has no journal row", entries.integer(0));
    TRY_ASSIGN(const std::int64_t records, database_.number(0, "SELECT count(*) FROM records"));
    if (records != sums_.records) {
      return fail(Code::kDataLoss, "there are {} usage records, the journal wrote {}", records,
                  sums_.records);
    }
    TRY(check_accounts());
    return sums_;
  }

 private:
  Status check_row(const Query& row, Digest& head) {
    const std::int64_t sequence = row.integer(0);
    if (sequence != sums_.journal_rows) {
      return fail(Code::kDataLoss, "journal row {} is missing", sums_.journal_rows);
    }
    const Now now{row.integer(1), row.integer(2)};
    const Digest hash = hash_of_journal_row(head, sequence, now, row.text(3), row.text(4), row.text(5));
    if (hash != row.digest(6)) {
      return fail(Code::kDataLoss, "journal row {} ({}) was changed: its hash does not fit", sequence,
                  row.text(3));
    }
    head = hash;
    return {};
  }

  Status check_effect(std::string_view line, std::int64_t sequence, Query& entries) {
    const auto parts = split(line, ' ');
    if (parts.size() == 3 && parts[0] == "entry") return check_entry(parts, sequence, entries);
    if (parts.size() == 4 && parts[0] == "record") return check_record(parts, sequence);
    return fail(Code::kDataLoss, "journal row {}: unknown effect", sequence);
  }

  Status check_entry(const std::vector<std::string_view>& parts, std::int64_t sequence, Query& entries) {
    TRY_ASSIGN(const bool any, entries.next());
    ++sums_.entries;
    if (!any)
      return fail(Code::kDataLoss, "ledger entry {} (of journal row {}) is missing", sums_.entries, sequence);
    const std::int64_t amount = number_of(parts[2]);
    const bool same = entries.integer(0) == sums_.entries && entries.integer(1) == sequence &&
                      entries.text(2) == parts[1] && entries.integer(3) == amount;
    if (!same) {
      return fail(Code::kDataLoss, "ledger entry {} was changed: journal row {} wrote {} to {}",
                  sums_.entries, sequence, amount, parts[1]);
    }
    std::int64_t& balance = balances_[std::string(parts[1])];
    if (__builtin_add_overflow(balance, amount, &balance)) return fail(Code::kDataLoss, "balances overflow");
    return {};
  }

  Status check_record(const std::vector<std::string_view>& parts, std::int64_t sequence) {
    ++sums_.records;
    const std::string where =
        fmt::format("usage record {} of {} (journal row {})", parts[2], parts[1], sequence);
    TRY_ASSIGN(Query row, database_.query("SELECT hash, text, wall_us, endpoint, lease, quote FROM records "
                                          "WHERE tenant = ? AND sequence = ?",
                                          parts[1], number_of(parts[2])));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kDataLoss, "{} is missing", where);
    auto record = billing::parse_record(row.text(1));
    if (!record) return fail(Code::kDataLoss, "{}: {}", where, record.error().message);
    billing::Record sealed = *record;
    seal(sealed);
    const bool same = record->hash == sealed.hash && row.digest(0) == sealed.hash &&
                      sealed.hash.hex() == parts[3] && row.text(3) == record->endpoint &&
                      row.text(4) == record->lease && row.text(5) == record->quote;
    if (!same) return fail(Code::kDataLoss, "{} was changed: its hash does not fit", where);
    return {};
  }

  Status check_accounts() {
    std::map<std::string, std::int64_t> held;
    {
      TRY_ASSIGN(Query holds, database_.query("SELECT account, sum(amount) FROM holds GROUP BY account"));
      for (;;) {
        TRY_ASSIGN(const bool any, holds.next());
        if (!any) break;
        held[holds.text(0)] = holds.integer(1);
      }
    }
    TRY_ASSIGN(Query accounts, database_.query("SELECT id, balance, held FROM accounts ORDER BY id"));
    std::int64_t sum = 0;
    for (;;) {
      TRY_ASSIGN(const bool any, accounts.next());
      if (!any) break;
      const std::string id = accounts.text(0);
      if (accounts.integer(1) != balances_[id]) {
        return fail(Code::kDataLoss, "account {} has {}, its entries sum up to {}", id, accounts.integer(1),
                    balances_[id]);
      }
      if (accounts.integer(2) != held[id]) {
        return fail(Code::kDataLoss, "account {} has {} held, its holds sum up to {}", id,
                    accounts.integer(2), held[id]);
      }
      sum += accounts.integer(1);
    }
    if (sum != 0) return fail(Code::kDataLoss, "the sum of all accounts is {}, not 0", sum);
    TRY(none(
        "cap", "held",
        "SELECT subject, held, should FROM (SELECT subject, held, (SELECT coalesce(sum(amount), 0) FROM "
        "holds WHERE project = subject OR "
        "key = subject OR account = 'tenant:' || subject) AS should FROM caps) AS c WHERE held <> should"));
    return none("chip", "used",
                "SELECT id, used, should FROM (SELECT id, used, (SELECT coalesce(sum(cores), 0) FROM places "
                "WHERE chip = id) AS should "
                "FROM chips) AS c WHERE used <> should");
  }

  /// kDataLoss if there is a row (what, is, should).
  Status none(std::string_view what, std::string_view field, std::string_view sql) {
    TRY_ASSIGN(Query rows, database_.query(sql));
    TRY_ASSIGN(const bool any, rows.next());
    if (!any) return {};
    return fail(Code::kDataLoss, "{} {}: {} is {}, should be {}", what, rows.text(0), field, rows.integer(1),
                rows.integer(2));
  }

  Database& database_;
  StoreSums sums_;
  std::map<std::string, std::int64_t> balances_;
};
}  // namespace

Result<StoreSums> check_store(Database& database) {
  // Of one moment: a neighbour may write meanwhile.
  return read_one_moment(database, [&] { return Checker(database).run(); });
}

}  // namespace chengying::cloud
