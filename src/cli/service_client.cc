#include "cli/service_client.h"

#include <boost/json.hpp>

namespace chengying::cli {
namespace {

namespace json = boost::json;

/// kInternal for a name or a status that has no code.
Code code_of(std::string_view name, int status) {
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    const Code code = static_cast<Code>(i);
    if (name.empty() ? http_status_of(code) == status : name_of(code) == name) return code;
  }
  return Code::kInternal;
}

/// What the service said, in either of its two forms.
Error error_of(const HttpReply& reply) {
  json::error_code failed;
  const json::value value = json::parse(reply.body, failed);
  const json::object* object = failed ? nullptr : value.if_object();
  const json::value* error = object ? object->if_contains("error") : nullptr;
  if (error != nullptr && error->is_object()) {
    return {code_of(text_of(error->get_object(), "code"), reply.status),
            text_of(error->get_object(), "message")};
  }
  if (error != nullptr && error->is_string())
    return {code_of("", reply.status), std::string(error->get_string())};
  return {code_of("", reply.status), fmt::format("the service answered with status {}", reply.status)};
}

}  // namespace

Result<ServiceClient> ServiceClient::make(const ClientConfig& flags) {
  TRY_ASSIGN(ClientConfig config, complete(flags));
  TRY_ASSIGN(HttpClient client, HttpClient::make(config.server));
  return ServiceClient(std::move(config), std::move(client));
}

Result<HttpReply> ServiceClient::ask(HttpRequest request) {
  if (!config_.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + config_.key);
  TRY_ASSIGN(HttpReply reply, client_.ask(request));
  if (reply.status < 400) return reply;
  Error error = error_of(reply);
  if (error.code == Code::kUnauthenticated && config_.key.empty()) {
    return fail(error.code,
                "no key: set CHENGYING_KEY, or run `chengying login`; the operator gives --data FOLDER with "
                "the commands of `chengying tenant`");
  }
  return std::unexpected(std::move(error));
}

Result<json::object> ServiceClient::ask_json(HttpRequest request) {
  TRY_ASSIGN(const HttpReply reply, ask(std::move(request)));
  if (reply.body.empty()) return json::object();
  json::error_code failed;
  json::value value = json::parse(reply.body, failed);
  if (failed || !value.is_object())
    return fail(Code::kInternal, "the service answered with something else than JSON");
  return std::move(value.get_object());
}

Result<json::object> ServiceClient::get(std::string_view target) {
  HttpRequest request;
  request.target = target;
  return ask_json(std::move(request));
}

Result<json::object> ServiceClient::post(std::string_view target, const json::object& body,
                                         std::string_view idempotency_key) {
  HttpRequest request;
  request.method = "POST";
  request.target = target;
  request.body = json::serialize(body);
  request.headers.emplace_back("Content-Type", "application/json");
  if (!idempotency_key.empty()) request.headers.emplace_back("Idempotency-Key", idempotency_key);
  return ask_json(std::move(request));
}

Result<json::object> ServiceClient::put(std::string_view target, const json::object& body) {
  HttpRequest request;
  request.method = "PUT";
  request.target = target;
  request.body = json::serialize(body);
  request.headers.emplace_back("Content-Type", "application/json");
  return ask_json(std::move(request));
}

Result<json::object> ServiceClient::remove(std::string_view target) {
  HttpRequest request;
  request.method = "DELETE";
  request.target = target;
  return ask_json(std::move(request));
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == ':';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

double number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

void show(const json::object& document, bool as_json, const std::function<void()>& print) {
  if (!as_json) return print();
  fmt::print("{}\n", json::serialize(document));
}

}  // namespace chengying::cli
