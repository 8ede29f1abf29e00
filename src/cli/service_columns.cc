#include "cli/service_columns.h"

#include <boost/json.hpp>

#include "cli/service_client.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

/// A number shown by `write`; nothing where it is absent.
ListColumn number_column(std::string heading, std::string member, std::string (*write)(double)) {
  return {std::move(heading),
          [member = std::move(member), write](const json::object& object) {
            return object.contains(member) ? write(number_of(object, member)) : std::string();
          },
          Align::kRight};
}

std::string nanoseconds_text(double nanoseconds) {
  return duration_text(nanoseconds * 1e-9);
}
std::string picojoules_text(double picojoules) {
  return energy_text(picojoules * 1e-12);
}
std::string whole_text(double number) {
  return grouped(static_cast<std::uint64_t>(number));
}
std::string hourly_text(double micro) {
  return fmt::format("{:.6f}", micro * 1e-6);
}

}  // namespace

std::vector<ListColumn> model_columns() {
  return {text_column("ID", "id"),     text_column("NAME", "name"),
          text_column("KIND", "kind"), number_column("SIZE", "size_bytes", bytes_text),
          text_column("CHIP", "chip"), text_column("CREATED", "created_at")};
}

std::vector<ListColumn> offer_columns() {
  return {text_column("OFFER", "id"),
          text_column("CHIP", "chip"),
          text_column("CORES", "cores", Align::kRight),
          text_column("CHIPS", "chips", Align::kRight),
          text_column("TERM", "term"),
          number_column("HOLDING/CORE-HOUR", "capacity_micro_per_core_hour", hourly_text),
          number_column("WORK/CORE-HOUR", "work_micro_per_core_hour", hourly_text)};
}

std::vector<ListColumn> lease_columns() {
  return {text_column("ID", "id"),
          text_column("NAME", "name"),
          text_column("OFFER", "offer"),
          text_column("STATE", "state"),
          text_column("SECONDS", "seconds_used", Align::kRight),
          text_column("OF", "seconds_max", Align::kRight),
          money_column("HELD", "held"),
          money_column("CHARGED", "charged"),
          text_column("STARTS", "estimated_start"),
          text_column("REASON", "reason")};
}

std::vector<ListColumn> event_columns() {
  return {text_column("AT", "at"), text_column("SUBJECT", "subject"), text_column("WHAT", "what")};
}

std::vector<ListColumn> endpoint_columns() {
  return {text_column("NAME", "name"),   text_column("STATE", "state"),
          text_column("CHIP", "chip"),   text_column("CORES", "cores", Align::kRight),
          text_column("LEASE", "lease"), text_column("OFFER", "offer"),
          text_column("MODEL", "model"), text_column("REASON", "reason")};
}

std::vector<ListColumn> tenant_columns() {
  return {
      text_column("ID", "id"),      text_column("NAME", "name"),    money_column("BALANCE", "balance"),
      money_column("HELD", "held"), money_column("SPENT", "spent"), money_column("CREDIT", "credit_line")};
}

std::vector<ListColumn> project_columns() {
  return {text_column("ID", "id"), text_column("NAME", "name"), text_column("CREATED", "created_at")};
}

std::vector<ListColumn> cap_columns() {
  return {text_column("SUBJECT", "subject"), money_column("CAP", "amount"), money_column("SPENT", "spent"),
          money_column("HELD", "held"),      text_column("PER", "per"),     text_column("PERIOD", "period"),
          text_column("ALERTS", "alerts")};
}

std::vector<ListColumn> quota_columns() {
  return {text_column("CORES", "cores", Align::kRight),
          text_column("LEASES", "leases", Align::kRight),
          text_column("ENDPOINTS", "endpoints", Align::kRight),
          text_column("MODELS", "models", Align::kRight),
          number_column("MODEL BYTES", "model_bytes", bytes_text),
          text_column("REQUESTS/S", "requests_per_second", Align::kRight)};
}

std::vector<ListColumn> fleet_columns() {
  return {text_column("CHIP", "id"), text_column("STATE", "state"),
          text_column("CORES", "cores", Align::kRight), text_column("FREE", "free_cores", Align::kRight),
          text_column("REASON", "reason")};
}

std::vector<ListColumn> spend_columns() {
  return {money_column("TODAY", "today"),
          money_column("THIS MONTH", "month"),
          money_column("NOT BILLED YET", "running"),
          money_column("LAST 24 HOURS", "last_24_hours"),
          money_column("FORECAST", "forecast"),
          text_column("CURRENCY", "currency")};
}

std::vector<ListColumn> month_columns() {
  return {text_column("OFFER", "offer"),
          text_column("LEASES", "leases", Align::kRight),
          text_column("USED/1000", "used_per_mille", Align::kRight),
          money_column("HOLDING", "capacity"),
          money_column("WORK", "work"),
          money_column("TOTAL", "total")};
}

std::vector<ListColumn> key_columns() {
  return {text_column("ID", "id"),
          text_column("NAME", "name"),
          text_column("SCOPES", "scopes"),
          text_column("CREATED", "created_at"),
          text_column("EXPIRES", "expires_at"),
          text_column("REVOKED", "revoked"),
          text_column("PROJECT", "project")};
}

std::vector<ListColumn> invoice_columns() {
  return {text_column("ID", "id"), text_column("CREATED", "created_at"),
          text_column("RECORDS", "records", Align::kRight), money_column("TOTAL", "total"),
          text_column("CURRENCY", "currency")};
}

std::vector<ListColumn> balance_columns() {
  return {money_column("BALANCE", "balance"),     money_column("HELD", "held"),
          money_column("AVAILABLE", "available"), money_column("CREDIT", "credit_line"),
          money_column("SPENT", "spent"),         text_column("CURRENCY", "currency")};
}

std::vector<ListColumn> work_columns() {
  return {number_column("CYCLES", "cycles", whole_text),
          number_column("TIME", "modelled_nanoseconds", nanoseconds_text),
          number_column("ENERGY", "picojoules", picojoules_text)};
}

std::vector<ListColumn> quote_columns() {
  std::vector<ListColumn> columns = {text_column("QUOTE", "id"), text_column("OFFER", "offer"),
                                     text_column("BATCH", "batch", Align::kRight),
                                     text_column("SECONDS", "seconds", Align::kRight)};
  for (ListColumn& column : work_columns()) columns.push_back(std::move(column));
  columns.push_back(money_column("PRICE", "price"));
  columns.push_back(text_column("CURRENCY", "currency"));
  columns.push_back(text_column("EXPIRES", "expires_at"));
  columns.push_back(text_column("TOKEN", "token"));
  return columns;
}

}  // namespace chengying::cli
