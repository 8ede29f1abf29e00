// Projects, quotas and caps. A cap counts what its subject spent and holds since it was set, or in the month
// that the newest of its commands is dated in; a hold has to pass the caps of its tenant, project and key,
// each by the same statement and with the table's CHECK behind it.
#include <charconv>
#include <vector>

#include "cloud/store/state.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

namespace {
constexpr std::int64_t kAlertsMost = 8;
constexpr std::int64_t kPerSecondMost = 1'000'000'000;

Result<std::vector<std::int64_t>> parse_alerts(std::string_view text) {
  std::vector<std::int64_t> shares;
  const auto wrong = [&] {
    return fail(Code::kInvalidArgument,
                "alerts \"{}\" must be up to {} rising percentages in 1..100, as 50,80,100",
                text.substr(0, 64), kAlertsMost);
  };
  for (std::string_view rest = text; !rest.empty();) {
    std::int64_t share = 0;
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + comma, share);
    const bool fine = fault == std::errc() && end == rest.data() + comma && share >= 1 && share <= 100 &&
                      (shares.empty() || share > shares.back());
    if (!fine || static_cast<std::int64_t>(shares.size()) == kAlertsMost) return wrong();
    shares.push_back(share);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return shares;
}

/// The largest of `alerts` that `spent` of `amount` has reached; 0 if none.
std::int64_t reached(const std::vector<std::int64_t>& alerts, std::int64_t spent, std::int64_t amount) {
  std::int64_t share = 0;
  for (const std::int64_t each : alerts) {
    // spent / amount >= each / 100, in parts so that nothing overflows
    const std::int64_t threshold = amount / 100 * each + amount % 100 * each / 100;
    if (amount > 0 && spent >= threshold) share = each;
  }
  return share;
}
}  // namespace

Result<Effects> State::on(const SetWeight& c) {
  if (c.weight < 1 || c.weight > 1000) {
    return fail(Code::kInvalidArgument, "weight {} is not in 1..1000", c.weight);
  }
  TRY_ASSIGN(const std::int64_t changed,
             database_.change("UPDATE tenants SET weight = ? WHERE id = ?", c.weight, c.tenant));
  if (changed != 1) return fail(Code::kNotFound, "no tenant {}", c.tenant);
  return Effects{};
}

Result<Effects> State::on(const SetQuota& c) {
  for (const std::int64_t quota :
       {c.cores, c.leases, c.endpoints, c.models, c.model_bytes, c.requests_per_second}) {
    if (quota < 0) return fail(Code::kInvalidArgument, "a quota is not negative");
  }
  if (c.requests_per_second > kPerSecondMost) {
    return fail(Code::kInvalidArgument, "requests_per_second {} is not in 0..{}", c.requests_per_second,
                kPerSecondMost);
  }
  TRY_ASSIGN(const std::int64_t known, database_.number(0, "SELECT 1 FROM tenants WHERE id = ?", c.tenant));
  if (known == 0) return fail(Code::kNotFound, "no tenant {}", c.tenant);
  TRY(database_.run(
      "INSERT INTO quotas(tenant, cores, leases, endpoints, models, model_bytes, requests_per_second) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(tenant) DO UPDATE SET cores = ?2, leases = ?3, "
      "endpoints = ?4, models = ?5, model_bytes = ?6, requests_per_second = ?7",
      c.tenant, c.cores, c.leases, c.endpoints, c.models, c.model_bytes, c.requests_per_second));
  return Effects{};
}

Result<Effects> State::on(const CreateProject& c) {
  TRY_ASSIGN(const std::int64_t same,
             database_.number(0, "SELECT 1 FROM projects WHERE tenant = ? AND name = ?", c.tenant, c.name));
  if (same != 0) return fail(Code::kConflict, "a project called \"{}\" exists", c.name);
  TRY(database_.run("INSERT INTO projects(id, tenant, name, created_us) VALUES(?, ?, ?, ?)", c.id, c.tenant,
                    c.name, now_.wall_us));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const SetCap& c) {
  if (c.amount < Money()) return fail(Code::kInvalidArgument, "a cap is not negative");
  TRY(parse_alerts(c.alerts));
  if (c.per != "" && c.per != "month") {
    return fail(Code::kInvalidArgument, "a cap per \"{}\": there is \"month\", and \"\" for in all",
                c.per.substr(0, 64));
  }
  TRY_ASSIGN(const std::int64_t own,
             database_.number(0,
                              "SELECT 1 FROM tenants WHERE id = ?1 AND id = ?2 UNION "
                              "SELECT 1 FROM projects WHERE id = ?1 AND tenant = ?2 UNION "
                              "SELECT 1 FROM keys WHERE id = ?1 AND tenant = ?2",
                              c.subject, c.tenant));
  if (own == 0) return fail(Code::kNotFound, "no tenant, project or key {}", c.subject);
  TRY_ASSIGN(const std::int64_t held,
             database_.number(0,
                              "SELECT coalesce(sum(amount), 0) FROM holds WHERE project = ?1 OR key = ?1 OR "
                              "account = 'tenant:' || ?1",
                              c.subject));
  if (held > c.amount.nano()) {
    return fail(Code::kConflict, "{} is held already, more than a cap of {}", to_string(Money::nano(held)),
                to_string(c.amount));
  }
  TRY(database_.run(
      "INSERT INTO caps(subject, tenant, amount, spent, held, alerts, per, period) "
      "VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6, ?7) ON CONFLICT(subject) DO UPDATE SET tenant = ?2, amount = ?3, "
      "spent = 0, held = ?4, alerts = ?5, alerted = 0, per = ?6, period = ?7",
      c.subject, c.tenant, c.amount.nano(), held, c.alerts, c.per,
      c.per.empty() ? 0 : month_of(now_.wall_us)));
  return Effects{};
}

Result<Effects> State::on(const RemoveCap& c) {
  TRY_ASSIGN(const std::int64_t gone,
             database_.change("DELETE FROM caps WHERE subject = ? AND tenant = ?", c.subject, c.tenant));
  if (gone != 1) return fail(Code::kNotFound, "{} has no cap", c.subject);
  return Effects{};
}

Status State::begin_month(const Payer& payer) {
  return database_.run(
      "UPDATE caps SET spent = 0, alerted = 0, period = ?1 WHERE subject IN (?2, ?3, ?4) AND per = 'month' "
      "AND "
      "period < ?1",
      month_of(now_.wall_us), payer.tenant, payer.project, payer.key);
}

Status State::hold_under_caps(const Payer& payer, Money amount) {
  TRY_ASSIGN(const std::int64_t capped,
             database_.number(0, "SELECT count(*) FROM caps WHERE subject IN (?, ?, ?)", payer.tenant,
                              payer.project, payer.key));
  if (capped == 0) return {};
  TRY(begin_month(payer));
  TRY_ASSIGN(const std::int64_t held,
             database_.change("UPDATE caps SET held = held + ?1 WHERE subject IN (?2, ?3, ?4) AND "
                              "amount - spent - held >= ?1",
                              amount.nano(), payer.tenant, payer.project, payer.key));
  if (held == capped) return {};
  TRY_ASSIGN(Query full,
             database_.query("SELECT subject, amount, spent, held FROM caps WHERE subject IN (?, ?, ?) "
                             "ORDER BY amount - spent - held, subject LIMIT 1",
                             payer.tenant, payer.project, payer.key));
  TRY(full.next());
  return fail(Code::kPaymentRequired, "this needs {}; the cap of {} on {} has {} spent and {} held",
              to_string(amount), to_string(Money::nano(full.integer(1))), full.text(0),
              to_string(Money::nano(full.integer(2))), to_string(Money::nano(full.integer(3))));
}

Status State::settle_caps(const Payer& payer, Money held, Money spent) {
  TRY_ASSIGN(const std::int64_t capped,
             database_.change("UPDATE caps SET held = held - ?1 WHERE subject IN (?2, ?3, ?4)", held.nano(),
                              payer.tenant, payer.project, payer.key));
  if (capped == 0 || spent == Money()) return {};
  TRY(begin_month(payer));
  TRY(database_.run("UPDATE caps SET spent = spent + ?1 WHERE subject IN (?2, ?3, ?4)", spent.nano(),
                    payer.tenant, payer.project, payer.key));
  return alert(payer);
}

Status State::alert(const Payer& payer) {
  struct Due {
    std::string subject;
    std::int64_t share = 0, amount = 0;
    std::string month;
  };
  std::vector<Due> due;
  {
    TRY_ASSIGN(Query rows,
               database_.query("SELECT subject, amount, spent, alerts, alerted, per, period FROM caps "
                               "WHERE subject IN (?, ?, ?) AND alerts <> '' ORDER BY subject",
                               payer.tenant, payer.project, payer.key));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) break;
      TRY_ASSIGN(const auto alerts, parse_alerts(rows.text(3)));
      const std::int64_t share = reached(alerts, rows.integer(2), rows.integer(1));
      if (share > rows.integer(4)) {
        due.push_back({rows.text(0), share, rows.integer(1),
                       rows.text(5).empty() ? "" : " for " + month_text(rows.integer(6))});
      }
    }
  }
  for (const Due& each : due) {
    TRY(database_.run("UPDATE caps SET alerted = ? WHERE subject = ?", each.share, each.subject));
    TRY(event(payer.tenant, each.subject,
              fmt::format("{} % of its cap of {}{} is spent", each.share, to_string(Money::nano(each.amount)),
                          each.month)));
  }
  return {};
}

}  // namespace chengying::cloud
