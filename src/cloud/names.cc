// The words of the facade's enums, and what a caller may do.
#include <algorithm>
#include <array>
#include <future>

#include "cloud/cloud.h"

namespace chengying::cloud {

namespace {
struct ScopeName {
  Scope scope;
  std::string_view name;
};
constexpr std::array<ScopeName, 4> kScopes{{{Scope::kInfer, "infer"},
                                            {Scope::kDeploy, "deploy"},
                                            {Scope::kBilling, "billing"},
                                            {Scope::kAdmin, "admin"}}};
constexpr std::array<std::string_view, 7> kLeaseStates{"requested", "queued", "granted", "active",
                                                       "draining",  "ended",  "failed"};
constexpr std::array<std::string_view, 4> kEndpointStates{"starting", "ready", "failed", "stopped"};
}  // namespace

std::string_view name_of(Scope scope) {
  for (const ScopeName& each : kScopes) {
    if (each.scope == scope) return each.name;
  }
  return "?";
}

Result<Scopes> parse_scopes(std::string_view comma_separated) {
  Scopes scopes = 0;
  while (true) {
    const std::size_t comma = comma_separated.find(',');
    const std::string_view word = comma_separated.substr(0, comma);
    const auto* found = std::ranges::find(kScopes, word, &ScopeName::name);
    if (found == kScopes.end()) {
      return fail(Code::kInvalidArgument, "scope \"{}\" is none of infer, deploy, billing, admin",
                  word.substr(0, 40));
    }
    scopes = static_cast<Scopes>(scopes | static_cast<Scopes>(found->scope));
    if (comma == std::string_view::npos) return scopes;
    comma_separated.remove_prefix(comma + 1);
  }
}

std::string to_string(Scopes scopes) {
  std::string text;
  for (const ScopeName& each : kScopes) {
    if ((scopes & static_cast<Scopes>(each.scope)) == 0) continue;
    if (!text.empty()) text += ',';
    text += each.name;
  }
  return text;
}

bool Caller::may(Scope scope) const {
  return (scopes & (static_cast<Scopes>(scope) | static_cast<Scopes>(Scope::kAdmin))) != 0;
}

std::string_view name_of(ModelKind kind) {
  return kind == ModelKind::kOnnx ? "onnx" : "executable";
}
std::string_view name_of(LeaseState state) {
  return kLeaseStates.at(static_cast<std::size_t>(state));
}
std::string_view name_of(EndpointState state) {
  return kEndpointStates.at(static_cast<std::size_t>(state));
}

Result<InferAnswer> Cloud::infer_wait(const Caller& caller, InferRequest request) {
  std::promise<Result<InferAnswer>> promise;
  auto future = promise.get_future();
  infer(caller, std::move(request),
        [&promise](Result<InferAnswer> answer) { promise.set_value(std::move(answer)); });
  return future.get();
}

}  // namespace chengying::cloud
