// chengying login: keeps server and key for later commands.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/service_client.h"

namespace chengying::cli {
namespace {

Status login(const ClientConfig& flags, bool as_json) {
  TRY_ASSIGN(const ClientConfig config, complete(flags));
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(config));
  TRY_ASSIGN(const boost::json::object caller, service.get("/api/v1/caller"));
  TRY(save_client_config(config));
  show(caller, as_json, [&] {
    fmt::print("{} knows you as tenant {} with scopes {}; kept in {}\n", config.server,
               text_of(caller, "tenant"), text_of(caller, "scopes"), client_config_path().string());
  });
  return {};
}

}  // namespace

void add_login(CLI::App& app, Invocation& invocation) {
  auto client = std::make_shared<ClientConfig>();
  add_client_flags(app, *client);
  on_run(app, invocation, [client, &invocation] { return login(*client, invocation.json); });
}

}  // namespace chengying::cli
