#include "cloud/doors/door.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "cloud/doors/answers.h"
#include "cloud/doors/metrics.h"
#include "cloud/doors/routes.h"
#include "cloud/doors/workers.h"

namespace chengying::doors {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::string_view kKeyPrefix = "chg_";
constexpr std::string_view kBearer = "Bearer ";

unsigned quick_workers(const DoorOptions& options) {
  return options.quick_workers > 0 ? options.quick_workers
                                   : std::max(2U, std::thread::hardware_concurrency());
}

bool has_key(const Target& target) {
  const auto is_key = [](const std::string& text) { return text.starts_with(kKeyPrefix); };
  return std::ranges::any_of(target.segments, is_key) ||
         std::ranges::any_of(target.query, [&](const auto& pair) { return is_key(pair.second); });
}

Result<std::string> key_of(const RequestHead& head) {
  const auto value = head.header("Authorization");
  if (head.count("Authorization") != 1 || !value->starts_with(kBearer)) {
    return fail(Code::kUnauthenticated, "send your key as the header 'Authorization: Bearer chg_...'");
  }
  return std::string(value->substr(kBearer.size()));
}

}  // namespace

struct Door::State {
  State(cloud::Cloud& the_cloud, const DoorOptions& options)
      : services{.cloud = the_cloud,
                 .metrics_text = [this] { return metrics->text(services.cloud.stats(), levels()); },
                 .draining = [this] { return draining.load(); },
                 .writers = std::make_shared<Workers>(1, options.quick_queue)},
        quick(quick_workers(options), options.quick_queue),
        slow(options.slow_workers, options.slow_queue) {}

  std::atomic<bool> draining = false;
  std::shared_ptr<Metrics> metrics =
      std::make_shared<Metrics>();  // shared: an answer may come after the door is gone
  Services services;
  // In this order: the server ends first, then the workers, whose jobs use all above.
  Workers quick, slow;
  std::unique_ptr<HttpServer> server;
  std::atomic<const HttpServer*> listening =
      nullptr;  // server, once it can be read: requests come before start returns

  DoorLevels levels() const {
    const HttpServer* const up = listening;
    return {up ? up->counts() : ServerCounts{}, quick.queued(), slow.queued()};
  }
  std::expected<Accepted, Response> admit(const RequestHead& head);
  std::expected<cloud::Caller, Response> caller_of(const RequestHead& head, const Route& route) const;
  void run(const Route& route, Call&& call, Reply reply);
};

std::expected<cloud::Caller, Response> Door::State::caller_of(const RequestHead& head,
                                                              const Route& route) const {
  if (route.access == Access::kPublic) return cloud::Caller{};
  const auto key = key_of(head);
  if (!key) return std::unexpected(error_answer(head, key.error()));
  auto caller = services.cloud.authenticate(*key);
  if (!caller) return std::unexpected(error_answer(head, caller.error()));
  const auto scope = scope_of(route.access);
  if (scope && !caller->may(*scope)) {
    return std::unexpected(
        error_answer(head, {Code::kPermissionDenied,
                            fmt::format("this needs a key with the scope '{}'", cloud::name_of(*scope))}));
  }
  return *std::move(caller);
}

/// Decides on a head. Refusals are counted here, accepted requests when they are answered.
std::expected<Accepted, Response> Door::State::admit(const RequestHead& head) {
  const auto start = Time::now();
  const Match found = match(head.method, head.target);
  const auto refuse = [&](Response response) {
    metrics->observe(found.route ? found.route->pattern : "none", response.status, Time::now() - start);
    return std::unexpected(std::move(response));
  };
  if (has_key(head.target)) {
    return refuse(
        error_answer(head, {Code::kInvalidArgument,
                            "a key does not belong in the URL, where logs keep it: send it as the header "
                            "'Authorization: Bearer chg_...', and revoke this one"}));
  }
  if (!found.route && found.allowed.empty()) {
    return refuse(
        error_answer(head, {Code::kNotFound, "there is nothing at this path; see /api/v1/openapi.json"}));
  }
  if (!found.route) {
    std::vector<std::string_view> names;
    for (const Method method : found.allowed) names.push_back(name_of(method));
    Response response = error_answer(head, 405, "invalid_argument",
                                     fmt::format("this path takes {}", fmt::join(names, ", ")));
    response.headers.push_back({"Allow", fmt::format("{}", fmt::join(names, ", "))});
    return refuse(std::move(response));
  }
  const auto encoding = head.header("Content-Encoding");
  if (encoding && *encoding != "identity") {
    return refuse(
        error_answer(head, 415, "unsupported", "bodies are taken as they are, without Content-Encoding"));
  }
  auto caller = caller_of(head, *found.route);
  if (!caller) return refuse(std::move(caller).error());
  const Route& route = *found.route;
  return Accepted{.body_bytes_max = body_bytes_max(route.body, services.cloud.limits()),
                  .body_to_file = route.body == Body::kModel,
                  .run = [this, &route, parameters = found.parameters, caller = *std::move(caller), start](
                             Request&& request, Reply reply) {
                    const auto counted = [metrics = metrics, &route, start,
                                          reply = std::move(reply)](Response response) {
                      metrics->observe(route.pattern, response.status, Time::now() - start);
                      reply(std::move(response));
                    };
                    run(route, {std::move(request), parameters, caller}, counted);
                  }};
}

void Door::State::run(const Route& route, Call&& call, Reply reply) {
  RequestHead head = call.request.head;
  Workers& workers = route.lane == Lane::kSlow ? slow : quick;
  // `reply` is copied: if the queue refuses the job, it is needed here.
  Workers::Job job = [this, &route, call = std::move(call), reply]() mutable {
    const RequestHead kept = call.request.head;
    try {
      route.handle(services, std::move(call), reply);
    } catch (const std::exception& error) {  // out of memory, most likely
      reply(error_answer(kept, {Code::kInternal, error.what()}));
    }
  };
  if (workers.try_run(std::move(job))) return;
  reply(error_answer(head, {Code::kResourceExhausted, "too many requests are waiting; try again"}));
}

Door::Door(std::unique_ptr<State> state) : state_(std::move(state)) {}
Door::~Door() = default;

Result<std::unique_ptr<Door>> Door::open(cloud::Cloud& cloud, DoorOptions options) {
  if (options.server.spool_folder.empty()) options.server.spool_folder = cloud.upload_folder();
  auto state = std::make_unique<State>(cloud, options);
  TRY_ASSIGN(state->server, HttpServer::start(options.server, [state = state.get()](const RequestHead& head) {
               return state->admit(head);
             }));
  state->listening = state->server.get();
  return std::unique_ptr<Door>(new Door(std::move(state)));
}

std::uint16_t Door::port() const {
  return state_->server->port();
}

bool Door::drain(std::chrono::milliseconds limit) {
  state_->draining = true;
  return state_->server->drain(limit);
}

}  // namespace chengying::doors
