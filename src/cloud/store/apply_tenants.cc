// Commands on tenants, keys, models and endpoints.
#include "billing/ledger.h"
#include "cloud/store/state.h"

namespace chengying::cloud {

Result<Effects> State::on(const CreateTenant& c) {
  TRY_ASSIGN(const std::int64_t same, database_.number(0, "SELECT 1 FROM tenants WHERE name = ?", c.name));
  if (same != 0) return fail(Code::kConflict, "a tenant called \"{}\" exists", c.name);
  if (c.credit_line < Money()) return fail(Code::kInvalidArgument, "a credit line is not negative");
  TRY(database_.run("INSERT INTO tenants(id, name, created_us) VALUES(?, ?, ?)", c.id, c.name, now_.wall_us));
  TRY(database_.run("INSERT INTO accounts(id, guarded, credit_line) VALUES(?, 1, ?)",
                    billing::account_of_tenant(c.id), c.credit_line.nano()));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const CreateKey& c) {
  if (!c.project.empty()) {
    TRY_ASSIGN(
        const std::int64_t own,
        database_.number(0, "SELECT 1 FROM projects WHERE id = ? AND tenant = ?", c.project, c.tenant));
    if (own == 0) return fail(Code::kNotFound, "no project {}", c.project);
  }
  TRY(
      database_.run("INSERT INTO keys(id, tenant, name, hash, scopes, created_us, expires_us, project) "
                    "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                    c.id, c.tenant, c.name, c.hash, c.scopes, now_.wall_us, c.expires_us, c.project));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const RevokeKey& c) {
  TRY_ASSIGN(const std::int64_t changed, database_.change("UPDATE keys SET revoked = 1 WHERE id = ?", c.id));
  if (changed != 1) return fail(Code::kNotFound, "no key {}", c.id);
  return Effects{};
}

Result<Effects> State::on(const CreateModel& c) {
  TRY_ASSIGN(const std::int64_t same,
             database_.number(0, "SELECT 1 FROM models WHERE tenant = ? AND id = ?", c.tenant, c.id));
  if (same != 0) return Effects{.repeated = true, .result = c.id, .record = {}};
  TRY(database_.run(
      "INSERT INTO models(tenant, id, name, kind, size_bytes, signature, metadata, chip, cores, created_us) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      c.tenant, c.id, c.name, c.kind, c.size_bytes, c.signature, c.metadata, c.chip, c.cores, now_.wall_us));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const DeleteModel& c) {
  {
    TRY_ASSIGN(
        Query user,
        database_.query("SELECT name FROM endpoints WHERE tenant = ? AND model = ? LIMIT 1", c.tenant, c.id));
    TRY_ASSIGN(const bool used, user.next());
    if (used)
      return fail(Code::kConflict, "endpoint \"{}\" serves this model: delete the endpoint first",
                  user.text(0));
  }
  TRY_ASSIGN(const std::int64_t gone,
             database_.change("DELETE FROM models WHERE tenant = ? AND id = ?", c.tenant, c.id));
  if (gone != 1) return fail(Code::kNotFound, "no model {}", c.id);
  return Effects{};
}

Result<Effects> State::on(const CreateEndpoint& c) {
  TRY_ASSIGN(const std::int64_t same,
             database_.number(0, "SELECT 1 FROM endpoints WHERE tenant = ? AND name = ?", c.tenant, c.name));
  if (same != 0) return fail(Code::kConflict, "an endpoint called \"{}\" exists: delete it first", c.name);
  TRY_ASSIGN(const std::int64_t model,
             database_.number(0, "SELECT 1 FROM models WHERE tenant = ? AND id = ?", c.tenant, c.model));
  if (model == 0) return fail(Code::kNotFound, "no model {}", c.model);
  if (!c.lease.empty()) {
    TRY_ASSIGN(const std::int64_t lease,
               database_.number(0, "SELECT 1 FROM leases WHERE tenant = ? AND id = ? AND state = 'active'",
                                c.tenant, c.lease));
    if (lease == 0) return fail(Code::kConflict, "lease {} is not active", c.lease);
  }
  TRY(
      database_.run("INSERT INTO endpoints(id, tenant, name, model, lease, offer, chip, cores, work_price, "
                    "price_book_version, state, batches, preprocessing, labels, created_us, project) "
                    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'starting', ?, ?, ?, ?, ?)",
                    c.id, c.tenant, c.name, c.model, c.lease, c.offer, c.chip, c.cores, c.work_price,
                    c.price_book_version, c.batches, c.preprocessing, c.labels, now_.wall_us, c.project));
  TRY(event(c.tenant, c.id, "created"));
  return Effects{.repeated = false, .result = c.id, .record = {}};
}

Result<Effects> State::on(const SetEndpointState& c) {
  std::string tenant;
  {
    TRY_ASSIGN(Query row,
               database_.query("UPDATE endpoints SET state = ?, reason = ? WHERE id = ? RETURNING tenant",
                               c.state, c.reason, c.id));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kNotFound, "no endpoint {}", c.id);
    tenant = row.text(0);
  }
  TRY(event(tenant, c.id, c.reason.empty() ? c.state : c.state + ": " + c.reason));
  return Effects{};
}

Result<Effects> State::on(const DeleteEndpoint& c) {
  std::string tenant;
  {
    TRY_ASSIGN(Query row, database_.query("DELETE FROM endpoints WHERE id = ? RETURNING tenant", c.id));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kNotFound, "no endpoint {}", c.id);
    tenant = row.text(0);
  }
  TRY(event(tenant, c.id, "deleted"));
  return Effects{};
}

}  // namespace chengying::cloud
