// Who may spend what: projects, caps, quotas, credits, refunds; and what happened to a tenant.
#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

namespace {
constexpr std::int64_t kEventsMost = 1'000;
constexpr std::int64_t kNoteBytes = 512;
}  // namespace

Result<Project> Service::create_project(const Caller& caller, std::string_view tenant_id,
                                        std::string_view name) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  TRY(check_name("name", name, false));
  TRY_ASSIGN(const auto own, projects(caller, tenant));
  if (static_cast<std::int64_t>(own.size()) >= config_.limits.projects) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} projects", config_.limits.projects);
  }
  const std::string id = "pr_" + random_hex(8);
  TRY(store_->apply(CreateProject{id, tenant, std::string(name)}));
  return Project{id, tenant, std::string(name), format_utc(clock_.wall_us())};
}

Result<std::vector<Project>> Service::projects(const Caller& caller, std::string_view tenant_id) const {
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  return store_->read([&](Database& database) { return read_projects(database, tenant); });
}

Result<Cap> Service::set_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject,
                             Money amount, std::string_view alerts, std::string_view per) {
  TRY(needs(caller, Scope::kBilling));
  // A key bound to a project, or the capped key itself, must not lift its own cap.
  if (!caller.project.empty()) {
    return fail(Code::kPermissionDenied, "a key of a project sets no caps: use a key of the tenant");
  }
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  const std::string on = subject.empty() ? tenant : std::string(subject);
  TRY(store_->apply(SetCap{tenant, on, amount, std::string(alerts), std::string(per)}));
  TRY_ASSIGN(const auto all, caps(caller, tenant));
  for (const Cap& cap : all) {
    if (cap.subject == on) return cap;
  }
  return fail(Code::kNotFound, "{} has no cap", on.substr(0, 128));
}

Status Service::remove_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject) {
  TRY(needs(caller, Scope::kBilling));
  if (!caller.project.empty()) {
    return fail(Code::kPermissionDenied, "a key of a project removes no caps: use a key of the tenant");
  }
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(RemoveCap{tenant, subject.empty() ? tenant : std::string(subject)}));
  return {};
}

Result<std::vector<Cap>> Service::caps(const Caller& caller, std::string_view tenant_id) const {
  TRY(needs(caller, Scope::kBilling));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  return store_->read([&](Database& database) { return read_caps(database, tenant, clock_.wall_us()); });
}

Result<Quota> Service::quota_of(std::string_view tenant) const {
  TRY_ASSIGN(const auto own, store_->read([&](Database& database) { return read_quota(database, tenant); }));
  if (own) return *own;
  const Limits& limits = config_.limits;
  return Quota{limits.cores,
               limits.leases,
               limits.endpoints,
               limits.models,
               limits.model_bytes_total,
               limits.requests_per_second};
}

Result<Quota> Service::quota(const Caller& caller, std::string_view tenant_id) const {
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  return quota_of(tenant);
}

Result<Quota> Service::set_quota(const Caller& caller, std::string_view tenant_id, const Quota& quota) {
  TRY(needs(caller, Scope::kAdmin));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(SetQuota{tenant, quota.cores, quota.leases, quota.endpoints, quota.models,
                             quota.model_bytes, quota.requests_per_second}));
  load_of(tenant)->set_per_second(quota.requests_per_second);
  return quota_of(tenant);
}

Status Service::set_weight(const Caller& caller, std::string_view tenant_id, std::int64_t weight) {
  TRY(needs(caller, Scope::kAdmin));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(SetWeight{tenant, weight}));
  return {};
}

template <class Command>
Result<Tenant> Service::give_back(const Caller& caller, std::string_view tenant_id, Money amount,
                                  std::string_view note, std::string_view request_id) {
  TRY(needs(caller, Scope::kAdmin));
  TRY(check_name("request id", request_id, true));
  TRY(check_text("note", note, false, kNoteBytes));
  TRY_ASSIGN(const std::string tenant, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(Command{tenant, std::string(request_id), amount, std::string(note)}));
  return this->tenant(caller, tenant);
}

Result<Tenant> Service::credit(const Caller& caller, std::string_view tenant_id, Money amount,
                               std::string_view note, std::string_view request_id) {
  return give_back<Credit>(caller, tenant_id, amount, note, request_id);
}

Result<Tenant> Service::refund(const Caller& caller, std::string_view tenant_id, Money amount,
                               std::string_view note, std::string_view request_id) {
  return give_back<Refund>(caller, tenant_id, amount, note, request_id);
}

Result<std::vector<Event>> Service::events(const Caller& caller, std::int64_t after,
                                           std::int64_t limit) const {
  if (limit < 1 || limit > kEventsMost) {
    return fail(Code::kInvalidArgument, "limit {} is not in 1..{}", limit, kEventsMost);
  }
  return store_->read(
      [&](Database& database) { return read_tenant_events(database, caller.tenant, after, limit); });
}

}  // namespace chengying::cloud
