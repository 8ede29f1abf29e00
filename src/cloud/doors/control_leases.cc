// The control API: leases and endpoints.
#include <boost/json.hpp>

#include "cloud/doors/handlers.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_of.h"
#include "runtime/preprocessing.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;

/// What the request leaves open is what the model's file says about itself.
Status complete(const Services& services, const Call& call, cloud::EndpointRequest& request) {
  if (!request.preprocessing.empty() && !request.labels.empty()) return {};
  TRY_ASSIGN(const cloud::Model model, services.cloud.model(call.caller, request.model));
  const auto take = [&](std::string& field, const std::string& name) {
    const auto found = model.metadata.find(name);
    if (field.empty() && found != model.metadata.end()) field = found->second;
  };
  take(request.preprocessing, std::string(runtime::kPreprocessingKey));
  take(request.labels, "labels");
  return {};
}

}  // namespace

Result<Response> create_lease(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  cloud::LeaseRequest request;
  request.request_id = idempotency_key(call);
  request.offer = body.text("offer");
  request.name = body.text_or("name", "");
  request.seconds_max = body.integer("seconds_max", 1, kSecondsMax);
  request.quote = body.text_or("quote", "");
  request.wait_seconds = body.integer_or("wait_seconds", 0, 0, kSecondsMax);
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Lease lease, services.cloud.create_lease(call.caller, request));
  return json_response(json_of(lease), 201);
}

Result<Response> list_leases(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Lease> leases, services.cloud.leases(call.caller));
  json::array out;
  for (const cloud::Lease& lease : leases) out.push_back(json_of(lease));
  return json_response({{"leases", std::move(out)}});
}

Result<Response> show_lease(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Lease lease, services.cloud.lease(call.caller, call.parameters[0]));
  return json_response(json_of(lease));
}

Result<Response> release_lease(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Lease lease, services.cloud.release_lease(call.caller, call.parameters[0]));
  return json_response(json_of(lease));
}

Result<Response> extend_lease(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::int64_t seconds = body.integer("seconds", 1, kSecondsMax);
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Lease lease,
             services.cloud.extend_lease(call.caller, call.parameters[0], seconds, idempotency_key(call)));
  return json_response(json_of(lease));
}

Result<Response> resize_lease(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string offer = body.text("offer");
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Lease lease,
             services.cloud.resize_lease(call.caller, call.parameters[0], offer, idempotency_key(call)));
  return json_response(json_of(lease));
}

Result<Response> move_lease(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Lease lease,
             services.cloud.move_lease(call.caller, call.parameters[0], idempotency_key(call)));
  return json_response(json_of(lease));
}

Result<Response> list_lease_events(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Event> events,
             services.cloud.lease_events(call.caller, call.parameters[0]));
  json::array out;
  for (const cloud::Event& event : events) out.push_back(json_of(event));
  return json_response({{"events", std::move(out)}});
}

Result<Response> create_endpoint(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  cloud::EndpointRequest request;
  request.name = body.text("name");
  request.model = body.text("model");
  request.lease = body.text_or("lease", "");
  request.shared_offer = body.text_or("shared_offer", "");
  request.batches = body.integers_or("batches", {1});
  request.preprocessing = body.json_or_empty("preprocessing", "an object");
  const bool has_labels = body.has("labels");
  const std::string labels = body.json_or_empty("labels", "an array");
  const std::vector<std::string> checked = body.texts_or("labels", {});
  const bool wait = body.flag_or("wait", false);
  TRY(body.finish());
  if (has_labels) request.labels = labels;
  if (request.lease.empty() == request.shared_offer.empty()) {
    return fail(Code::kInvalidArgument, "name either a 'lease' to run on or a 'shared_offer'");
  }
  TRY(complete(services, call, request));
  if (!request.preprocessing.empty()) {
    const auto parsed = runtime::parse_preprocessing(request.preprocessing);
    if (!parsed) return within("preprocessing", parsed.error());
  }
  TRY_ASSIGN(const cloud::Endpoint endpoint, services.cloud.create_endpoint(call.caller, request, wait));
  return json_response(json_of(endpoint), 201);
}

Result<Response> list_endpoints(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Endpoint> endpoints, services.cloud.endpoints(call.caller));
  json::array out;
  for (const cloud::Endpoint& endpoint : endpoints) out.push_back(json_of(endpoint));
  return json_response({{"endpoints", std::move(out)}});
}

Result<Response> show_endpoint(const Services& services, Call& call) {
  TRY_ASSIGN(const auto endpoint, services.cloud.endpoint(call.caller, call.parameters[0]));
  return json_response(json_of(*endpoint));
}

Result<Response> delete_endpoint(const Services& services, Call& call) {
  TRY(services.cloud.delete_endpoint(call.caller, call.parameters[0]));
  return no_content();
}

}  // namespace chengying::doors
