// Hold, post, void: the life of a request's money. A post and its usage record are one command, so one
// transaction.
#include "billing/ledger.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

namespace {
std::string hold_of_request(const std::string& tenant, const std::string& request) {
  return fmt::format("work:{}:{}", tenant, request);
}

/// What ran on cores that the lease lost since is not billed, whoever has them now.
Status check_fence(Database& database, const PostWork& c) {
  TRY_ASSIGN(const std::int64_t fence,
             database.number(-1, "SELECT fence FROM leases WHERE id = ? AND state IN ('active', 'draining')",
                             c.lease));
  if (fence == c.fence) return {};
  return fail(Code::kUnavailable, "lease {} lost its cores while this ran; nothing was charged: try again",
              c.lease);
}
}  // namespace

Result<Effects> State::on(const HoldWork& c) {
  const std::string hold_id = hold_of_request(c.tenant, c.request);
  if (c.named) {
    TRY_ASSIGN(const auto before, earlier(c.tenant, "infer", c.request, c.body));
    if (before) {
      TRY_ASSIGN(Query found,
                 database_.query("SELECT text FROM records WHERE tenant = ? AND sequence = CAST(? AS BIGINT)",
                                 c.tenant, *before));
      TRY_ASSIGN(const bool any, found.next());
      if (!any) return fail(Code::kDataLoss, "usage record {} is missing", *before);
      TRY_ASSIGN(auto record, billing::parse_record(found.text(0)));
      return Effects{.repeated = true, .result = *before, .record = std::move(record)};
    }
    TRY_ASSIGN(const std::int64_t running, database_.number(0, "SELECT 1 FROM holds WHERE id = ?", hold_id));
    if (running != 0)
      return fail(Code::kConflict, "request \"{}\" is still running: wait for its answer", c.request);
  }
  if (!c.quote.empty()) {
    TRY_ASSIGN(const std::int64_t used,
               database_.number(0,
                                // `<> ''` so that the partial indexes are used.
                                "SELECT 1 FROM records WHERE quote = ?1 AND quote <> '' UNION "
                                "SELECT 1 FROM holds WHERE quote = ?1 AND quote <> ''",
                                c.quote));
    if (used != 0)
      return fail(Code::kConflict, "quote {} was redeemed before: a quote is for one request", c.quote);
  }
  TRY(hold(hold_id, {c.tenant, c.project, c.key}, c.amount, false, c.body, c.quote));
  if (!c.process.empty()) {
    TRY(database_.run("UPDATE holds SET process = ? WHERE id = ?", c.process, hold_id));
  }
  return Effects{};
}

Result<Effects> State::on(const PostWork& c) {
  const std::string hold_id = hold_of_request(c.tenant, c.request);
  Digest body;
  if (c.named) {
    TRY_ASSIGN(Query held, database_.query("SELECT body FROM holds WHERE id = ?", hold_id));
    TRY_ASSIGN(const bool any, held.next());
    if (any) body = held.digest(0);
  }
  const bool answered = c.status.empty();
  if (!c.lease.empty() && answered) TRY(check_fence(database_, c));
  billing::Record record;
  record.tenant = c.tenant;
  record.project = c.project;
  record.key = c.key;
  record.kind = billing::RecordKind::kWork;
  record.request = c.request;
  record.endpoint = c.endpoint;
  record.lease = c.lease;
  record.offer = c.offer;
  record.chip = c.chip;
  record.cores = c.cores;
  record.clock_hz = c.clock_hz;
  record.executable = c.executable;
  record.batch = c.batch;
  record.arguments = c.arguments;
  record.cycles = answered ? c.cycles : 0;
  record.picojoules = answered ? c.picojoules : 0;
  record.bytes = c.bytes;
  record.status = c.status;
  record.started_us = c.started_us;
  record.price_book_version = c.price_book_version;
  record.micro_per_core_hour = c.work_price;
  if (!answered) {
    // Its quote is not spent, nor its id: both may come again.
    TRY(void_hold(hold_id));
    TRY(write_record(record));
    return Effects{.repeated = false, .result = c.request, .record = std::move(record)};
  }
  record.quote = c.quote;
  TRY_ASSIGN(record.price, price_of(record));
  TRY_ASSIGN(const Money charged, post(hold_id, billing::kRevenueAccount, record.price));
  // The hold was made from the same cycles and price; less would mean that quote and bill differ.
  if (charged != record.price) {
    return fail(Code::kInternal, "request {}: {} was held, {} used", c.request, to_string(charged),
                to_string(record.price));
  }
  TRY(write_record(record));
  if (c.named) TRY(remember(c.tenant, "infer", c.request, body, std::to_string(record.sequence)));
  return Effects{.repeated = false, .result = c.request, .record = std::move(record)};
}

Result<Effects> State::on(const VoidWork& c) {
  TRY(void_hold(hold_of_request(c.tenant, c.request)));
  return Effects{};
}

Result<Effects> State::on(const VoidUnanswered& c) {
  TRY_ASSIGN(const std::int64_t holds,
             database_.number(0, "SELECT count(*) FROM holds WHERE lease = 0 AND process = ?", c.process));
  if (holds == 0) return Effects{.repeated = true, .result = {}, .record = {}};
  TRY(
      database_.run("UPDATE accounts SET held = held - (SELECT coalesce(sum(amount), 0) FROM holds "
                    "WHERE holds.account = accounts.id AND lease = 0 AND process = ?)",
                    c.process));
  TRY(database_.run("DELETE FROM holds WHERE lease = 0 AND process = ?", c.process));
  TRY(
      database_.run("UPDATE caps SET held = (SELECT coalesce(sum(amount), 0) FROM holds WHERE "
                    "subject = project OR subject = key OR account = 'tenant:' || subject)"));
  return Effects{};
}

}  // namespace chengying::cloud
