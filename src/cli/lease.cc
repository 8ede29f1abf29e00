// chengying lease: slices of chips, held for a time.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct LeaseOptions {
  ClientConfig client;
  std::string offer, name, quote, request_id, id;
  std::int64_t seconds = 3600, wait = 0;
};

Status create(const LeaseOptions& options, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  json::object body{{"offer", options.offer}, {"seconds_max", options.seconds}, {"name", options.name}};
  if (!options.quote.empty()) body["quote"] = options.quote;
  if (options.wait > 0) body["wait_seconds"] = options.wait;
  TRY_ASSIGN(const json::object lease, service.post("/api/v1/leases", body, options.request_id));
  show(lease, as_json, [&] { print_one(lease, lease_columns()); });
  return {};
}

Status list(const LeaseOptions& options, std::string_view what, const std::vector<ListColumn>& columns,
            bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  TRY_ASSIGN(const json::object document, service.get(fmt::format("/api/v1/{}", what)));
  show(document, as_json, [&] { print_list(document, what, columns); });
  return {};
}

Status one(const LeaseOptions& options, bool release, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  const std::string target = "/api/v1/leases/" + percent_encoded(options.id);
  TRY_ASSIGN(const json::object lease, release ? service.remove(target) : service.get(target));
  show(lease, as_json, [&] { print_one(lease, lease_columns()); });
  return {};
}

/// Asks for a change of one lease and shows what it is then.
Status change(const LeaseOptions& options, std::string_view step, const json::object& body, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  const std::string target = fmt::format("/api/v1/leases/{}/{}", percent_encoded(options.id), step);
  TRY_ASSIGN(const json::object lease, service.post(target, body, options.request_id));
  show(lease, as_json, [&] { print_one(lease, lease_columns()); });
  return {};
}

void add_changes(CLI::App& app, Invocation& invocation, const std::shared_ptr<LeaseOptions>& options) {
  const auto add = [&](const char* name, const char* what) {
    CLI::App* step = app.add_subcommand(name, what);
    step->add_option("ID", options->id, "The lease")->required();
    step->add_option("--id", options->request_id,
                     "Your own id for this request: repeated, it changes nothing more");
    add_client_flags(*step, options->client);
    return step;
  };
  CLI::App* extend = add("extend", "More time; of a reserved lease, another term");
  extend->add_option("--seconds", options->seconds, "So much more (default 3600)")
      ->check(CLI::PositiveNumber);
  on_run(*extend, invocation, [options, &invocation] {
    return change(*options, "extend", {{"seconds", options->seconds}}, invocation.json);
  });
  CLI::App* resize = add("resize", "Another slice of the same chip; its endpoints start again there");
  resize->add_option("OFFER", options->offer, "An offer of the same chip and term")->required();
  on_run(*resize, invocation, [options, &invocation] {
    return change(*options, "resize", {{"offer", options->offer}}, invocation.json);
  });
  CLI::App* move = add("move", "Other chips of the same kind");
  on_run(*move, invocation, [options, &invocation] { return change(*options, "move", {}, invocation.json); });
}

}  // namespace

void add_lease(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<LeaseOptions>();
  CLI::App* create_app = app.add_subcommand("create", "Lease a slice of a chip");
  create_app->add_option("OFFER", options->offer, "An offer, such as host.1.on_demand: see `lease offers`")
      ->required();
  create_app->add_option("--seconds", options->seconds, "It ends by itself after so many (default 3600)")
      ->check(CLI::PositiveNumber);
  create_app->add_option("--wait", options->wait, "Seconds that it may be queued for its cores (default 0)")
      ->check(CLI::NonNegativeNumber);
  create_app->add_option("--name", options->name, "A name for people");
  create_app->add_option("--quote", options->quote, "Token of a quote to redeem");
  create_app->add_option("--id", options->request_id,
                         "Your own id for this request: repeated, it leases nothing more");
  add_client_flags(*create_app, options->client);
  on_run(*create_app, invocation, [options, &invocation] { return create(*options, invocation.json); });

  CLI::App* offers_app = app.add_subcommand("offers", "What can be leased, and its price");
  add_client_flags(*offers_app, options->client);
  on_run(*offers_app, invocation,
         [options, &invocation] { return list(*options, "offers", offer_columns(), invocation.json); });

  CLI::App* list_app = app.add_subcommand("list", "Your leases");
  add_client_flags(*list_app, options->client);
  on_run(*list_app, invocation,
         [options, &invocation] { return list(*options, "leases", lease_columns(), invocation.json); });

  CLI::App* show_app = app.add_subcommand("show", "One lease");
  show_app->add_option("ID", options->id, "The lease")->required();
  add_client_flags(*show_app, options->client);
  on_run(*show_app, invocation, [options, &invocation] { return one(*options, false, invocation.json); });

  add_changes(app, invocation, options);

  CLI::App* release_app = app.add_subcommand("release", "Give a lease back; its time is charged");
  release_app->add_option("ID", options->id, "The lease")->required();
  add_client_flags(*release_app, options->client);
  on_run(*release_app, invocation, [options, &invocation] { return one(*options, true, invocation.json); });
}

}  // namespace chengying::cli
