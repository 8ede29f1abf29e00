// chengying quote: a price before the work.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/named_numbers.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct QuoteOptions {
  ClientConfig client;
  std::string endpoint, model, offer;
  std::int64_t batch = 1, seconds = 0, requests = 0;
  std::string chip;
  std::vector<std::string> arguments;
};

Status quote(const QuoteOptions& options, const json::object& body, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  TRY_ASSIGN(const json::object answer, service.post("/api/v1/quotes", body));
  show(answer, as_json, [&] { print_one(answer, quote_columns()); });
  return {};
}

Status month(const QuoteOptions& options, bool as_json) {
  json::object body{{"kind", "month"}, {"batch", options.batch}, {"requests", options.requests}};
  if (!options.endpoint.empty()) body["endpoint"] = options.endpoint;
  if (!options.model.empty()) body["model"] = options.model;
  if (!options.chip.empty()) body["chip"] = options.chip;
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  TRY_ASSIGN(const json::object table, service.post("/api/v1/quotes", body));
  show(table, as_json, [&] { print_list(table, "rows", month_columns()); });
  return {};
}

}  // namespace

void add_quote(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<QuoteOptions>();
  CLI::App* month_app = app.add_subcommand("month", "What 30 days of requests cost, by each offer");
  auto* of = month_app->add_option("--endpoint", options->endpoint, "Of an endpoint, on slices like its own");
  month_app->add_option("--model", options->model, "Of a model (compiles it for each slice: seconds)")
      ->excludes(of);
  month_app->add_option("--chip", options->chip, "The chip to run it on")->excludes(of);
  month_app->add_option("--batch", options->batch, "Batch of each request (default 1)")
      ->check(CLI::PositiveNumber);
  month_app->add_option("--requests", options->requests, "So many in the 30 days")
      ->required()
      ->check(CLI::PositiveNumber);
  add_client_flags(*month_app, options->client);
  on_run(*month_app, invocation, [options, &invocation] { return month(*options, invocation.json); });

  CLI::App* infer_app =
      app.add_subcommand("infer", "The price of a request: of an endpoint, or of a model on an offer");
  auto* endpoint = infer_app->add_option("--endpoint", options->endpoint, "Name of an endpoint");
  infer_app->add_option("--model", options->model, "Id of a model (compiles it: seconds)")
      ->excludes(endpoint);
  infer_app->add_option("--offer", options->offer, "The offer to run it by")->excludes(endpoint);
  infer_app->add_option("--batch", options->batch, "Batch of the request (default 1)")
      ->check(CLI::PositiveNumber);
  infer_app->add_option(
      "--argument", options->arguments,
      "NAME=NUMBER of a model that asks for some (default: whatever they will be, the most)");
  add_client_flags(*infer_app, options->client);
  on_run(*infer_app, invocation, [options, &invocation]() -> Status {
    json::object body{{"kind", "inference"}, {"batch", options->batch}};
    if (!options->endpoint.empty()) body["endpoint"] = options->endpoint;
    if (!options->model.empty()) body["model"] = options->model;
    if (!options->offer.empty()) body["offer"] = options->offer;
    TRY_ASSIGN(const auto arguments, named_numbers("--argument", options->arguments));
    if (!arguments.empty()) body["arguments"] = json::value_from(arguments);
    return quote(*options, body, invocation.json);
  });

  CLI::App* lease_app = app.add_subcommand("lease", "The price of holding a slice");
  lease_app->add_option("OFFER", options->offer, "The offer")->required();
  lease_app->add_option("--seconds", options->seconds, "For so long")->required()->check(CLI::PositiveNumber);
  add_client_flags(*lease_app, options->client);
  on_run(*lease_app, invocation, [options, &invocation] {
    const json::object body{{"kind", "lease"}, {"offer", options->offer}, {"seconds", options->seconds}};
    return quote(*options, body, invocation.json);
  });
}

}  // namespace chengying::cli
