#include "cloud/doors/json_of.h"

#include <boost/json.hpp>

#include "cloud/signature_json.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

void add_money(json::object& out, std::string_view name, billing::Money amount) {
  out[name] = billing::to_string(amount);
  out[std::string(name) + "_nano"] = amount.nano();
}

json::array shape_of(const Shape& shape) {
  return json::array(shape.begin(), shape.end());
}

/// A text that is JSON itself, as a value; null for "".
json::value embedded(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  return error ? json::value() : value;
}

json::object signature_of(const cloud::Signature& signature) {
  json::object out{{"inputs", json_of(signature.inputs)}, {"outputs", json_of(signature.outputs)}};
  if (!signature.arguments.empty()) out["arguments"] = cloud::arguments_to_json(signature.arguments);
  return out;
}

}  // namespace

json::array json_of(const std::vector<cloud::Port>& ports) {
  json::array out;
  for (const cloud::Port& port : ports) {
    out.push_back(json::object{
        {"name", port.name}, {"datatype", protocol_name_of(port.dtype)}, {"shape", shape_of(port.shape)}});
  }
  return out;
}

json::object json_of(const cloud::Chip& chip) {
  return {{"name", chip.spec.name},
          {"title", chip.spec.title},
          {"maker", chip.spec.maker},
          {"is_host", chip.spec.is_host},
          {"cores", chip.cores},
          {"free_cores", chip.free_cores},
          {"id", chip.id},
          {"state", chip.state},
          {"reason", chip.reason},
          {"clock_hz", chip.spec.clock_hz},
          {"digest", chip.spec.digest.hex()}};
}

json::object json_of_with_numbers(const cloud::Chip& chip) {
  json::object out = json_of(chip);
  json::array numbers;
  for (const isa::SpecNumber& number : chip.spec.numbers) {
    numbers.push_back(json::object{{"key", number.key},
                                   {"value", number.value},
                                   {"unit", number.unit},
                                   {"provenance", isa::name_of(number.provenance)},
                                   {"source", number.source}});
  }
  out["numbers"] = std::move(numbers);
  return out;
}

json::object json_of(const billing::Offer& offer) {
  return {{"id", offer.id},
          {"chip", offer.chip},
          {"cores", offer.cores},
          {"chips", offer.chips},
          {"term", billing::name_of(offer.term)},
          {"notice_seconds", offer.notice_seconds},
          {"capacity_micro_per_core_hour", offer.capacity_micro_per_core_hour},
          {"work_micro_per_core_hour", offer.work_micro_per_core_hour},
          {"seconds_max", offer.seconds_max}};
}

json::object json_of(const cloud::Model& model) {
  json::object out{{"id", model.id},
                   {"name", model.name},
                   {"kind", cloud::name_of(model.kind)},
                   {"size_bytes", model.size_bytes},
                   {"created_at", model.created_at},
                   {"signature", signature_of(model.signature)}};
  json::object metadata;
  for (const auto& [name, value] : model.metadata) metadata[name] = value;
  out["metadata"] = std::move(metadata);
  if (model.kind == cloud::ModelKind::kExecutable) {
    out["chip"] = model.chip;
    out["cores"] = model.cores;
  }
  return out;
}

json::object json_of(const cloud::QuoteAnswer& quote) {
  json::object out{{"id", quote.id},
                   {"token", quote.token},
                   {"offer", quote.offer},
                   {"chip", quote.chip},
                   {"cores", quote.cores},
                   {"currency", quote.currency},
                   {"price_book_version", quote.price_book_version},
                   {"expires_at", quote.expires_at}};
  add_money(out, "price", quote.price);
  if (quote.batch > 0) {
    out["kind"] = "inference";
    out["batch"] = quote.batch;
    out["cycles"] = quote.cycles;
    out["modelled_nanoseconds"] = quote.nanoseconds;
    out["picojoules"] = quote.picojoules;
    out["executable"] = quote.executable.hex();
    if (!quote.arguments.empty()) out["arguments"] = quote.arguments;
  } else {
    out["kind"] = "lease";
    out["seconds"] = quote.seconds;
  }
  return out;
}

json::object json_of(const cloud::Lease& lease) {
  json::object out{{"id", lease.id},
                   {"name", lease.name},
                   {"offer", lease.offer},
                   {"chip", lease.chip},
                   {"cores", lease.cores},
                   {"chips", lease.chips},
                   {"on", json::array(lease.on.begin(), lease.on.end())},
                   {"fence", lease.fence},
                   {"project", lease.project},
                   {"estimated_start", lease.estimated_start},
                   {"taken_back", lease.taken_back},
                   {"term", billing::name_of(lease.term)},
                   {"state", cloud::name_of(lease.state)},
                   {"reason", lease.reason},
                   {"seconds_max", lease.seconds_max},
                   {"seconds_used", lease.seconds_used},
                   {"capacity_micro_per_core_hour", lease.capacity_micro_per_core_hour},
                   {"work_micro_per_core_hour", lease.work_micro_per_core_hour},
                   {"price_book_version", lease.price_book_version},
                   {"request_id", lease.request_id},
                   {"created_at", lease.created_at},
                   {"ended_at", lease.ended_at}};
  add_money(out, "held", lease.held);
  add_money(out, "charged", lease.charged);
  return out;
}

json::object json_of(const cloud::Event& event) {
  return {{"sequence", event.sequence}, {"at", event.at}, {"subject", event.subject}, {"what", event.what}};
}

json::object json_of(const cloud::Endpoint& endpoint) {
  return {{"id", endpoint.id},
          {"name", endpoint.name},
          {"model", endpoint.model},
          {"lease", endpoint.lease},
          {"offer", endpoint.offer},
          {"chip", endpoint.chip},
          {"cores", endpoint.cores},
          {"state", cloud::name_of(endpoint.state)},
          {"reason", endpoint.reason},
          {"executable", endpoint.executable.hex()},
          {"batches", json::array(endpoint.batches.begin(), endpoint.batches.end())},
          {"signature", signature_of(endpoint.signature)},
          {"preprocessing", embedded(endpoint.preprocessing)},
          {"has_labels", !endpoint.labels.empty()},
          {"project", endpoint.project},
          {"created_at", endpoint.created_at}};
}

json::object json_of(const cloud::Tenant& tenant) {
  json::object out{{"id", tenant.id}, {"name", tenant.name}, {"created_at", tenant.created_at}};
  add_money(out, "balance", tenant.balance);
  add_money(out, "held", tenant.held);
  add_money(out, "credit_line", tenant.credit_line);
  add_money(out, "spent", tenant.spent);
  return out;
}

json::object json_of(const cloud::Key& key) {
  return {{"id", key.id},
          {"tenant", key.tenant},
          {"name", key.name},
          {"scopes", cloud::to_string(key.scopes)},
          {"created_at", key.created_at},
          {"expires_at", key.expires_at},
          {"revoked", key.revoked},
          {"project", key.project}};
}

json::object json_of(const cloud::Balance& balance) {
  json::object out{{"currency", balance.currency}};
  add_money(out, "balance", balance.balance);
  add_money(out, "held", balance.held);
  add_money(out, "available", balance.available);
  add_money(out, "credit_line", balance.credit_line);
  add_money(out, "spent", balance.spent);
  return out;
}

json::object json_of(const cloud::InvoiceView& invoice) {
  json::object out{{"id", invoice.id},
                   {"tenant", invoice.tenant},
                   {"created_at", invoice.created_at},
                   {"records", invoice.records},
                   {"total_micro", invoice.total_micro},
                   {"total", billing::to_micro_string(invoice.total_micro)},
                   {"currency", invoice.currency}};
  if (!invoice.text.empty()) out["text"] = invoice.text;
  return out;
}

json::object json_of(const cloud::Receipt& receipt) {
  json::object out{{"request_id", receipt.request_id},
                   {"endpoint", receipt.endpoint},
                   {"executable", receipt.executable},
                   {"chip", receipt.chip},
                   {"cores", receipt.cores},
                   {"batch", receipt.batch},
                   {"cycles", receipt.cycles},
                   {"modelled_nanoseconds", receipt.nanoseconds},
                   {"picojoules", receipt.picojoules},
                   {"clock_nanoseconds", receipt.clock_nanoseconds},
                   {"currency", receipt.currency},
                   {"usage_record", receipt.record},
                   {"already_charged", receipt.already_charged}};
  add_money(out, "price", receipt.price);
  if (!receipt.quote.empty()) out["quote"] = receipt.quote;
  if (!receipt.arguments.empty()) out["arguments"] = receipt.arguments;
  return out;
}

json::object json_of(const cloud::Project& project) {
  return {{"id", project.id}, {"name", project.name}, {"created_at", project.created_at}};
}

json::object json_of(const cloud::Cap& cap) {
  json::object out{{"subject", cap.subject}, {"alerts", cap.alerts}};
  add_money(out, "amount", cap.amount);
  add_money(out, "spent", cap.spent);
  add_money(out, "held", cap.held);
  out["per"] = cap.per;
  if (!cap.period.empty()) out["period"] = cap.period;
  return out;
}

json::object json_of(const cloud::Quota& quota) {
  return {{"cores", quota.cores},
          {"leases", quota.leases},
          {"endpoints", quota.endpoints},
          {"models", quota.models},
          {"model_bytes", quota.model_bytes},
          {"requests_per_second", quota.requests_per_second}};
}

json::object json_of(const cloud::Spend& spend) {
  json::object out{{"currency", spend.currency}, {"at", spend.at}};
  add_money(out, "today", spend.today);
  add_money(out, "month", spend.month);
  add_money(out, "running", spend.running);
  add_money(out, "last_24_hours", spend.last_day);
  add_money(out, "forecast", spend.forecast);
  return out;
}

json::object json_of(const cloud::MonthTable& table) {
  json::array rows;
  for (const cloud::MonthRow& row : table.rows) {
    json::object out{{"offer", row.offer},
                     {"chip", row.chip},
                     {"cores", row.cores},
                     {"chips", row.chips},
                     {"term", billing::name_of(row.term)},
                     {"leases", row.leases},
                     {"cycles_per_request", row.cycles},
                     {"used_per_mille", row.used_per_mille}};
    add_money(out, "capacity", row.capacity);
    add_money(out, "work", row.work);
    add_money(out, "total", row.total);
    rows.push_back(std::move(out));
  }
  return {{"kind", "month"},
          {"currency", table.currency},
          {"price_book_version", table.price_book_version},
          {"rows", std::move(rows)}};
}

Response json_response(const json::object& body, int status) {
  Response response;
  response.status = status;
  response.body = json::serialize(body) + "\n";
  return response;
}

}  // namespace chengying::doors
