// chengying fleet: the chips that a service rents out, and their maintenance (for the operator).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/operator_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct FleetOptions {
  ClientConfig client;
  std::string data, chip, reason, fault;
};

struct Step {
  const char* name;
  const char* state;
  const char* what;
};
constexpr Step kSteps[] = {
    {"drain", "draining", "Planned maintenance: its leases move where there is room, nothing new comes"},
    {"fail", "failed", "It is broken: its leases wait for other chips, their time stands still"},
    {"up", "up", "It is well again"},
};

void add_common(CLI::App& app, FleetOptions& options) {
  app.add_option("--data", options.data,
                 "The service's data folder, whether it runs or not (else --server, --key)");
  add_client_flags(app, options.client);
}

}  // namespace

void add_fleet(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<FleetOptions>();
  CLI::App* list = app.add_subcommand("list", "All chips, with their free cores");
  add_common(*list, *options);
  on_run(*list, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(OperatorClient client, OperatorClient::open(options->data, options->client));
    TRY_ASSIGN(const json::object chips, client.service().get("/api/v1/chips"));
    show(chips, invocation.json, [&] { print_list(chips, "chips", fleet_columns()); });
    return {};
  });
  for (const Step& step : kSteps) {
    CLI::App* leaf = app.add_subcommand(step.name, step.what);
    leaf->add_option("CHIP", options->chip, "Its id, such as hanguang800.3")->required();
    leaf->add_option("--reason", options->reason, "For people: stands in the events");
    add_common(*leaf, *options);
    on_run(*leaf, invocation, [options, &invocation, state = step.state]() -> Status {
      TRY_ASSIGN(OperatorClient client, OperatorClient::open(options->data, options->client));
      const std::string target = fmt::format("/api/v1/chips/{}/state", percent_encoded(options->chip));
      TRY_ASSIGN(const json::object chip,
                 client.service().put(target, {{"state", state}, {"reason", options->reason}}));
      show(chip, invocation.json, [&] { print_one(chip, fleet_columns()); });
      return {};
    });
  }
  CLI::App* fault = app.add_subcommand(
      "fault", "Make a virtual chip fail, for drills (the service must run with --inject-faults)");
  fault->add_option("CHIP", options->chip, "Its id, such as hanguang800.3")->required();
  fault->add_option("FAULT", options->fault, "stuck, wrong, slow, gone; none: well again")
      ->required()
      ->check(CLI::IsMember({"none", "stuck", "wrong", "slow", "gone"}));
  add_common(*fault, *options);
  on_run(*fault, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(OperatorClient client, OperatorClient::open(options->data, options->client));
    const std::string target = fmt::format("/api/v1/chips/{}/fault", percent_encoded(options->chip));
    TRY_ASSIGN(const json::object done, client.service().put(target, {{"fault", options->fault}}));
    show(done, invocation.json,
         [&] { fmt::print("{}: {}\n", text_of(done, "chip"), text_of(done, "fault")); });
    return {};
  });
}

}  // namespace chengying::cli
