// The control API: chips, offers, price books, models, quotes.
#include <boost/json.hpp>
#include <charconv>

#include "cloud/doors/handlers.h"
#include "cloud/doors/json_arguments.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_of.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

constexpr std::int64_t kBatchMax = 1 << 20;
constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;
constexpr std::int64_t kRequestsMax = std::int64_t{1} << 50;

Result<std::int64_t> version_of(const std::string& text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::kInvalidArgument, "a price book's version is a whole number, not '{}'", text);
  }
  return version;
}

Result<Response> create_month_quote(const Services& services, const Call& call, JsonBody& body) {
  cloud::MonthRequest request;
  request.endpoint = body.text_or("endpoint", "");
  request.model = body.text_or("model", "");
  request.chip = body.text_or("chip", "");
  request.batch = static_cast<std::int32_t>(body.integer_or("batch", 1, 1, kBatchMax));
  request.requests = body.integer("requests", 1, kRequestsMax);
  TRY(body.finish());
  const bool by_model = !request.model.empty() && !request.chip.empty();
  if (request.endpoint.empty() != by_model || (!request.endpoint.empty() && !request.model.empty())) {
    return fail(Code::kInvalidArgument, "a month names either an 'endpoint', or a 'model' and a 'chip'");
  }
  TRY_ASSIGN(const cloud::MonthTable table, services.cloud.quote_month(call.caller, request));
  return json_response(json_of(table), 201);
}

}  // namespace

Result<Response> list_chips(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Chip> chips, services.cloud.chips(call.caller));
  json::array out;
  for (const cloud::Chip& chip : chips) out.push_back(json_of(chip));
  return json_response({{"chips", std::move(out)}});
}

Result<Response> show_chip(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Chip> chips, services.cloud.chips(call.caller));
  for (const cloud::Chip& chip : chips) {
    if (chip.spec.name == call.parameters[0] || chip.id == call.parameters[0])
      return json_response(json_of_with_numbers(chip));
  }
  return fail(Code::kNotFound, "there is no chip '{}' here; GET /api/v1/chips lists them",
              call.parameters[0]);
}

Result<Response> list_offers(const Services& services, Call&) {
  const billing::PriceBook& book = services.cloud.price_book();
  json::array out;
  for (const billing::Offer& offer : book.offers) out.push_back(json_of(offer));
  return json_response(
      {{"currency", book.currency}, {"price_book_version", book.version}, {"offers", std::move(out)}});
}

Result<Response> show_price_book(const Services& services, Call& call) {
  TRY_ASSIGN(const std::int64_t version, version_of(call.parameters[0]));
  Response response;
  TRY_ASSIGN(response.body, services.cloud.price_book_text(version));
  response.content_type = "application/toml";
  return response;
}

Result<Response> show_book_signature(const Services& services, Call& call) {
  TRY_ASSIGN(const std::int64_t version, version_of(call.parameters[0]));
  TRY_ASSIGN(const cloud::BookSignature signature, services.cloud.price_book_signature(version));
  return json_response({{"version", signature.version},
                        {"algorithm", "ed25519"},
                        {"signature", signature.signature},
                        {"public_key", signature.public_key}});
}

Result<Response> set_chip_state(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string state = body.text("state");
  const std::string reason = body.text_or("reason", "");
  TRY(body.finish());
  TRY_ASSIGN(const cloud::Chip chip,
             services.cloud.set_chip_state(call.caller, call.parameters[0], state, reason));
  return json_response(json_of(chip));
}

Result<Response> set_chip_fault(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string fault = body.text("fault");
  TRY(body.finish());
  TRY(services.cloud.set_chip_fault(call.caller, call.parameters[0], fault));
  return json_response({{"chip", call.parameters[0]}, {"fault", fault}});
}

Result<Response> create_model(const Services& services, Call& call) {
  const RequestHead& head = call.request.head;
  const auto name = head.target.query_value("name");
  if (!name) return fail(Code::kInvalidArgument, "give the model a name: POST /api/v1/models?name=NAME");
  if (!head.may_have_body()) {
    return fail(Code::kInvalidArgument, "the body is empty; it must be the model file's bytes");
  }
  TRY_ASSIGN(const cloud::Model model,
             services.cloud.create_model_from_file(call.caller, *name, call.request.body_file->path()));
  return json_response(json_of(model), 201);
}

Result<Response> list_models(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::Model> models, services.cloud.models(call.caller));
  json::array out;
  for (const cloud::Model& model : models) out.push_back(json_of(model));
  return json_response({{"models", std::move(out)}});
}

Result<Response> show_model(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Model model, services.cloud.model(call.caller, call.parameters[0]));
  return json_response(json_of(model));
}

Result<Response> delete_model(const Services& services, Call& call) {
  TRY(services.cloud.delete_model(call.caller, call.parameters[0]));
  return no_content();
}

Result<Response> create_quote(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string kind = body.text("kind");
  if (kind == "lease") {
    const std::string offer = body.text("offer");
    const std::int64_t seconds = body.integer("seconds", 1, kSecondsMax);
    TRY(body.finish());
    TRY_ASSIGN(const cloud::QuoteAnswer quote, services.cloud.quote_lease(call.caller, offer, seconds));
    return json_response(json_of(quote), 201);
  }
  if (kind == "month") return create_month_quote(services, call, body);
  cloud::InferQuoteRequest request;
  request.endpoint = body.text_or("endpoint", "");
  request.model = body.text_or("model", "");
  request.offer = body.text_or("offer", "");
  request.batch = static_cast<std::int32_t>(body.integer_or("batch", 1, 1, kBatchMax));
  const std::string arguments = body.json_or_empty("arguments", "an object");
  TRY(body.finish());
  if (!arguments.empty()) {
    TRY_ASSIGN(request.arguments, arguments_from_json(json::parse(arguments).as_object(), "arguments"));
  }
  if (kind != "inference") {
    return fail(Code::kInvalidArgument, "'kind' must be \"inference\", \"lease\" or \"month\", not \"{}\"",
                kind);
  }
  const bool by_model = !request.model.empty() && !request.offer.empty();
  if (request.endpoint.empty() != by_model || (!request.endpoint.empty() && !request.model.empty())) {
    return fail(Code::kInvalidArgument,
                "a quote for inference names either an 'endpoint', or a 'model' and an 'offer'");
  }
  TRY_ASSIGN(const cloud::QuoteAnswer quote, services.cloud.quote_infer(call.caller, request));
  return json_response(json_of(quote), 201);
}

}  // namespace chengying::doors
