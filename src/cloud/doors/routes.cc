#include "cloud/doors/routes.h"

#include <algorithm>
#include <array>

#include "cloud/doors/handlers.h"

namespace chengying::doors {
namespace {

using enum Method;
using enum Access;
using enum Lane;

constexpr std::array kRoutes = {
    // Open Inference Protocol v2
    Route{kGet, "/v2", kPublic, Body::kNone, kQuick, answered<server_metadata>},
    Route{kGet, "/v2/health/live", kPublic, Body::kNone, kQuick, answered<server_live>},
    Route{kGet, "/v2/health/ready", kPublic, Body::kNone, kQuick, answered<server_ready>},
    Route{kGet, "/v2/models/{name}", kInfer, Body::kNone, kQuick, answered<model_metadata>},
    Route{kGet, "/v2/models/{name}/ready", kInfer, Body::kNone, kQuick, answered<model_ready>},
    Route{kPost, "/v2/models/{name}/infer", kInfer, Body::kTensors, kQuick, infer},
    Route{kPost, "/v2/models/{name}/infer_stream", kInfer, Body::kTensors, kQuick, infer_stream},
    Route{kGet, "/v2/models/{name}/versions/{version}", kInfer, Body::kNone, kQuick,
          answered<model_metadata>},
    Route{kGet, "/v2/models/{name}/versions/{version}/ready", kInfer, Body::kNone, kQuick,
          answered<model_ready>},
    Route{kPost, "/v2/models/{name}/versions/{version}/infer", kInfer, Body::kTensors, kQuick, infer},

    // the service
    Route{kGet, "/healthz", kPublic, Body::kNone, kQuick, answered<health>},
    Route{kGet, "/metrics", kPublic, Body::kNone, kQuick, answered<metrics_page>},
    Route{kGet, "/api/v1/openapi.json", kPublic, Body::kNone, kQuick, answered<openapi_document>},
    Route{kGet, "/api/v1/caller", kAnyKey, Body::kNone, kQuick, answered<show_caller>},

    // catalogue
    Route{kGet, "/api/v1/chips", kAnyKey, Body::kNone, kQuick, answered<list_chips>},
    Route{kGet, "/api/v1/chips/{name}", kAnyKey, Body::kNone, kQuick, answered<show_chip>},
    Route{kGet, "/api/v1/offers", kPublic, Body::kNone, kQuick, answered<list_offers>},
    Route{kGet, "/api/v1/price-books/{version}", kPublic, Body::kNone, kQuick, answered<show_price_book>},
    Route{kPost, "/api/v1/quotes", kAnyKey, Body::kJson, kSlow, answered<create_quote>},

    Route{kGet, "/api/v1/price-books/{version}/signature", kPublic, Body::kNone, kQuick,
          answered<show_book_signature>},
    Route{kPut, "/api/v1/chips/{id}/state", kAdmin, Body::kJson, kSlow, answered<set_chip_state>},
    Route{kPut, "/api/v1/chips/{id}/fault", kAdmin, Body::kJson, kQuick, answered<set_chip_fault>},

    // models, leases, endpoints
    Route{kPost, "/api/v1/models", kDeploy, Body::kModel, kSlow, answered<create_model>},
    Route{kGet, "/api/v1/models", kDeploy, Body::kNone, kQuick, answered<list_models>},
    Route{kGet, "/api/v1/models/{id}", kDeploy, Body::kNone, kQuick, answered<show_model>},
    Route{kDelete, "/api/v1/models/{id}", kDeploy, Body::kNone, kQuick, answered<delete_model>},
    Route{kPost, "/api/v1/leases", kDeploy, Body::kJson, kQuick, answered<create_lease>},
    Route{kGet, "/api/v1/leases", kDeploy, Body::kNone, kQuick, answered<list_leases>},
    Route{kGet, "/api/v1/leases/{id}", kDeploy, Body::kNone, kQuick, answered<show_lease>},
    Route{kDelete, "/api/v1/leases/{id}", kDeploy, Body::kNone, kSlow, answered<release_lease>},
    Route{kGet, "/api/v1/leases/{id}/events", kDeploy, Body::kNone, kQuick, answered<list_lease_events>},
    Route{kPost, "/api/v1/leases/{id}/extend", kDeploy, Body::kJson, kQuick, answered<extend_lease>},
    Route{kPost, "/api/v1/leases/{id}/resize", kDeploy, Body::kJson, kSlow, answered<resize_lease>},
    Route{kPost, "/api/v1/leases/{id}/move", kDeploy, Body::kJson, kSlow, answered<move_lease>},
    Route{kGet, "/api/v1/events", kAnyKey, Body::kNone, kQuick, answered<list_events>},
    Route{kPost, "/api/v1/endpoints", kDeploy, Body::kJson, kSlow, answered<create_endpoint>},
    Route{kGet, "/api/v1/endpoints", kAnyKey, Body::kNone, kQuick, answered<list_endpoints>},
    Route{kGet, "/api/v1/endpoints/{name}", kAnyKey, Body::kNone, kQuick, answered<show_endpoint>},
    Route{kDelete, "/api/v1/endpoints/{name}", kDeploy, Body::kNone, kSlow, answered<delete_endpoint>},

    // money
    Route{kGet, "/api/v1/balance", kBilling, Body::kNone, kQuick, answered<show_balance>},
    Route{kGet, "/api/v1/spend", kBilling, Body::kNone, kQuick, answered<show_spend>},
    Route{kGet, "/api/v1/usage", kBilling, Body::kNone, kQuick, answered<list_usage>},
    Route{kPost, "/api/v1/invoices", kBilling, Body::kJson, kSlow, answered<create_invoice>},
    Route{kGet, "/api/v1/invoices", kBilling, Body::kNone, kQuick, answered<list_invoices>},
    Route{kGet, "/api/v1/invoices/{id}", kBilling, Body::kNone, kQuick, answered<show_invoice>},
    Route{kGet, "/api/v1/invoices/{id}/records", kBilling, Body::kNone, kSlow,
          answered<list_invoice_records>},

    // tenants and keys
    Route{kPost, "/api/v1/tenants", kAdmin, Body::kJson, kQuick, answered<create_tenant>},
    Route{kGet, "/api/v1/tenants", kAdmin, Body::kNone, kQuick, answered<list_tenants>},
    Route{kGet, "/api/v1/tenants/{id}", kAdmin, Body::kNone, kQuick, answered<show_tenant>},
    Route{kPost, "/api/v1/tenants/{id}/deposits", kAdmin, Body::kJson, kQuick, answered<deposit>},
    Route{kPut, "/api/v1/tenants/{id}/credit-line", kAdmin, Body::kJson, kQuick, answered<set_credit_line>},
    Route{kPost, "/api/v1/tenants/{id}/keys", kAnyKey, Body::kJson, kQuick, answered<create_key>},
    Route{kGet, "/api/v1/tenants/{id}/keys", kAnyKey, Body::kNone, kQuick, answered<list_keys>},
    Route{kPost, "/api/v1/tenants/{id}/projects", kDeploy, Body::kJson, kQuick, answered<create_project>},
    Route{kGet, "/api/v1/tenants/{id}/projects", kAnyKey, Body::kNone, kQuick, answered<list_projects>},
    Route{kGet, "/api/v1/tenants/{id}/caps", kBilling, Body::kNone, kQuick, answered<list_caps>},
    Route{kPut, "/api/v1/tenants/{id}/caps/{subject}", kBilling, Body::kJson, kQuick, answered<set_cap>},
    Route{kDelete, "/api/v1/tenants/{id}/caps/{subject}", kBilling, Body::kNone, kQuick,
          answered<remove_cap>},
    Route{kGet, "/api/v1/tenants/{id}/quota", kAnyKey, Body::kNone, kQuick, answered<show_quota>},
    Route{kPut, "/api/v1/tenants/{id}/quota", kAdmin, Body::kJson, kQuick, answered<set_quota>},
    Route{kPut, "/api/v1/tenants/{id}/weight", kAdmin, Body::kJson, kQuick, answered<set_weight>},
    Route{kPost, "/api/v1/tenants/{id}/credits", kAdmin, Body::kJson, kQuick, answered<credit>},
    Route{kPost, "/api/v1/tenants/{id}/refunds", kAdmin, Body::kJson, kQuick, answered<refund>},
    Route{kDelete, "/api/v1/keys/{id}", kAnyKey, Body::kNone, kQuick, answered<revoke_key>},
};

/// Takes the first segment off `pattern`, which is without its leading '/'.
std::string_view take_segment(std::string_view& pattern) {
  const std::size_t slash = std::min(pattern.find('/'), pattern.size());
  const std::string_view segment = pattern.substr(0, slash);
  pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  return segment;
}

bool matches(std::string_view pattern, const std::vector<std::string>& segments,
             std::vector<std::string>& parameters) {
  parameters.clear();
  pattern.remove_prefix(1);
  for (const std::string& segment : segments) {
    if (pattern.empty()) return false;
    const std::string_view wanted = take_segment(pattern);
    if (wanted.front() == '{') {
      parameters.push_back(segment);
    } else if (wanted != segment) {
      return false;
    }
  }
  return pattern.empty();
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

std::uint64_t body_bytes_max(Body body, const cloud::Limits& limits) {
  switch (body) {
    case Body::kNone:
      return 0;
    case Body::kJson:
      return std::uint64_t{4} << 20;
    case Body::kTensors:
      return std::uint64_t{256} << 20;
    case Body::kModel:
      return static_cast<std::uint64_t>(limits.model_bytes);
  }
  return 0;
}

std::optional<cloud::Scope> scope_of(Access access) {
  switch (access) {
    case kPublic:
    case kAnyKey:
      return std::nullopt;
    case kInfer:
      return cloud::Scope::kInfer;
    case kDeploy:
      return cloud::Scope::kDeploy;
    case kBilling:
      return cloud::Scope::kBilling;
    case kAdmin:
      return cloud::Scope::kAdmin;
  }
  return std::nullopt;
}

Match match(Method method, const Target& target) {
  Match out;
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    const Route& route = kRoutes[i];
    if (!matches(route.pattern, target.segments, parameters)) continue;
    if (route.method == method || (route.method == kGet && method == kHead)) {
      return {&route, i, std::move(parameters), {}};
    }
    out.allowed.push_back(route.method);
  }
  return out;
}

}  // namespace chengying::doors
