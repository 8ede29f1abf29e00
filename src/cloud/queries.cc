#include "cloud/queries.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.h"
#include "billing/ledger.h"
#include "cloud/rows.h"
#include "cloud/signature_json.h"

namespace chengying::cloud {

namespace {
std::string time_or_empty(std::int64_t wall_us) {
  return wall_us <= 0 ? "" : format_utc(wall_us);
}

template <class State, std::size_t count>
Result<State> parse_state(const std::array<State, count>& states, const std::string& text) {
  for (const State state : states) {
    if (name_of(state) == text) return state;
  }
  return fail(Code::kDataLoss, "the store has a state \"{}\"", text);
}

constexpr std::string_view kTenantColumns =
    "SELECT tenants.id, name, created_us, balance, held, credit_line, charged "
    "FROM tenants JOIN accounts ON accounts.id = 'tenant:' || tenants.id";

Result<Tenant> tenant_of(const Query& row) {
  return Tenant{.id = row.text(0),
                .name = row.text(1),
                .created_at = format_utc(row.integer(2)),
                .balance = Money::nano(row.integer(3)),
                .held = Money::nano(row.integer(4)),
                .credit_line = Money::nano(row.integer(5)),
                .spent = Money::nano(row.integer(6))};
}

Result<Model> model_of(const Query& row) {
  Model model;
  model.id = row.text(0);
  model.name = row.text(1);
  model.kind = row.text(2) == name_of(ModelKind::kOnnx) ? ModelKind::kOnnx : ModelKind::kExecutable;
  model.size_bytes = row.integer(3);
  TRY_ASSIGN(model.signature, parse_signature(row.text(4)));
  TRY_ASSIGN(model.metadata, parse_metadata(row.text(5)));
  model.chip = row.text(6);
  model.cores = static_cast<std::uint16_t>(row.integer(7));
  model.created_at = format_utc(row.integer(8));
  return model;
}
constexpr std::string_view kModelColumns =
    "SELECT id, name, kind, size_bytes, signature, metadata, chip, cores, created_us FROM models ";

std::vector<std::string> words_of(std::string_view commas) {
  std::vector<std::string> words;
  while (!commas.empty()) {
    const std::size_t comma = std::min(commas.find(','), commas.size());
    words.emplace_back(commas.substr(0, comma));
    commas.remove_prefix(std::min(comma + 1, commas.size()));
  }
  return words;
}

Result<StoredLease> lease_of(const Query& row) {
  StoredLease stored;
  Lease& lease = stored.lease;
  lease.id = row.text(0);
  lease.tenant = row.text(1);
  lease.request_id = row.text(2);
  lease.name = row.text(3);
  lease.offer = row.text(4);
  lease.chip = row.text(5);
  lease.cores = static_cast<std::uint16_t>(row.integer(6));
  TRY_ASSIGN(lease.term, billing::parse_term(row.text(7)));
  TRY_ASSIGN(lease.state,
             parse_state(std::array{LeaseState::kRequested, LeaseState::kQueued, LeaseState::kGranted,
                                    LeaseState::kActive, LeaseState::kDraining, LeaseState::kEnded,
                                    LeaseState::kFailed},
                         row.text(8)));
  lease.reason = row.text(9);
  lease.seconds_max = row.integer(10);
  lease.capacity_micro_per_core_hour = row.integer(11);
  lease.work_micro_per_core_hour = row.integer(12);
  lease.price_book_version = row.integer(13);
  lease.created_at = format_utc(row.integer(14));
  stored.started_us = row.integer(15);
  lease.ended_at = time_or_empty(row.integer(16));
  lease.seconds_used = row.integer(17);
  lease.held = Money::nano(row.integer(18));
  lease.charged = Money::nano(row.integer(19));
  lease.project = row.text(20);
  lease.chips = static_cast<std::uint16_t>(row.integer(21));
  lease.fence = row.integer(22);
  stored.ran_us = row.integer(23);
  stored.billed_seconds = row.integer(24);
  stored.taken_back_us = row.integer(25);
  lease.taken_back = stored.taken_back_us >= 0;
  lease.on = words_of(row.text(26));
  return stored;
}
constexpr std::string_view kLeaseColumns =
    "SELECT id, tenant, request, name, offer, chip, cores, term, state, reason, seconds_max, capacity_price, "
    "work_price, "
    "price_book_version, created_us, started_us, ended_us, seconds_used, held, charged, project, chips, "
    "fence, ran_us, "
    "billed_seconds, taken_back_us, (SELECT group_concat(chip) FROM (SELECT chip FROM places WHERE "
    "lease = leases.id ORDER BY chip) AS own) FROM "
    "leases ";

Result<InvoiceView> invoice_of(const Query& row) {
  InvoiceView view;
  view.id = row.text(0);
  view.tenant = row.text(1);
  view.created_at = format_utc(row.integer(2));
  view.records = row.integer(3);
  view.total_micro = row.integer(4);
  view.currency = row.text(5);
  view.tenant_name = row.text(7);
  return view;
}
constexpr std::string_view kInvoiceColumns =
    "SELECT id, tenant, created_us, records, total_micro, (SELECT currency FROM price_books LIMIT 1), json, "
    "(SELECT name FROM tenants WHERE tenants.id = invoices.tenant) FROM invoices ";

std::vector<std::int32_t> parse_batches(std::string_view text) {
  std::vector<std::int32_t> batches;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::int32_t batch = 0;
    const std::string_view one_text = text.substr(0, comma);
    std::from_chars(one_text.data(), one_text.data() + one_text.size(), batch);
    batches.push_back(batch);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return batches;
}
}  // namespace

Result<std::vector<Tenant>> read_tenants(Database& database) {
  TRY_ASSIGN(Query query, database.query(fmt::format("{} ORDER BY created_us, tenants.id", kTenantColumns)));
  return collect<Tenant>(query, tenant_of);
}

Result<Tenant> read_tenant(Database& database, std::string_view tenant) {
  TRY_ASSIGN(Query query, database.query(fmt::format("{} WHERE tenants.id = ?", kTenantColumns), tenant));
  return one<Tenant>(query, "tenant", tenant, tenant_of);
}

Result<std::vector<Key>> read_keys(Database& database, std::string_view tenant) {
  TRY_ASSIGN(
      Query query,
      database.query("SELECT id, tenant, name, scopes, created_us, expires_us, revoked, project FROM keys "
                     "WHERE tenant = ? ORDER BY created_us, id",
                     tenant));
  return collect<Key>(query, [](const Query& row) -> Result<Key> {
    return Key{.id = row.text(0),
               .tenant = row.text(1),
               .name = row.text(2),
               .scopes = static_cast<Scopes>(row.integer(3)),
               .created_at = format_utc(row.integer(4)),
               .expires_at = time_or_empty(row.integer(5)),
               .revoked = row.integer(6) != 0,
               .project = row.text(7)};
  });
}

Result<std::vector<StoredKey>> read_valid_keys(Database& database) {
  TRY_ASSIGN(
      Query query,
      database.query("SELECT hash, tenant, id, scopes, expires_us, project FROM keys WHERE revoked = 0"));
  return collect<StoredKey>(query, [](const Query& row) -> Result<StoredKey> {
    return StoredKey{row.digest(0),
                     Caller{row.text(1), row.text(2), static_cast<Scopes>(row.integer(3)), row.text(5)},
                     row.integer(4)};
  });
}

Result<std::vector<Model>> read_models(Database& database, std::string_view tenant) {
  TRY_ASSIGN(
      Query query,
      database.query(fmt::format("{}WHERE tenant = ? ORDER BY created_us, id", kModelColumns), tenant));
  return collect<Model>(query, model_of);
}

Result<Model> read_model(Database& database, std::string_view tenant, std::string_view id) {
  TRY_ASSIGN(Query query,
             database.query(fmt::format("{}WHERE tenant = ? AND id = ?", kModelColumns), tenant, id));
  return one<Model>(query, "model", id, model_of);
}

Result<std::vector<StoredLease>> read_leases(Database& database, std::string_view tenant) {
  TRY_ASSIGN(
      Query query,
      database.query(fmt::format("{}WHERE tenant = ? ORDER BY created_us, id", kLeaseColumns), tenant));
  return collect<StoredLease>(query, lease_of);
}

Result<std::vector<StoredLease>> read_open_leases(Database& database) {
  TRY_ASSIGN(Query query, database.query(fmt::format("{}WHERE state NOT IN ('ended', 'failed') "
                                                     "ORDER BY created_us, id",
                                                     kLeaseColumns)));
  return collect<StoredLease>(query, lease_of);
}

Result<StoredLease> read_lease(Database& database, std::string_view tenant, std::string_view id) {
  TRY_ASSIGN(Query query,
             database.query(fmt::format("{}WHERE tenant = ? AND id = ?", kLeaseColumns), tenant, id));
  return one<StoredLease>(query, "lease", id, lease_of);
}

Result<std::vector<Event>> read_events(Database& database, std::string_view subject) {
  TRY_ASSIGN(Query query,
             database.query(
                 "SELECT sequence, wall_us, subject, what FROM events WHERE subject = ? ORDER BY sequence",
                 subject));
  return collect<Event>(query, [](const Query& row) -> Result<Event> {
    return Event{row.integer(0), format_utc(row.integer(1)), row.text(2), row.text(3)};
  });
}

Result<std::vector<StoredEndpoint>> read_endpoints(Database& database) {
  TRY_ASSIGN(
      Query query,
      database.query("SELECT id, tenant, name, model, lease, offer, chip, cores, work_price, "
                     "price_book_version, state, reason, batches, preprocessing, labels, created_us, project "
                     "FROM endpoints ORDER BY created_us, id"));
  return collect<StoredEndpoint>(query, [](const Query& row) -> Result<StoredEndpoint> {
    StoredEndpoint stored;
    Endpoint& endpoint = stored.endpoint;
    endpoint.id = row.text(0);
    endpoint.tenant = row.text(1);
    endpoint.name = row.text(2);
    endpoint.model = row.text(3);
    endpoint.lease = row.text(4);
    endpoint.offer = row.text(5);
    endpoint.chip = row.text(6);
    endpoint.cores = static_cast<std::uint16_t>(row.integer(7));
    stored.work_price = row.integer(8);
    stored.price_book_version = row.integer(9);
    TRY_ASSIGN(endpoint.state, parse_state(std::array{EndpointState::kStarting, EndpointState::kReady,
                                                      EndpointState::kFailed, EndpointState::kStopped},
                                           row.text(10)));
    endpoint.reason = row.text(11);
    endpoint.batches = parse_batches(row.text(12));
    endpoint.preprocessing = row.text(13);
    endpoint.labels = row.text(14);
    endpoint.created_at = format_utc(row.integer(15));
    endpoint.project = row.text(16);
    return stored;
  });
}

Result<std::vector<billing::Record>> read_records(Database& database, std::string_view tenant,
                                                  std::int64_t first, std::int64_t last) {
  TRY_ASSIGN(Query query,
             database.query("SELECT text FROM records WHERE tenant = ? AND sequence BETWEEN ? AND ? "
                            "ORDER BY sequence",
                            tenant, first, last));
  return collect<billing::Record>(query, [](const Query& row) { return billing::parse_record(row.text(0)); });
}

Result<std::vector<InvoiceView>> read_invoices(Database& database, std::string_view tenant) {
  TRY_ASSIGN(
      Query query,
      database.query(fmt::format("{}WHERE tenant = ? ORDER BY first_sequence", kInvoiceColumns), tenant));
  return collect<InvoiceView>(query, invoice_of);
}

Result<InvoiceView> read_invoice(Database& database, std::string_view tenant, std::string_view id) {
  TRY_ASSIGN(Query query,
             database.query(fmt::format("{}WHERE tenant = ? AND id = ?", kInvoiceColumns), tenant, id));
  TRY_ASSIGN(InvoiceView view, one<InvoiceView>(query, "invoice", id, invoice_of));
  view.json = query.text(6);
  return view;
}

}  // namespace chengying::cloud
