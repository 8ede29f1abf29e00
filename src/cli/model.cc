// chengying model: model files on the service.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct ModelOptions {
  ClientConfig client;
  std::string file, name, id;
};

Result<json::object> upload(const ModelOptions& options) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  const std::filesystem::path path(options.file);
  const std::string name = options.name.empty() ? path.stem().string() : options.name;
  Progress progress;
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/models?name=" + percent_encoded(name);
  request.headers.emplace_back("Content-Type", "application/octet-stream");
  request.body_file = path;
  request.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.show("uploading (MiB)", done >> 20, total >> 20);
  };
  TRY_ASSIGN(const HttpReply reply, service.ask(std::move(request)));
  progress.clear();
  json::error_code failed;
  const json::value value = json::parse(reply.body, failed);
  if (failed || !value.is_object())
    return fail(Code::kInternal, "the service answered with something else than JSON");
  return value.get_object();
}

}  // namespace

void add_model(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ModelOptions>();
  CLI::App* upload_app = app.add_subcommand("upload", "Upload an ONNX model or an executable");
  upload_app->add_option("FILE", options->file, "The model file")->required()->check(CLI::ExistingFile);
  upload_app->add_option("--name", options->name, "Its name for people (default: the file's)");
  add_client_flags(*upload_app, options->client);
  on_run(*upload_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(const json::object model, upload(*options));
    show(model, invocation.json, [&] { print_one(model, model_columns()); });
    return {};
  });

  CLI::App* list_app = app.add_subcommand("list", "Your models");
  add_client_flags(*list_app, options->client);
  on_run(*list_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY_ASSIGN(const json::object models, service.get("/api/v1/models"));
    show(models, invocation.json, [&] { print_list(models, "models", model_columns()); });
    return {};
  });

  CLI::App* show_app = app.add_subcommand("show", "One model, with its inputs and outputs");
  show_app->add_option("ID", options->id, "sha256:...")->required();
  add_client_flags(*show_app, options->client);
  on_run(*show_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY_ASSIGN(const json::object model, service.get("/api/v1/models/" + percent_encoded(options->id)));
    show(model, invocation.json, [&] {
      print_one(model, model_columns());
      print_one(model, {text_column("SIGNATURE", "signature")});
    });
    return {};
  });

  CLI::App* delete_app = app.add_subcommand("delete", "Delete a model that no endpoint serves");
  delete_app->add_option("ID", options->id, "sha256:...")->required();
  add_client_flags(*delete_app, options->client);
  on_run(*delete_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY(service.remove("/api/v1/models/" + percent_encoded(options->id)));
    show({{"deleted", options->id}}, invocation.json, [&] { fmt::print("deleted {}\n", options->id); });
    return {};
  });
}

}  // namespace chengying::cli
