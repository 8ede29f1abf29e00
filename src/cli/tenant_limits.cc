// chengying tenant project, cap, quota, weight, credit, refund: who may spend what.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>

#include "cli/commands.h"
#include "cli/operator_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct LimitOptions {
  ClientConfig client;
  std::string data, tenant, name, subject = "self", amount, alerts = "50,80,100", per, note, request_id;
  std::int64_t weight = 1;
  std::map<std::string, std::int64_t> quota;
};
using Options = std::shared_ptr<LimitOptions>;
using Ask = std::function<Result<json::object>(ServiceClient&, const LimitOptions&)>;
using Print = std::function<void(const json::object&)>;

constexpr const char* kQuotas[] = {"cores",  "leases",      "endpoints",
                                   "models", "model_bytes", "requests_per_second"};

std::string target_of(const LimitOptions& options, std::string_view rest) {
  return fmt::format("/api/v1/tenants/{}{}", percent_encoded(options.tenant), rest);
}
std::string cap_of(const LimitOptions& options) {
  return target_of(options, "/caps/" + percent_encoded(options.subject));
}

/// A command on one tenant: how it is asked for, and shown.
CLI::App* add(CLI::App& app, Invocation& invocation, const Options& options, const char* name,
              const char* what, Ask ask, Print print) {
  CLI::App* leaf = app.add_subcommand(name, what);
  leaf->add_option("TENANT", options->tenant, "Its id; self: that of your key")->required();
  leaf->add_option("--data", options->data,
                   "The service's data folder, whether it runs or not (else --server, --key)");
  add_client_flags(*leaf, options->client);
  on_run(*leaf, invocation,
         [options, &invocation, ask = std::move(ask), print = std::move(print)]() -> Status {
           TRY_ASSIGN(OperatorClient client, OperatorClient::open(options->data, options->client));
           TRY_ASSIGN(const json::object answer, ask(client.service(), *options));
           show(answer, invocation.json, [&] { print(answer); });
           return {};
         });
  return leaf;
}

void print_cap(const json::object& cap) {
  print_one(cap, cap_columns());
}

void add_projects(CLI::App& app, Invocation& invocation, const Options& options) {
  CLI::App* group = app.add_subcommand("project", "Projects of a tenant");
  group->require_subcommand(1);
  CLI::App* create = add(
      *group, invocation, options, "create", "A new project; then give it keys (tenant key create --project)",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.post(target_of(asked, "/projects"), {{"name", asked.name}});
      },
      [](const json::object& project) { print_one(project, project_columns()); });
  create->add_option("NAME", options->name, "For people")->required();
  add(
      *group, invocation, options, "list", "Its projects",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.get(target_of(asked, "/projects"));
      },
      [](const json::object& answer) { print_list(answer, "projects", project_columns()); });
}

void add_caps(CLI::App& app, Invocation& invocation, const Options& options) {
  CLI::App* group = app.add_subcommand("cap", "What a tenant, a project or a key may spend");
  group->require_subcommand(1);
  CLI::App* set = add(
      *group, invocation, options, "set", "From now on it may spend so much",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.put(cap_of(asked),
                           {{"amount", asked.amount}, {"alerts", asked.alerts}, {"per", asked.per}});
      },
      print_cap);
  set->add_option("AMOUNT", options->amount, "Such as 25")->required();
  set->add_option("--on", options->subject, "Id of a project or a key (default: the tenant)");
  set->add_option("--per", options->per, "month: anew in each calendar month, UTC (default: in all)")
      ->check(CLI::IsMember({"month"}));
  set->add_option("--alerts", options->alerts, "Shares in percent at which an event is written")
      ->capture_default_str();
  add(
      *group, invocation, options, "list", "Its caps, with what is spent and held of them",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.get(target_of(asked, "/caps"));
      },
      [](const json::object& answer) { print_list(answer, "caps", cap_columns()); });
  CLI::App* remove = add(
      *group, invocation, options, "remove", "No cap any more",
      [](ServiceClient& service, const LimitOptions& asked) -> Result<json::object> {
        TRY(service.remove(cap_of(asked)));
        return json::object{{"removed", asked.subject}};
      },
      [](const json::object& answer) { fmt::print("removed the cap on {}\n", text_of(answer, "removed")); });
  remove->add_option("--on", options->subject, "Id of a project or a key (default: the tenant)");
}

void add_quota(CLI::App& app, Invocation& invocation, const Options& options) {
  CLI::App* quota = add(
      app, invocation, options, "quota",
      "What it may have at once; with flags, changes it (for the operator)",
      [](ServiceClient& service, const LimitOptions& asked) {
        json::object body;
        for (const auto& [name, value] : asked.quota) body[name] = value;
        const std::string target = target_of(asked, "/quota");
        return body.empty() ? service.get(target) : service.put(target, body);
      },
      [](const json::object& answer) { print_one(answer, quota_columns()); });
  for (const char* name : kQuotas) {
    std::string flag = std::string("--") + name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    quota->add_option_function<std::int64_t>(
        flag, [options, name](const std::int64_t& value) { options->quota[name] = value; },
        "So many at most");
  }
}

}  // namespace

void add_tenant_limits(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<LimitOptions>();
  add_projects(app, invocation, options);
  add_caps(app, invocation, options);
  add_quota(app, invocation, options);
  CLI::App* weight = add(
      app, invocation, options, "weight", "Its share in the queue for cores, beside others with theirs",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.put(target_of(asked, "/weight"), {{"weight", asked.weight}});
      },
      [](const json::object& answer) { fmt::print("weight {}\n", text_of(answer, "weight")); });
  weight->add_option("WEIGHT", options->weight, "1 to 1000")->required();
  CLI::App* credit = add(
      app, invocation, options, "credit-note", "Give back what was billed: a line of the next invoice",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.post(target_of(asked, "/credits"), {{"amount", asked.amount}, {"note", asked.note}},
                            asked.request_id);
      },
      [](const json::object& tenant) { print_one(tenant, tenant_columns()); });
  credit->add_option("AMOUNT", options->amount, "Such as 0.25")->required();
  credit->add_option("NOTE", options->note, "What for: stands on the invoice")->required();
  credit->add_option("--id", options->request_id, "Your own id for this: repeated, it credits nothing more");
  CLI::App* refund = add(
      app, invocation, options, "refund", "Pay back what was prepaid and is neither spent nor held",
      [](ServiceClient& service, const LimitOptions& asked) {
        return service.post(target_of(asked, "/refunds"), {{"amount", asked.amount}, {"note", asked.note}},
                            asked.request_id);
      },
      [](const json::object& tenant) { print_one(tenant, tenant_columns()); });
  refund->add_option("AMOUNT", options->amount, "Such as 0.25")->required();
  refund->add_option("NOTE", options->note, "What for: stands in the events")->required();
  refund->add_option("--id", options->request_id, "Your own id for this: repeated, it refunds nothing more");
}

}  // namespace chengying::cli
