// The control API: balance, usage, invoices.
#include <boost/json.hpp>
#include <charconv>

#include "billing/invoice.h"
#include "cloud/doors/handlers.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_of.h"
#include "cloud/invoice_pdf.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonLines = "application/jsonl";

bool accepts(const Call& call, std::string_view type) {
  const auto accept = call.request.head.header("Accept");
  return accept && accept->find(type) != std::string_view::npos;
}

/// The lines of `jsonl` as the elements of a JSON array.
std::string array_of_lines(std::string_view jsonl) {
  std::string out = "[";
  while (!jsonl.empty()) {
    const std::size_t end = std::min(jsonl.find('\n'), jsonl.size());
    if (end > 0) {
      if (out.size() > 1) out += ',';
      out += jsonl.substr(0, end);
    }
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
  }
  return out += ']';
}

}  // namespace

Status take_number(const Target& target, std::string_view name, std::int64_t& out) {
  const auto text = target.query_value(name);
  if (!text) return {};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error == std::errc() && end == text->data() + text->size() && out >= 0) return {};
  return fail(Code::kInvalidArgument, "?{}= must be a whole number, not '{}'", name, *text);
}

Result<Response> show_balance(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Balance balance, services.cloud.balance(call.caller));
  return json_response(json_of(balance));
}

Result<Response> show_spend(const Services& services, Call& call) {
  TRY_ASSIGN(const cloud::Spend spend, services.cloud.spend(call.caller));
  return json_response(json_of(spend));
}

Result<Response> list_usage(const Services& services, Call& call) {
  const Target& target = call.request.head.target;
  cloud::UsageFilter filter;
  filter.tenant = target.query_value("tenant").value_or("");
  filter.endpoint = target.query_value("endpoint").value_or("");
  filter.lease = target.query_value("lease").value_or("");
  filter.project = target.query_value("project").value_or("");
  filter.key = target.query_value("key").value_or("");
  filter.from = target.query_value("from").value_or("");
  filter.to = target.query_value("to").value_or("");
  TRY(take_number(target, "after", filter.after_sequence));
  TRY(take_number(target, "limit", filter.limit));
  TRY_ASSIGN(cloud::UsagePage page, services.cloud.usage(call.caller, filter));
  Response response;
  if (accepts(call, kJsonLines) || accepts(call, "application/x-ndjson")) {
    response.content_type = kJsonLines;
    response.body = std::move(page.jsonl);
    response.headers.push_back({"Chengying-Last-Sequence", std::to_string(page.last_sequence)});
    response.headers.push_back({"Chengying-More", page.more ? "true" : "false"});
    return response;
  }
  if (accepts(call, "text/csv")) {
    response.content_type = "text/csv; charset=utf-8; header=present";
    TRY_ASSIGN(response.body, billing::to_csv(page.jsonl));
    response.headers.push_back({"Chengying-Last-Sequence", std::to_string(page.last_sequence)});
    response.headers.push_back({"Chengying-More", page.more ? "true" : "false"});
    return response;
  }
  response.body = fmt::format(
      "{{\"records\":{},\"count\":{},\"last_sequence\":{},\"more\":{},\"price\":\"{}\",\"price_nano\":{},"
      "\"cycles\":{},\"picojoules\":{}}}\n",
      array_of_lines(page.jsonl), page.count, page.last_sequence, page.more, billing::to_string(page.price),
      page.price.nano(), page.cycles, page.picojoules);
  return response;
}

Result<Response> create_invoice(const Services& services, Call& call) {
  JsonBody body(call.request.body);
  const std::string tenant = body.text_or("tenant", "");
  TRY(body.finish());
  TRY_ASSIGN(const cloud::InvoiceView invoice,
             services.cloud.create_invoice(call.caller, tenant, idempotency_key(call)));
  return json_response(json_of(invoice), 201);
}

Result<Response> list_invoices(const Services& services, Call& call) {
  TRY_ASSIGN(const std::vector<cloud::InvoiceView> invoices, services.cloud.invoices(call.caller));
  json::array out;
  for (const cloud::InvoiceView& invoice : invoices) out.push_back(json_of(invoice));
  return json_response({{"invoices", std::move(out)}});
}

Result<Response> show_invoice(const Services& services, Call& call) {
  TRY_ASSIGN(cloud::InvoiceView invoice, services.cloud.invoice(call.caller, call.parameters[0]));
  Response response;
  if (accepts(call, "application/pdf")) {
    TRY_ASSIGN(const billing::Invoice document, billing::parse_invoice(invoice.json));
    TRY_ASSIGN(response.body, cloud::invoice_pdf(document, invoice.tenant_name));
    response.content_type = "application/pdf";
  } else if (accepts(call, "text/html")) {
    response.content_type = "text/html; charset=utf-8";
    response.body = std::move(invoice.html);
  } else if (accepts(call, "text/plain")) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(invoice.text);
  } else {
    response.body = std::move(invoice.json);  // byte for byte what `verify` takes
  }
  return response;
}

Result<Response> list_invoice_records(const Services& services, Call& call) {
  Response response;
  response.content_type = kJsonLines;
  TRY(services.cloud.invoice_records(call.caller, call.parameters[0], [&](std::string_view piece) -> Status {
    response.body += piece;
    return {};
  }));
  return response;
}

}  // namespace chengying::doors
