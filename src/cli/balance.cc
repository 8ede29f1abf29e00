// chengying balance: what your tenant has, holds and spent.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {

void add_balance(CLI::App& app, Invocation& invocation) {
  auto client = std::make_shared<ClientConfig>();
  add_client_flags(app, *client);
  on_run(app, invocation, [client, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(*client));
    TRY_ASSIGN(const boost::json::object balance, service.get("/api/v1/balance"));
    show(balance, invocation.json, [&] { print_one(balance, balance_columns()); });
    return {};
  });
}

}  // namespace chengying::cli
