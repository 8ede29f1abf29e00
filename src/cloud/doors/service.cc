// Handlers of the service itself: health, metrics, its own description, who is asking.
#include <boost/json.hpp>

#include "cloud/doors/handlers.h"
#include "cloud/doors/json_of.h"
#include "cloud/doors/openapi.h"

namespace chengying::doors {

namespace json = boost::json;

Result<Response> health(const Services& services, Call&) {
  const cloud::Stats stats = services.cloud.stats();
  const bool draining = services.draining() || stats.draining;
  const bool well = stats.store_writable && !draining;
  return json_response({{"status", well       ? "ok"
                                   : draining ? "draining"
                                              : "store not writable"}},
                       well ? 200 : 503);
}

Result<Response> metrics_page(const Services& services, Call&) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = services.metrics_text();
  return response;
}

Result<Response> openapi_document(const Services&, Call&) {
  Response response;
  response.body = openapi_text();
  return response;
}

Result<Response> show_caller(const Services&, Call& call) {
  return json_response({{"tenant", call.caller.tenant},
                        {"key", call.caller.key},
                        {"scopes", cloud::to_string(call.caller.scopes)}});
}

std::string idempotency_key(const Call& call) {
  return std::string(call.request.head.header("Idempotency-Key").value_or(""));
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

}  // namespace chengying::doors
