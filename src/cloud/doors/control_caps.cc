// The control API: who may spend what, and what happened.
#include <boost/json.hpp>
#include <limits>

#include "cloud/doors/handlers.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_of.h"

namespace chengying::doors {

namespace json = boost::json;

namespace {
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kUsualAlerts = "50,80,100";

template <class T>
Response listing(const char* name, const std::vector<T>& values) {
  json::array out;
  for (const T& value : values) out.push_back(json_of(value));
  return json_response({{name, std::move(out)}});
}

/// The subject of a cap: an id, "self" for the tenant.
std::string_view subject_of(const Call& call) {
  return call.parameters[1] == "self" ? tenant_of(call) : std::string_view(call.parameters[1]);
}
/// Money to a tenant, with a note.
Result<Response> give_back(const Services& services, Call& call, decltype(&cloud::Cloud::credit) how) {
  JsonBody body(call.request.body);
  const std::string text = body.text("amount");
  const std::string note = body.text("note");
  TRY(body.finish());
  TRY_ASSIGN(const billing::Money amount, amount_of("amount", text));
  TRY_ASSIGN(const cloud::Tenant tenant,
             (services.cloud.*how)(call.caller, tenant_of(call), amount, note, idempotency_key(call)));
  return json_response(json_of(tenant), 201);
}
}  // namespace

Result<Response> list_events(const Services& services, Call& call) {
  std::int64_t after = 0, limit = 100;
  TRY(take_number(call.request.head.target, "after", after));
  TRY(take_number(call.request.head.target, "limit", limit));
  TRY_ASSIGN(const auto events, services.cloud.events(call.caller, after, limit));
  return listing("events", events);
}

Result<Response> create_project(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string name = body.text("name");
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Project project, services.cloud.create_project(call.caller, tenant_of(call), name));
  return json_response(json_of(project), 201);
}

Result<Response> list_projects(const Services& services, Call& call) {
  TRY_ASSIGN(const auto projects, services.cloud.projects(call.caller, tenant_of(call)));
  return listing("projects", projects);
}

Result<Response> list_caps(const Services& services, Call& call) {
  TRY_ASSIGN(const auto caps, services.cloud.caps(call.caller, tenant_of(call)));
  return listing("caps", caps);
}

Result<Response> set_cap(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string text = body.text("amount");
  const std::string alerts = body.text_or("alerts", kUsualAlerts);
  const std::string per = body.text_or("per", "");
  TRY(body.finish());
  TRY_ASSIGN(const billing::Money amount, amount_of("amount", text));
  TRY_ASSIGN(const cloud::Cap cap,
             services.cloud.set_cap(call.caller, tenant_of(call), subject_of(call), amount, alerts, per));
  return json_response(json_of(cap));
}

Result<Response> remove_cap(const Services& services, Call& call) {
  TRY(services.cloud.remove_cap(call.caller, tenant_of(call), subject_of(call)));
  return no_content();
}

Result<Response> show_quota(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Quota quota, services.cloud.quota(call.caller, tenant_of(call)));
  return json_response(json_of(quota));
}

Result<Response> set_quota(const Services& services, Call& call) {
  TRY_ASSIGN(cloud::Quota quota, services.cloud.quota(call.caller, tenant_of(call)));
  JsonBody body(call.request.body);
  quota.cores = body.integer_or("cores", quota.cores, 0, kMost);
  quota.leases = body.integer_or("leases", quota.leases, 0, kMost);
  quota.endpoints = body.integer_or("endpoints", quota.endpoints, 0, kMost);
  quota.models = body.integer_or("models", quota.models, 0, kMost);
  quota.model_bytes = body.integer_or("model_bytes", quota.model_bytes, 0, kMost);
  quota.requests_per_second = body.integer_or("requests_per_second", quota.requests_per_second, 0, kMost);
  TRY(body.finish());
  TRY_ASSIGN(quota, services.cloud.set_quota(call.caller, tenant_of(call), quota));
  return json_response(json_of(quota));
}

Result<Response> set_weight(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::int64_t weight = body.integer("weight", 1, 1000);
  TRY(body.finish());
  TRY(services.cloud.set_weight(call.caller, tenant_of(call), weight));
  return json_response({{"weight", weight}});
}

Result<Response> credit(const Services& services, Call& call) {
  return give_back(services, call, &cloud::Cloud::credit);
}

Result<Response> refund(const Services& services, Call& call) {
  return give_back(services, call, &cloud::Cloud::refund);
}

}  // namespace chengying::doors
