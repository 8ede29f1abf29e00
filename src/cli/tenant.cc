// chengying tenant: who may use the service, their money and their keys. For the operator.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>

#include "billing/money.h"
#include "cli/commands.h"
#include "cli/operator_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr char kDefaultScopes[] = "infer,deploy,billing";

struct TenantOptions {
  ClientConfig client;
  std::string data, tenant, name, amount, credit, scopes = kDefaultScopes, expires, key, request_id, project;
  bool with_key = false;
};

using Ask = std::function<Result<json::object>(ServiceClient&, const TenantOptions&)>;
using Print = std::function<void(const json::object&)>;

void add_leaf(CLI::App& app, Invocation& invocation, const std::shared_ptr<TenantOptions>& options, Ask ask,
              Print print) {
  app.add_option("--data", options->data,
                 "The service's data folder, whether it runs or not (else --server, --key)");
  add_client_flags(app, options->client);
  on_run(app, invocation, [options, &invocation, ask = std::move(ask), print = std::move(print)]() -> Status {
    TRY_ASSIGN(OperatorClient client, OperatorClient::open(options->data, options->client));
    TRY_ASSIGN(const json::object answer, ask(client.service(), *options));
    show(answer, invocation.json, [&] { print(answer); });
    return {};
  });
}

std::string tenant_target(const TenantOptions& options, std::string_view rest = "") {
  return fmt::format("/api/v1/tenants/{}{}", percent_encoded(options.tenant), rest);
}

Result<json::object> create_key(ServiceClient& service, const TenantOptions& options) {
  json::object body{{"name", options.name}, {"scopes", options.scopes}};
  if (!options.expires.empty()) body["expires_at"] = options.expires;
  if (!options.project.empty()) body["project"] = options.project;
  return service.post(tenant_target(options, "/keys"), body);
}

/// A deposit that will be refused must not leave a tenant behind.
Status check_deposit(const std::string& amount) {
  if (amount.empty()) return {};
  const auto money = billing::Money::parse(amount);
  if (!money) return within("--deposit", money.error());
  if (*money > billing::Money()) return {};
  return fail(Code::kInvalidArgument, "--deposit: {} is not above 0", amount);
}

Result<json::object> create(ServiceClient& service, TenantOptions options) {
  TRY(check_deposit(options.amount));
  json::object body{{"name", options.name}};
  if (!options.credit.empty()) body["credit_line"] = options.credit;
  TRY_ASSIGN(json::object tenant, service.post("/api/v1/tenants", body));
  options.tenant = text_of(tenant, "id");
  if (!options.amount.empty()) {
    TRY_ASSIGN(tenant, service.post(tenant_target(options, "/deposits"), {{"amount", options.amount}}));
  }
  if (options.with_key) {
    TRY_ASSIGN(tenant["key"], create_key(service, options));
  }
  return tenant;
}

void print_key(const json::object& key) {
  print_one(key, key_columns());
  print_one(key, {text_column("SECRET", "secret")});
  fmt::print("The secret is shown this once.\n");
}

void print_tenant(const json::object& tenant) {
  print_one(tenant, tenant_columns());
  const json::value* key = tenant.if_contains("key");
  if (key != nullptr && key->is_object()) {
    fmt::print("\n");
    print_key(key->get_object());
  }
}

void add_tenants(CLI::App& app, Invocation& invocation, const std::shared_ptr<TenantOptions>& options) {
  CLI::App* create_app = app.add_subcommand("create", "A new tenant");
  create_app->add_option("NAME", options->name, "Its name")->required();
  create_app->add_option("--deposit", options->amount, "Money to begin with, in the price book's currency");
  create_app->add_option("--credit-line", options->credit, "How far its balance may go below zero");
  create_app->add_flag("--with-key", options->with_key, "Make a key too, and show it");
  create_app->add_option("--scopes", options->scopes, "Of that key")->capture_default_str();
  add_leaf(*create_app, invocation, options, create, print_tenant);

  CLI::App* list_app = app.add_subcommand("list", "All tenants");
  add_leaf(
      *list_app, invocation, options,
      [](ServiceClient& service, const TenantOptions&) { return service.get("/api/v1/tenants"); },
      [](const json::object& tenants) { print_list(tenants, "tenants", tenant_columns()); });

  CLI::App* show_app = app.add_subcommand("show", "One tenant");
  show_app->add_option("TENANT", options->tenant, "Its id")->required();
  add_leaf(
      *show_app, invocation, options,
      [](ServiceClient& service, const TenantOptions& asked) { return service.get(tenant_target(asked)); },
      print_tenant);

  CLI::App* deposit_app = app.add_subcommand("deposit", "Put money on a tenant's account");
  deposit_app->add_option("TENANT", options->tenant, "Its id")->required();
  deposit_app->add_option("AMOUNT", options->amount, "Such as 10 or 0.25")->required();
  deposit_app->add_option("--id", options->request_id,
                          "Your own id for this: repeated, it deposits nothing more");
  add_leaf(
      *deposit_app, invocation, options,
      [](ServiceClient& service, const TenantOptions& asked) {
        return service.post(tenant_target(asked, "/deposits"), {{"amount", asked.amount}}, asked.request_id);
      },
      print_tenant);

  CLI::App* credit_app = app.add_subcommand("credit", "Let a tenant's balance go below zero");
  credit_app->add_option("TENANT", options->tenant, "Its id")->required();
  credit_app->add_option("AMOUNT", options->credit, "How far")->required();
  add_leaf(
      *credit_app, invocation, options,
      [](ServiceClient& service, const TenantOptions& asked) {
        return service.put(tenant_target(asked, "/credit-line"), {{"credit_line", asked.credit}});
      },
      print_tenant);
}

void add_keys(CLI::App& app, Invocation& invocation, const std::shared_ptr<TenantOptions>& options) {
  CLI::App* key_app = app.add_subcommand("key", "Keys of a tenant");
  key_app->require_subcommand(1);
  CLI::App* create_app = key_app->add_subcommand("create", "A new key; its secret is shown once");
  create_app->add_option("TENANT", options->tenant, "The tenant's id")->required();
  create_app->add_option("--name", options->name, "For people");
  create_app->add_option("--scopes", options->scopes, "Of infer, deploy, billing, admin")
      ->capture_default_str();
  create_app->add_option("--expires", options->expires, "2027-01-01T00:00:00Z (default: never)");
  create_app->add_option("--project", options->project, "What it asks for is charged to this project");
  add_leaf(*create_app, invocation, options, create_key, print_key);

  CLI::App* list_app = key_app->add_subcommand("list", "The keys, without their secrets");
  list_app->add_option("TENANT", options->tenant, "The tenant's id")->required();
  add_leaf(
      *list_app, invocation, options,
      [](ServiceClient& service, const TenantOptions& asked) {
        return service.get(tenant_target(asked, "/keys"));
      },
      [](const json::object& keys) { print_list(keys, "keys", key_columns()); });

  CLI::App* revoke_app = key_app->add_subcommand("revoke", "Revoke a key at once");
  revoke_app->add_option("KEY", options->key, "The key's id")->required();
  add_leaf(
      *revoke_app, invocation, options,
      [](ServiceClient& service, const TenantOptions& asked) -> Result<json::object> {
        TRY(service.remove("/api/v1/keys/" + percent_encoded(asked.key)));
        return json::object{{"revoked", asked.key}};
      },
      [](const json::object& answer) { fmt::print("revoked {}\n", text_of(answer, "revoked")); });
}

}  // namespace

void add_tenant(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<TenantOptions>();
  add_tenants(app, invocation, options);
  add_keys(app, invocation, options);
  add_tenant_limits(app, invocation);
}

}  // namespace chengying::cli
