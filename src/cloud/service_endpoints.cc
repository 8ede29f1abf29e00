// Endpoints: a model served under a name, on a lease or on a shared pool.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/check.h"
#include "cloud/request_shape.h"
#include "cloud/service.h"
#include "cloud/signature_json.h"
#include "cloud/text.h"
#include "runtime/preprocessing.h"

namespace chengying::cloud {

namespace {
Status check_batches(const std::vector<std::int32_t>& batches, const Limits& limits) {
  const std::set<std::int32_t> different(batches.begin(), batches.end());
  const bool fine = !batches.empty() && static_cast<std::int64_t>(batches.size()) <= limits.batches &&
                    different.size() == batches.size() && *different.begin() >= 1 &&
                    *different.rbegin() <= limits.batch;
  if (!fine) {
    return fail(Code::kInvalidArgument, "batches must be 1 to {} different sizes in 1..{}", limits.batches,
                limits.batch);
  }
  return {};
}

std::string text_of(const std::vector<std::int32_t>& batches) {
  std::string text;
  for (const std::int32_t batch : batches) text += fmt::format("{}{}", text.empty() ? "" : ",", batch);
  return text;
}

std::string value_or_empty(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto it = metadata.find(key);
  return it == metadata.end() ? "" : it->second;
}

/// The tensor that preprocessing makes must be the model's first input.
Status check_preprocessing_fits(const std::string& json, const Signature& signature) {
  if (json.empty()) return {};
  TRY_ASSIGN(const runtime::Preprocessing preprocessing, runtime::parse_preprocessing(json));
  const Shape shape = runtime::shape_of(preprocessing);
  const Port& input = signature.inputs.front();
  const bool same = signature.inputs.size() == 1 && input.dtype == preprocessing.dtype &&
                    input.shape.size() == shape.size() &&
                    std::equal(shape.begin() + 1, shape.end(), input.shape.begin() + 1);
  if (!same) {
    return fail(Code::kInvalidArgument, "preprocessing makes {}{}, the model's input \"{}\" is {}{}",
                name_of(preprocessing.dtype), chengying::to_string(shape), input.name, name_of(input.dtype),
                chengying::to_string(input.shape));
  }
  return {};
}
}  // namespace

Result<StoredEndpoint> Service::plan_endpoint(const Caller& caller, const EndpointRequest& request) const {
  TRY(check_endpoint_name(request.name));
  TRY(check_batches(request.batches, config_.limits));
  TRY(check_utf8("preprocessing", request.preprocessing, config_.limits.preprocessing_bytes));
  TRY(check_utf8("labels", request.labels, config_.limits.labels_bytes));
  if (!request.preprocessing.empty()) TRY(runtime::parse_preprocessing(request.preprocessing));
  if (!request.labels.empty()) TRY(check_labels(request.labels));
  if (request.lease.empty() == request.shared_offer.empty()) {
    return fail(Code::kInvalidArgument, "an endpoint needs either a lease or a shared offer");
  }
  TRY(model(caller, request.model));
  StoredEndpoint stored;
  Endpoint& endpoint = stored.endpoint;
  endpoint.id = "ep_" + random_hex(8);
  endpoint.tenant = caller.tenant;
  endpoint.project = caller.project;
  endpoint.name = request.name;
  endpoint.model = request.model;
  endpoint.batches = request.batches;
  std::ranges::sort(endpoint.batches);
  endpoint.preprocessing = request.preprocessing;
  endpoint.labels = request.labels;
  endpoint.created_at = format_utc(clock_.wall_us());
  if (!request.lease.empty()) {
    TRY_ASSIGN(const Lease on, lease(caller, request.lease));
    if (on.state != LeaseState::kActive) {
      return fail(Code::kConflict, "lease {} is {}, not active", on.id, name_of(on.state));
    }
    endpoint.lease = on.id;
    endpoint.offer = on.offer;
    endpoint.chip = on.chip;
    endpoint.cores = on.cores;
    stored.work_price = on.work_micro_per_core_hour;
    stored.price_book_version = on.price_book_version;
    return stored;
  }
  TRY_ASSIGN(const billing::Offer* shared, offer(request.shared_offer));
  if (shared->term != billing::Term::kShared) {
    return fail(Code::kInvalidArgument, "offer {} is {}: take a lease on it first, or name a shared offer",
                shared->id, name_of(shared->term));
  }
  endpoint.offer = shared->id;
  endpoint.chip = shared->chip;
  endpoint.cores = shared->cores;
  stored.work_price = shared->work_micro_per_core_hour;
  stored.price_book_version = price_book().version;
  return stored;
}

Result<Endpoint> Service::create_endpoint(const Caller& caller, const EndpointRequest& request, bool wait) {
  TRY(needs(caller, Scope::kDeploy));
  if (draining_) return fail(Code::kUnavailable, "the service is stopping: try again later");
  TRY_ASSIGN(StoredEndpoint stored, plan_endpoint(caller, request));
  TRY_ASSIGN(const auto own, endpoints(caller));
  TRY_ASSIGN(const Quota may, quota_of(caller.tenant));
  if (static_cast<std::int64_t>(own.size()) >= may.endpoints) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} endpoints: delete one", may.endpoints);
  }
  const Endpoint& made = stored.endpoint;
  TRY(store_->apply(CreateEndpoint{made.id, made.tenant, made.name, made.model, made.lease, made.offer,
                                   made.chip, made.cores, stored.work_price, stored.price_book_version,
                                   text_of(made.batches), made.preprocessing, made.labels, made.project}));
  auto starting = std::make_shared<Serving>();
  starting->endpoint = std::make_shared<const Endpoint>(made);
  endpoints_.put(std::move(starting));
  if (wait) {
    const auto serving = start_endpoint(stored);
    return *serving->endpoint;
  }
  start_later(stored);
  return made;
}

Result<Placement> Service::place_endpoint(StoredEndpoint& stored) {
  Endpoint& endpoint = stored.endpoint;
  const Caller owner{endpoint.tenant, "", 0, ""};
  TRY_ASSIGN(const Model on, model(owner, endpoint.model));
  TRY_ASSIGN(runtime::Device * device, chips_.of_kind(endpoint.chip));
  const ExecutableRequest wanted{on, device->spec(), endpoint.cores, endpoint.batches};
  TRY_ASSIGN(auto executable, executables_.get(wanted));
  TRY_ASSIGN(const std::filesystem::path file, executables_.file_of(wanted));
  endpoint.executable = executable->digest;
  endpoint.signature = signature_of_executable(*executable);
  endpoint.batches.clear();
  for (const isa::Program& program : executable->programs) endpoint.batches.push_back(program.batch);
  for (const auto* metadata : {&executable->metadata, &on.metadata}) {
    if (endpoint.preprocessing.empty()) endpoint.preprocessing = value_or_empty(*metadata, "preprocessing");
    if (endpoint.labels.empty()) endpoint.labels = value_or_empty(*metadata, "labels");
  }
  TRY(check_preprocessing_fits(endpoint.preprocessing, endpoint.signature));
  Places places;
  if (endpoint.lease.empty()) {
    const billing::Offer* shared = books_.at(stored.price_book_version).find(endpoint.offer);
    CHECK(shared != nullptr);
    TRY_ASSIGN(places, pool(*shared));
  } else {
    TRY_ASSIGN(places, chips_.of(endpoint.lease));
  }
  std::vector<Target> targets;
  for (const Place& place : places.places) {
    TRY_ASSIGN(const runtime::LoadedId loaded, place.device->load(place.slice, executable, file));
    targets.push_back({place.device, place.slice, loaded});
  }
  return Placement{.executable = executable,
                   .costs = runtime::CostTable(*executable, device->spec()),
                   .targets = std::move(targets),
                   .clock_hz = clock_hz_of(device->spec()),
                   .fence = places.fence};
}

std::shared_ptr<const Serving> Service::start_endpoint(StoredEndpoint stored) {
  if (!stored.endpoint.lease.empty() && !chips_.of(stored.endpoint.lease)) {
    // Its lease waits for cores: once it has some, it is started with it.
    if (auto waiting = endpoints_.find(stored.endpoint.tenant, stored.endpoint.name)) {
      return say_where(std::move(waiting));
    }
  }
  auto placement = place_endpoint(stored);
  Endpoint& endpoint = stored.endpoint;
  endpoint.state = placement ? EndpointState::kReady : EndpointState::kFailed;
  endpoint.reason = placement ? "" : placement.error().message;
  auto serving = std::make_shared<Serving>();
  serving->work_price = stored.work_price;
  serving->price_book_version = stored.price_book_version;
  if (placement) serving->placement = *std::move(placement);
  serving->endpoint = std::make_shared<const Endpoint>(endpoint);
  if (!serving->placement) spdlog::warn("endpoint {} failed: {}", endpoint.id, endpoint.reason);
  // It may have been deleted, or its lease ended, meanwhile: then what was loaded is given back.
  const auto now = endpoints_.find(endpoint.tenant, endpoint.name);
  const auto places = chips_.of(endpoint.lease);
  const bool still_there =
      endpoint.lease.empty() || !serving->placement || (places && places->fence == serving->placement->fence);
  const bool wanted = still_there && now != nullptr && now->endpoint->id == endpoint.id &&
                      now->endpoint->state == EndpointState::kStarting && endpoints_.replace(*now, serving);
  if (!wanted) {
    if (serving->placement) serving->unload();
    const auto after = endpoints_.find(endpoint.tenant, endpoint.name);
    return after == nullptr ? serving : after;
  }
  store_->settle(SetEndpointState{endpoint.id, std::string(name_of(endpoint.state)), endpoint.reason},
                 [](const Result<Effects>&) {});
  return serving;
}

std::shared_ptr<const Serving> Service::say_where(std::shared_ptr<const Serving> waiting) {
  if (config_.process.empty() || waiting->endpoint->state != EndpointState::kStarting) return waiting;
  const Caller owner{waiting->endpoint->tenant, "", 0, ""};
  const auto on = lease(owner, waiting->endpoint->lease);
  if (!on || on->on.empty() || chips_.have(on->on)) return waiting;
  Endpoint endpoint = *waiting->endpoint;
  endpoint.reason = fmt::format("control process \"{}\" serves it: ask there", process_of(on->on.front()));
  auto after = std::make_shared<Serving>();
  after->endpoint = std::make_shared<const Endpoint>(std::move(endpoint));
  return endpoints_.replace(*waiting, after) ? after : waiting;
}

Result<std::vector<Endpoint>> Service::endpoints(const Caller& caller) const {
  std::vector<Endpoint> own;
  for (const auto& serving : endpoints_.all()) {
    if (serving->endpoint->tenant == caller.tenant) own.push_back(*serving->endpoint);
  }
  std::ranges::sort(own, {}, [](const Endpoint& each) { return std::tie(each.created_at, each.id); });
  return own;
}

Result<std::shared_ptr<const Endpoint>> Service::endpoint(const Caller& caller, std::string_view name) const {
  const auto serving = endpoints_.find(caller.tenant, name);
  if (serving == nullptr) return fail(Code::kNotFound, "no endpoint \"{}\"", name.substr(0, 128));
  return serving->endpoint;
}

Status Service::delete_endpoint(const Caller& caller, std::string_view name) {
  TRY(needs(caller, Scope::kDeploy));
  const auto serving = endpoints_.find(caller.tenant, name);
  if (serving == nullptr) return fail(Code::kNotFound, "no endpoint \"{}\"", name.substr(0, 128));
  TRY(store_->apply(DeleteEndpoint{serving->endpoint->id}));
  // It may have become ready or stopped in between: what is there now, if it is still this endpoint.
  for (auto now = serving; now != nullptr && now->endpoint->id == serving->endpoint->id;
       now = endpoints_.find(caller.tenant, name)) {
    if (endpoints_.replace(*now, nullptr)) {
      retire(now);
      break;
    }
  }
  return {};
}

}  // namespace chengying::cloud
