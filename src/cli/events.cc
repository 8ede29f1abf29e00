// chengying events: what happened to your leases, endpoints and caps.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

struct EventsOptions {
  ClientConfig client;
  std::string lease;
};

}  // namespace

void add_events(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<EventsOptions>();
  app.add_option("LEASE", options->lease, "Only of this lease");
  add_client_flags(app, options->client);
  on_run(app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    const std::string target = options->lease.empty()
                                   ? "/api/v1/events?limit=1000"
                                   : fmt::format("/api/v1/leases/{}/events", percent_encoded(options->lease));
    TRY_ASSIGN(const boost::json::object events, service.get(target));
    show(events, invocation.json, [&] { print_list(events, "events", event_columns()); });
    return {};
  });
}

}  // namespace chengying::cli
