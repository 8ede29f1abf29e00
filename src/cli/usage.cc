// chengying usage: what was used and what it cost, record by record.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "billing/money.h"
#include "cli/commands.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonLines = "application/jsonl", kCsv = "text/csv";

struct UsageOptions {
  ClientConfig client;
  std::string endpoint, lease, project, key, from, to, records, csv;
  bool spend = false;
  std::int64_t after = 0, limit = 1000;
};

std::string target_of(const UsageOptions& options, std::int64_t after) {
  std::string target = fmt::format("/api/v1/usage?after={}&limit={}", after, options.limit);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) target += fmt::format("&{}={}", name, percent_encoded(value));
  };
  add("endpoint", options.endpoint);
  add("lease", options.lease);
  add("project", options.project);
  add("key", options.key);
  add("from", options.from);
  add("to", options.to);
  return target;
}

/// All pages into one file.
Status save(ServiceClient& service, const UsageOptions& options, std::string_view type,
            const std::string& path) {
  std::string lines;
  std::string after = std::to_string(options.after);
  for (bool more = true; more;) {
    HttpRequest request;
    request.target = target_of(options, std::stoll(after));
    request.headers.emplace_back("Accept", type);
    TRY_ASSIGN(const HttpReply reply, service.ask(std::move(request)));
    // Each page of CSV begins with the names.
    const bool names_again = type == kCsv && !lines.empty();
    lines += names_again ? reply.body.substr(std::min(reply.body.find('\n'), reply.body.size() - 1) + 1)
                         : reply.body;
    more = reply.header("Chengying-More") == "true";
    after = reply.header("Chengying-Last-Sequence").value_or(after);
  }
  return write_file_atomically(path, lines);
}

void print(const json::object& page) {
  std::vector<ListColumn> columns = {text_column("SEQUENCE", "sequence", Align::kRight),
                                     text_column("AT", "at"),
                                     text_column("KIND", "kind"),
                                     text_column("REQUEST", "request"),
                                     text_column("OFFER", "offer"),
                                     text_column("BATCH", "batch", Align::kRight),
                                     text_column("SECONDS", "seconds", Align::kRight)};
  for (ListColumn& column : work_columns()) {
    if (column.heading != "TIME") columns.push_back(std::move(column));
  }
  columns.push_back({"PRICE",
                     [](const json::object& record) {
                       return billing::to_string(
                           billing::Money::nano(static_cast<std::int64_t>(number_of(record, "price_nano"))));
                     },
                     Align::kRight});
  print_list(page, "records", columns);
  fmt::print("{} records, {} in all{}\n", text_of(page, "count"), text_of(page, "price"),
             text_of(page, "more") == "true" ? "; more with --after " + text_of(page, "last_sequence") : "");
}

Status usage(const UsageOptions& options, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  if (options.spend) {
    TRY_ASSIGN(const json::object spend, service.get("/api/v1/spend"));
    show(spend, as_json, [&] { print_one(spend, spend_columns()); });
    return {};
  }
  if (!options.records.empty()) TRY(save(service, options, kJsonLines, options.records));
  if (!options.csv.empty()) TRY(save(service, options, kCsv, options.csv));
  if (!options.records.empty() || !options.csv.empty()) return {};
  TRY_ASSIGN(const json::object page, service.get(target_of(options, options.after)));
  show(page, as_json, [&] { print(page); });
  return {};
}

}  // namespace

void add_usage(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<UsageOptions>();
  app.add_option("--endpoint", options->endpoint, "Only of this endpoint");
  app.add_option("--lease", options->lease, "Only of this lease");
  app.add_option("--project", options->project, "Only of this project");
  app.add_option("--used-by", options->key, "Only of this key, by its id");
  app.add_option("--from", options->from, "From this time on: 2026-11-24T05:00:00Z");
  app.add_option("--to", options->to, "Before this time");
  app.add_option("--after", options->after, "Only records after this sequence")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--limit", options->limit, "At most so many (default 1000)")->check(CLI::PositiveNumber);
  app.add_option("--records", options->records, "Write all of them to this file, as JSON Lines");
  app.add_option("--csv", options->csv, "Write all of them to this file, as comma-separated values");
  app.add_flag("--spend", options->spend, "What is being spent, and where it leads by the end of the month");
  add_client_flags(app, options->client);
  on_run(app, invocation, [options, &invocation] { return usage(*options, invocation.json); });
}

}  // namespace chengying::cli
