// Who: tenants, keys, deposits.
#include <algorithm>

#include "cloud/service.h"
#include "cloud/text.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

Status Service::check_name(std::string_view what, std::string_view name, bool may_be_empty) const {
  return check_text(what, name, may_be_empty, config_.limits.name_bytes);
}

Result<std::string> Service::tenant_or_own(const Caller& caller, std::string_view tenant_id) const {
  if (tenant_id.empty() || tenant_id == caller.tenant) return caller.tenant;
  if (!caller.may(Scope::kAdmin)) return fail(Code::kNotFound, "no tenant {}", tenant_id.substr(0, 128));
  TRY_ASSIGN(const Tenant found,
             store_->read([&](Database& database) { return read_tenant(database, tenant_id); }));
  return found.id;
}

Result<Caller> Service::authenticate(std::string_view secret) const {
  return keys_.find(secret, clock_.wall_us());
}

Result<Tenant> Service::create_tenant(const Caller& caller, std::string_view name, Money credit_line) {
  TRY(needs(caller, Scope::kAdmin));
  TRY(check_name("name", name, false));
  const std::string id = "tn_" + random_hex(8);
  TRY(store_->apply(CreateTenant{id, std::string(name), credit_line}));
  return store_->read([&](Database& database) { return read_tenant(database, id); });
}

Result<std::vector<Tenant>> Service::tenants(const Caller& caller) const {
  TRY(needs(caller, Scope::kAdmin));
  return store_->read([](Database& database) { return read_tenants(database); });
}

Result<Tenant> Service::tenant(const Caller& caller, std::string_view tenant_id) const {
  TRY_ASSIGN(const std::string id, tenant_or_own(caller, tenant_id));
  return store_->read([&](Database& database) { return read_tenant(database, id); });
}

Result<Tenant> Service::deposit(const Caller& caller, std::string_view tenant_id, Money amount,
                                std::string_view request_id) {
  TRY(needs(caller, Scope::kAdmin));
  TRY(check_name("request id", request_id, true));
  TRY_ASSIGN(const std::string id, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(Deposit{id, std::string(request_id), amount}));
  return tenant(caller, id);
}

Result<Tenant> Service::set_credit_line(const Caller& caller, std::string_view tenant_id, Money credit_line) {
  TRY(needs(caller, Scope::kAdmin));
  TRY_ASSIGN(const std::string id, tenant_or_own(caller, tenant_id));
  TRY(store_->apply(SetCreditLine{id, credit_line}));
  return tenant(caller, id);
}

Result<NewKey> Service::create_key(const Caller& caller, std::string_view tenant_id, std::string_view name,
                                   Scopes scopes, std::string_view expires_at, std::string_view project) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const std::string id, tenant_or_own(caller, tenant_id));
  TRY(check_name("name", name, true));
  // A key of a project makes keys of that project only.
  const std::string charged_to = project.empty() ? caller.project : std::string(project);
  if (!caller.project.empty() && charged_to != caller.project) {
    return fail(Code::kNotFound, "no project {}", project.substr(0, 128));
  }
  const bool has_all = caller.may(Scope::kAdmin) || (scopes & ~caller.scopes) == 0;
  if (!has_all)
    return fail(Code::kPermissionDenied, "a key can't give scopes that it lacks: it has {}",
                to_string(caller.scopes));
  if (scopes == 0)
    return fail(Code::kInvalidArgument, "a key needs at least one scope: infer, deploy, billing, admin");
  std::int64_t expires_us = 0;
  if (!expires_at.empty()) {
    TRY_ASSIGN(expires_us, parse_utc("expires_at", expires_at));
    if (expires_us <= clock_.wall_us())
      return fail(Code::kInvalidArgument, "expires_at {} is in the past", expires_at);
  }
  TRY_ASSIGN(const auto all, keys(caller, id));
  const auto valid = std::ranges::count_if(all, [](const Key& key) { return !key.revoked; });
  if (valid >= config_.limits.keys) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} keys: revoke one", config_.limits.keys);
  }
  const std::string secret = new_secret();
  const std::string key_id = "key_" + random_hex(8);
  TRY(store_->apply(
      CreateKey{key_id, id, std::string(name), sha256(secret), scopes, expires_us, charged_to}));
  TRY(refill_keys());
  TRY_ASSIGN(const auto after, keys(caller, id));
  const auto made = std::ranges::find(after, key_id, &Key::id);
  return NewKey{*made, secret};
}

Result<std::vector<Key>> Service::keys(const Caller& caller, std::string_view tenant_id) const {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const std::string id, tenant_or_own(caller, tenant_id));
  return store_->read([&](Database& database) { return read_keys(database, id); });
}

Status Service::revoke_key(const Caller& caller, std::string_view key_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const bool exists, store_->read([&](Database& database) -> Result<bool> {
    TRY_ASSIGN(Query row, database.query("SELECT tenant FROM keys WHERE id = ?", key_id));
    TRY_ASSIGN(const bool any, row.next());
    return any && (caller.may(Scope::kAdmin) || row.text(0) == caller.tenant);
  }));
  if (!exists) return fail(Code::kNotFound, "no key {}", key_id.substr(0, 128));
  TRY(store_->apply(RevokeKey{std::string(key_id)}));
  return refill_keys();
}

}  // namespace chengying::cloud
