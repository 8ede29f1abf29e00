// Money: balances, usage, invoices.
#include <algorithm>
#include <limits>

#include "billing/invoice.h"
#include "cloud/service.h"
#include "cloud/text.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

namespace {
constexpr std::int64_t kPieceRecords = 1'000;

struct InvoiceBasis {
  std::int64_t invoices = 0, after_sequence = 0;
  Digest chain_before;
  std::vector<billing::Record> records;
};

Result<InvoiceBasis> read_basis(Database& database, const std::string& tenant) {
  InvoiceBasis basis;
  {
    TRY_ASSIGN(Query row,
               database.query("SELECT invoices, invoiced_sequence FROM tenants WHERE id = ?", tenant));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kNotFound, "no tenant {}", tenant);
    basis.invoices = row.integer(0);
    basis.after_sequence = row.integer(1);
  }
  {
    TRY_ASSIGN(Query row, database.query("SELECT hash FROM records WHERE tenant = ? AND sequence = ?", tenant,
                                         basis.after_sequence));
    TRY_ASSIGN(const bool any, row.next());
    if (any) basis.chain_before = row.digest(0);
  }
  TRY_ASSIGN(basis.records, read_records(database, tenant, basis.after_sequence + 1,
                                         std::numeric_limits<std::int64_t>::max()));
  return basis;
}

Result<InvoiceView> with_pages(InvoiceView view) {
  TRY_ASSIGN(const billing::Invoice parsed, billing::parse_invoice(view.json));
  view.text = to_text(parsed);
  view.html = to_html(parsed, view.tenant_name);
  return view;
}
}  // namespace

Result<Balance> Service::balance(const Caller& caller) const {
  TRY(needs(caller, Scope::kBilling));
  TRY_ASSIGN(const Tenant own, tenant(caller, caller.tenant));
  TRY_ASSIGN(const Money line, billing::add(own.balance, own.credit_line));
  TRY_ASSIGN(const Money available, billing::subtract(line, own.held));
  return Balance{own.balance, own.held, available, own.credit_line, own.spent, price_book().currency};
}

Result<UsagePage> Service::usage(const Caller& caller, const UsageFilter& filter) const {
  TRY(needs(caller, Scope::kBilling));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, filter.tenant));
  if (filter.limit < 1 || filter.limit > config_.limits.usage_page) {
    return fail(Code::kInvalidArgument, "limit {} is not in 1..{}", filter.limit, config_.limits.usage_page);
  }
  std::int64_t from = std::numeric_limits<std::int64_t>::min(), to = std::numeric_limits<std::int64_t>::max();
  if (!filter.from.empty()) {
    TRY_ASSIGN(from, parse_utc("from", filter.from));
  }
  if (!filter.to.empty()) {
    TRY_ASSIGN(to, parse_utc("to", filter.to));
  }
  std::string endpoint = filter.endpoint;
  if (const auto named = endpoints_.find(tenant, filter.endpoint)) endpoint = named->endpoint->id;
  UsagePage page;
  page.last_sequence = filter.after_sequence;
  TRY(store_->read([&](Database& database) -> Status {
    TRY_ASSIGN(
        Query rows,
        database.query("SELECT text FROM records WHERE tenant = ?1 AND sequence > ?2 AND wall_us >= ?3 AND "
                       "wall_us < ?4 AND (?5 = '' OR endpoint = ?5) AND (?6 = '' OR lease = ?6) "
                       "AND (?7 = '' OR json_extract(text, '$.project') = ?7) "
                       "AND (?8 = '' OR json_extract(text, '$.key') = ?8) ORDER BY sequence LIMIT ?9",
                       tenant, filter.after_sequence, from, to, endpoint, filter.lease, filter.project,
                       filter.key, filter.limit + 1));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) return {};
      if (page.count == filter.limit) {
        page.more = true;
        return {};
      }
      const std::string text = rows.text(0);
      TRY_ASSIGN(const billing::Record record, billing::parse_record(text));
      page.jsonl += text + "\n";
      page.last_sequence = record.sequence;
      TRY_ASSIGN(page.price, billing::add(page.price, record.price));
      page.cycles += record.cycles;
      page.picojoules += record.picojoules;
      ++page.count;
    }
  }));
  return page;
}

Result<InvoiceView> Service::create_invoice(const Caller& caller, std::string_view tenant_id,
                                            std::string_view request_id) {
  TRY(needs(caller, Scope::kBilling));
  TRY(check_name("request id", request_id, true));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  const auto read_back = [&](const std::string& id) -> Result<InvoiceView> {
    TRY_ASSIGN(InvoiceView view,
               store_->read([&](Database& database) { return read_invoice(database, tenant, id); }));
    return with_pages(std::move(view));
  };
  if (!request_id.empty()) {
    TRY_ASSIGN(const std::string before, store_->read([&](Database& database) -> Result<std::string> {
      TRY_ASSIGN(Query row,
                 database.query("SELECT result FROM requests WHERE tenant = ? AND kind = 'invoice' AND "
                                "request = ?",
                                tenant, request_id));
      TRY_ASSIGN(const bool any, row.next());
      return any ? row.text(0) : std::string();
    }));
    if (!before.empty()) return read_back(before);
  }
  // What leases that run have used so far belongs to this period.
  TRY_ASSIGN(const auto open, store_->read([](Database& database) { return read_open_leases(database); }));
  for (const StoredLease& stored : open) {
    if (stored.lease.tenant != tenant) continue;
    auto metered = store_->apply(MeterLease{stored.lease.id});
    if (!metered && metered.error().code != Code::kConflict) return std::unexpected<Error>(metered.error());
  }
  TRY_ASSIGN(const InvoiceBasis basis,
             store_->read([&](Database& database) { return read_basis(database, tenant); }));
  if (basis.records.empty()) return fail(Code::kConflict, "nothing was used since the last invoice");
  billing::InvoiceHeader header;
  header.id = fmt::format("inv_{}_{}", tenant, basis.invoices + 1);
  header.tenant = tenant;
  header.currency = price_book().currency;
  header.created_at = format_utc(clock_.wall_us());
  header.chain_before = basis.chain_before;
  for (const auto& [version, book] : books_) header.price_books.push_back({version, book.digest});
  TRY_ASSIGN(const billing::Invoice invoice, billing::make_invoice(header, basis.records));
  TRY_ASSIGN(const Effects effects,
             store_->apply(StoreInvoice{invoice.id, tenant, std::string(request_id), invoice.first_sequence,
                                        invoice.last_sequence, invoice.records, invoice.total_micro,
                                        invoice.rounding, to_json(invoice)}));
  return read_back(effects.result);
}

Result<std::vector<InvoiceView>> Service::invoices(const Caller& caller) const {
  TRY(needs(caller, Scope::kBilling));
  return store_->read([&](Database& database) { return read_invoices(database, caller.tenant); });
}

Result<InvoiceView> Service::invoice(const Caller& caller, std::string_view invoice_id) const {
  TRY(needs(caller, Scope::kBilling));
  TRY_ASSIGN(InvoiceView view, store_->read([&](Database& database) -> Result<InvoiceView> {
    std::string tenant = caller.tenant;
    if (caller.may(Scope::kAdmin)) {
      TRY_ASSIGN(Query row, database.query("SELECT tenant FROM invoices WHERE id = ?", invoice_id));
      TRY_ASSIGN(const bool any, row.next());
      if (any) tenant = row.text(0);
    }
    return read_invoice(database, tenant, invoice_id);
  }));
  return with_pages(std::move(view));
}

Status Service::invoice_records(const Caller& caller, std::string_view invoice_id, const Sink& sink) const {
  TRY_ASSIGN(const InvoiceView view, invoice(caller, invoice_id));
  TRY_ASSIGN(const billing::Invoice parsed, billing::parse_invoice(view.json));
  for (std::int64_t first = parsed.first_sequence; first <= parsed.last_sequence; first += kPieceRecords) {
    const std::int64_t last = std::min(first + kPieceRecords - 1, parsed.last_sequence);
    TRY_ASSIGN(const auto records, store_->read([&](Database& database) {
      return read_records(database, view.tenant, first, last);
    }));
    std::string piece;
    for (const billing::Record& record : records) piece += to_json(record) + "\n";
    TRY(sink(piece));
  }
  return {};
}

}  // namespace chengying::cloud
