// Routes: the one table of what the door answers: method, pattern, who may, how much body, on which workers,
// by which function. The OpenAPI document is tested against it. Constant; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/cloud.h"
#include "cloud/doors/http.h"
#include "cloud/doors/workers.h"

namespace chengying::doors {

/// What a handler can reach.
struct Services {
  cloud::Cloud& cloud;
  std::function<std::string()> metrics_text;
  std::function<bool()> draining;
  /// Writes answers that come on the cloud's threads. Shared, because an answer may come after the door is
  /// gone.
  std::shared_ptr<Workers> writers;
};

/// An admitted request on its way to its handler.
struct Call {
  Request request;
  std::vector<std::string> parameters;  // what stood at the pattern's {...}, in order
  cloud::Caller caller;                 // empty on public routes
};

enum class Access : std::uint8_t { kPublic, kAnyKey, kInfer, kDeploy, kBilling, kAdmin };
/// Largest body: see body_bytes_max.
enum class Body : std::uint8_t { kNone, kJson, kTensors, kModel };
/// kQuick: milliseconds. kSlow: may compile or copy a model.
enum class Lane : std::uint8_t { kQuick, kSlow };

using Handler = void (*)(const Services&, Call&&, Reply);

struct Route {
  Method method;
  std::string_view pattern;  // "/v2/models/{name}/infer"
  Access access;
  Body body;
  Lane lane;
  Handler handle;
};

std::span<const Route> routes();
std::uint64_t body_bytes_max(Body body, const cloud::Limits& limits);
/// The scope that a key must have; nullopt for kPublic and kAnyKey.
std::optional<cloud::Scope> scope_of(Access access);

struct Match {
  const Route* route = nullptr;  // nullptr: nothing for this path and method
  std::size_t index = 0;         // of the route in routes()
  std::vector<std::string> parameters;
  std::vector<Method> allowed;  // if the path is known, but not with this method
};
/// HEAD is answered wherever GET is.
Match match(Method method, const Target& target);

}  // namespace chengying::doors
