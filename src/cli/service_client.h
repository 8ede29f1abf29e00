// ServiceClient: a running service's control API as values: JSON in and out, the key in its header, refusals
// as Errors with the code that the service gave. One thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/client_config.h"
#include "cli/http_client.h"

namespace chengying::cli {

class ServiceClient {
 public:
  /// Connects with the first question, not before.
  static Result<ServiceClient> make(const ClientConfig& flags);

  Result<boost::json::object> get(std::string_view target);
  Result<boost::json::object> post(std::string_view target, const boost::json::object& body,
                                   std::string_view idempotency_key = "");
  Result<boost::json::object> put(std::string_view target, const boost::json::object& body);
  /// The object is empty where the service has nothing to say.
  Result<boost::json::object> remove(std::string_view target);
  /// Anything else; the key is added. An error status becomes an Error.
  Result<HttpReply> ask(HttpRequest request);
  const std::string& server() const { return config_.server; }

 private:
  ServiceClient(ClientConfig config, HttpClient client)
      : config_(std::move(config)), client_(std::move(client)) {}
  Result<boost::json::object> ask_json(HttpRequest request);
  ClientConfig config_;
  HttpClient client_;
};

/// `text` as one segment of a path, or one value of a query.
std::string percent_encoded(std::string_view text);

/// A member as text: strings as they are, numbers and the rest as JSON, "" if it is absent or null.
std::string text_of(const boost::json::object& object, std::string_view name);
/// A member as a number; 0 if it is none.
double number_of(const boost::json::object& object, std::string_view name);

/// Prints `document` if `as_json`, else calls `print`.
void show(const boost::json::object& document, bool as_json, const std::function<void()>& print);

}  // namespace chengying::cli
