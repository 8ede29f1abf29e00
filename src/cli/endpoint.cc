// chengying endpoint: models served under a name.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <thread>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFileLimitBytes = std::uint64_t{4} << 20;
constexpr std::chrono::milliseconds kPollTime{200};

struct EndpointOptions {
  ClientConfig client;
  std::string name, model, lease, shared, preprocessing, labels;
  std::vector<std::int32_t> batches{1};
  bool no_wait = false;
};

/// JSON itself, or a file that holds it; for labels also a file with one a line.
Result<json::value> json_of(const std::string& text_or_path) {
  const bool inline_json = text_or_path.starts_with('{') || text_or_path.starts_with('[');
  std::string text = text_or_path;
  if (!inline_json) {
    TRY_ASSIGN(text, read_text_file(text_or_path, kFileLimitBytes));
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (!inline_json && (first == std::string::npos || (text[first] != '{' && text[first] != '['))) {
    json::array lines;
    for (std::istringstream stream(text); std::getline(stream, text);) lines.emplace_back(text);
    return json::value(std::move(lines));
  }
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return fail(Code::kInvalidArgument, "{}: not valid JSON: {}", text_or_path, error.message());
  return value;
}

/// Asks until the endpoint is ready or has failed: compiling can take longer than a connection lasts.
Result<json::object> wait_for(ServiceClient& service, json::object endpoint) {
  const std::string target = "/api/v1/endpoints/" + percent_encoded(text_of(endpoint, "name"));
  Progress progress;
  for (std::size_t turn = 0; text_of(endpoint, "state") == "starting"; ++turn) {
    progress.show("compiling and loading (s)", turn / 5, 0);
    std::this_thread::sleep_for(kPollTime);
    TRY_ASSIGN(endpoint, service.get(target));
  }
  if (text_of(endpoint, "state") != "ready") {
    return fail(Code::kUnsupported, "endpoint '{}' has {}: {}", text_of(endpoint, "name"),
                text_of(endpoint, "state"), text_of(endpoint, "reason"));
  }
  return endpoint;
}

Status create(const EndpointOptions& options, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  json::object body{{"name", options.name},
                    {"model", options.model},
                    {"batches", json::array(options.batches.begin(), options.batches.end())}};
  if (!options.lease.empty()) body["lease"] = options.lease;
  if (!options.shared.empty()) body["shared_offer"] = options.shared;
  if (!options.preprocessing.empty()) {
    TRY_ASSIGN(body["preprocessing"], json_of(options.preprocessing));
  }
  if (!options.labels.empty()) {
    TRY_ASSIGN(body["labels"], json_of(options.labels));
  }
  TRY_ASSIGN(json::object endpoint, service.post("/api/v1/endpoints", body));
  if (!options.no_wait) {
    TRY_ASSIGN(endpoint, wait_for(service, std::move(endpoint)));
  }
  show(endpoint, as_json, [&] { print_one(endpoint, endpoint_columns()); });
  return {};
}

}  // namespace

void add_endpoint(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<EndpointOptions>();
  CLI::App* create_app = app.add_subcommand("create", "Serve a model; waits until it is ready");
  create_app->add_option("NAME", options->name, "Letters, digits, '-', '_', '.'")->required();
  create_app->add_option("--model", options->model, "Id of an uploaded model")->required();
  auto* lease = create_app->add_option("--lease", options->lease, "Id of a lease to run on");
  create_app->add_option("--shared", options->shared, "A shared offer to run by, instead of a lease")
      ->excludes(lease);
  create_app->add_option("--batch", options->batches, "Compile for these batches (default 1)")
      ->delimiter(',');
  create_app->add_option("--preprocessing", options->preprocessing,
                         "JSON, or a file with it (default: what the model file says)");
  create_app->add_option("--labels", options->labels,
                         "Names of classes: a JSON array, or a file with one a line");
  create_app->add_flag("--no-wait", options->no_wait, "Return at once");
  add_client_flags(*create_app, options->client);
  on_run(*create_app, invocation, [options, &invocation] { return create(*options, invocation.json); });

  CLI::App* list_app = app.add_subcommand("list", "Your endpoints");
  add_client_flags(*list_app, options->client);
  on_run(*list_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY_ASSIGN(const json::object endpoints, service.get("/api/v1/endpoints"));
    show(endpoints, invocation.json, [&] { print_list(endpoints, "endpoints", endpoint_columns()); });
    return {};
  });

  CLI::App* show_app = app.add_subcommand("show", "One endpoint");
  show_app->add_option("NAME", options->name, "The endpoint")->required();
  add_client_flags(*show_app, options->client);
  on_run(*show_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY_ASSIGN(const json::object endpoint,
               service.get("/api/v1/endpoints/" + percent_encoded(options->name)));
    show(endpoint, invocation.json, [&] {
      print_one(endpoint, endpoint_columns());
      print_one(endpoint,
                {text_column("SIGNATURE", "signature"), text_column("PREPROCESSING", "preprocessing")});
    });
    return {};
  });

  CLI::App* delete_app = app.add_subcommand("delete", "Stop serving");
  delete_app->add_option("NAME", options->name, "The endpoint")->required();
  add_client_flags(*delete_app, options->client);
  on_run(*delete_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY(service.remove("/api/v1/endpoints/" + percent_encoded(options->name)));
    show({{"deleted", options->name}}, invocation.json, [&] { fmt::print("deleted {}\n", options->name); });
    return {};
  });
}

}  // namespace chengying::cli
