// The control API: tenants and keys.
#include <boost/json.hpp>

#include "cloud/doors/handlers.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_of.h"

namespace chengying::doors {
namespace json = boost::json;

std::string_view tenant_of(const Call& call) {
  return call.parameters[0] == "self" ? std::string_view(call.caller.tenant) : call.parameters[0];
}

Result<billing::Money> amount_of(std::string_view name, std::string_view text) {
  auto amount = billing::Money::parse(text);
  if (!amount) return within(fmt::format("'{}'", name), amount.error());
  return amount;
}

Result<Response> create_tenant(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string name = body.text("name");
  const std::string credit = body.text_or("credit_line", "0");
  TRY(body.finish());
  TRY_ASSIGN(const billing::Money credit_line, amount_of("credit_line", credit));
  TRY_ASSIGN(const cloud::Tenant tenant, services.cloud.create_tenant(call.caller, name, credit_line));
  return json_response(json_of(tenant), 201);
}

Result<Response> list_tenants(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Tenant> tenants, services.cloud.tenants(call.caller));
  json::array out;
  for (const cloud::Tenant& tenant : tenants) out.push_back(json_of(tenant));
  return json_response({{"tenants", std::move(out)}});
}

Result<Response> show_tenant(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Tenant tenant, services.cloud.tenant(call.caller, tenant_of(call)));
  return json_response(json_of(tenant));
}

Result<Response> deposit(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string text = body.text("amount");
  TRY(body.finish());
  TRY_ASSIGN(const billing::Money amount, amount_of("amount", text));
  TRY_ASSIGN(const cloud::Tenant tenant,
             services.cloud.deposit(call.caller, tenant_of(call), amount, idempotency_key(call)));
  return json_response(json_of(tenant), 201);
}

Result<Response> set_credit_line(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string text = body.text("credit_line");
  TRY(body.finish());
  TRY_ASSIGN(const billing::Money credit_line, amount_of("credit_line", text));
  TRY_ASSIGN(const cloud::Tenant tenant,
             services.cloud.set_credit_line(call.caller, tenant_of(call), credit_line));
  return json_response(json_of(tenant));
}

Result<Response> create_key(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string name = body.text_or("name", "");
  const std::string scope_text = body.text_or("scopes", "infer,deploy,billing");
  const std::string expires_at = body.text_or("expires_at", "");
  const std::string project = body.text_or("project", "");
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Scopes scopes, cloud::parse_scopes(scope_text));
  TRY_ASSIGN(const cloud::NewKey key,
             services.cloud.create_key(call.caller, tenant_of(call), name, scopes, expires_at, project));
  json::object out = json_of(key.key);
  out["secret"] = key.secret;
  return json_response(out, 201);
}

Result<Response> list_keys(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Key> keys, services.cloud.keys(call.caller, tenant_of(call)));
  json::array out;
  for (const cloud::Key& key : keys) out.push_back(json_of(key));
  return json_response({{"keys", std::move(out)}});
}

Result<Response> revoke_key(const Services& services, Call& call) {
  TRY(services.cloud.revoke_key(call.caller, call.parameters[0]));
  return no_content();
}

}  // namespace chengying::doors
