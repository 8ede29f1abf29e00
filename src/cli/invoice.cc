// chengying invoice: invoices, their records and price books, as files that `chengying verify` takes.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

struct InvoiceOptions {
  ClientConfig client;
  std::string id, request_id, output, records, prices, page, pdf;
};

Result<std::string> fetch(ServiceClient& service, const std::string& target, std::string_view accept) {
  HttpRequest request;
  request.target = target;
  request.headers.emplace_back("Accept", accept);
  TRY_ASSIGN(HttpReply reply, service.ask(std::move(request)));
  return std::move(reply.body);
}

/// The price books that an invoice names, one file after another only if there is one: `verify` takes several
/// files.
Status save_prices(ServiceClient& service, const std::string& invoice, const std::string& path) {
  json::error_code failed;
  const json::value document = json::parse(invoice, failed);
  const json::value* books =
      failed || !document.is_object() ? nullptr : document.get_object().if_contains("price_books");
  if (books == nullptr || !books->is_array() || books->get_array().empty()) {
    return fail(Code::kDataLoss, "the invoice names no price book");
  }
  const json::array& list = books->get_array();
  for (const json::value& book : list) {
    const std::string version = text_of(book.as_object(), "version");
    TRY_ASSIGN(const std::string text, fetch(service, "/api/v1/price-books/" + version, "application/toml"));
    TRY(write_file_atomically(list.size() == 1 ? path : path + "." + version, text));
  }
  return {};
}

Status save_and_print(ServiceClient& service, const InvoiceOptions& options, bool as_json) {
  const std::string target = "/api/v1/invoices/" + percent_encoded(options.id);
  TRY_ASSIGN(const std::string invoice, fetch(service, target, "application/json"));
  if (!options.output.empty()) TRY(write_file_atomically(options.output, invoice));
  if (!options.records.empty()) {
    TRY_ASSIGN(const std::string records, fetch(service, target + "/records", "application/jsonl"));
    TRY(write_file_atomically(options.records, records));
  }
  if (!options.page.empty()) {
    TRY_ASSIGN(const std::string page, fetch(service, target, "text/html"));
    TRY(write_file_atomically(options.page, page));
  }
  if (!options.pdf.empty()) {
    TRY_ASSIGN(const std::string pdf, fetch(service, target, "application/pdf"));
    TRY(write_file_atomically(options.pdf, pdf));
  }
  if (!options.prices.empty()) TRY(save_prices(service, invoice, options.prices));
  if (as_json) {
    fmt::print("{}", invoice);
    return {};
  }
  TRY_ASSIGN(const std::string text, fetch(service, target, "text/plain"));
  fmt::print("{}", text);
  return {};
}

Status create(InvoiceOptions options, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  TRY_ASSIGN(const json::object invoice, service.post("/api/v1/invoices", {}, options.request_id));
  options.id = text_of(invoice, "id");
  return save_and_print(service, options, as_json);
}

void add_file_flags(CLI::App& app, InvoiceOptions& options) {
  app.add_option("--output", options.output, "Write the invoice to this file, as JSON");
  app.add_option("--records", options.records,
                 "Write the records that it sums up to this file, as JSON Lines");
  app.add_option("--page", options.page, "Write the invoice to this file, as a page of HTML to print");
  app.add_option("--pdf", options.pdf, "Write the invoice to this file, as a PDF of A4 pages");
  app.add_option("--prices", options.prices, "Write the price book that was in force to this file");
  add_client_flags(app, options.client);
}

}  // namespace

void add_invoice(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<InvoiceOptions>();
  CLI::App* create_app = app.add_subcommand("create", "Invoice everything that has none yet");
  create_app->add_option("--id", options->request_id,
                         "Your own id for this request: repeated, it gives the same invoice");
  add_file_flags(*create_app, *options);
  on_run(*create_app, invocation, [options, &invocation] { return create(*options, invocation.json); });

  CLI::App* list_app = app.add_subcommand("list", "Your invoices");
  add_client_flags(*list_app, options->client);
  on_run(*list_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    TRY_ASSIGN(const json::object invoices, service.get("/api/v1/invoices"));
    show(invoices, invocation.json, [&] { print_list(invoices, "invoices", invoice_columns()); });
    return {};
  });

  CLI::App* show_app = app.add_subcommand("show", "One invoice, to read or to save");
  show_app->add_option("ID", options->id, "The invoice")->required();
  add_file_flags(*show_app, *options);
  on_run(*show_app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(options->client));
    return save_and_print(service, *options, invocation.json);
  });
}

}  // namespace chengying::cli
