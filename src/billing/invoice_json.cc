// The invoice's JSON: written field by field in a fixed order, so that the same invoice has the same bytes.
#include <boost/json.hpp>

#include "billing/canonical.h"
#include "billing/invoice.h"

namespace chengying::billing {

namespace {
template <class Visit, class Value>
void visit_line(Visit& visit, Value& line) {
  visit("kind", line.kind);
  visit("subject", line.subject);
  visit.optional("project", line.project);
  visit("offer", line.offer);
  visit("chip", line.chip);
  visit("cores", line.cores);
  visit.optional("chips", line.chips, 1);
  visit("price_book_version", line.price_book_version);
  visit("micro_per_core_hour", line.micro_per_core_hour);
  visit("count", line.count);
  visit("seconds", line.seconds);
  visit("cycles", line.cycles);
  visit("picojoules", line.picojoules);
  visit("exact_nano", line.exact);
  visit("amount_micro", line.amount_micro);
}

template <class Visit, class Value>
void visit_head(Visit& visit, Value& invoice) {
  visit("invoice", invoice.id);
  visit("tenant", invoice.tenant);
  visit("currency", invoice.currency);
  visit("created_at", invoice.created_at);
  visit("period_from", invoice.period_from);
  visit("period_to", invoice.period_to);
}

template <class Visit, class Value>
void visit_sums(Visit& visit, Value& invoice) {
  visit("records", invoice.records);
  visit("first_sequence", invoice.first_sequence);
  visit("last_sequence", invoice.last_sequence);
  visit("chain_before", invoice.chain_before);
  visit("chain_after", invoice.chain_after);
  visit("records_sha256", invoice.records_digest);
  visit("exact_nano", invoice.exact);
  visit("rounding_nano", invoice.rounding);
  visit("total_micro", invoice.total_micro);
}

template <class Visit, class Value>
void visit_book(Visit& visit, Value& book) {
  visit("version", book.version);
  visit("sha256", book.digest);
}

/// Writes fields as lines of indented JSON.
class Printer {
 public:
  Printer(std::string& out, std::string_view separator) : out_(out), separator_(separator) {}
  template <class T>
  void operator()(std::string_view name, const T& value) {
    CanonicalWriter writer;
    writer(name, value);
    const std::string text = writer.finish();  // {"name":value}
    const std::size_t colon = name.size() + 3;
    if (!first_) out_ += separator_;
    first_ = false;
    out_ += fmt::format("{}: {}", text.substr(1, colon - 1), text.substr(colon + 1, text.size() - colon - 2));
  }

  template <class T>
  void optional(std::string_view name, const T& value, const std::type_identity_t<T>& otherwise = T{}) {
    if (value != otherwise) (*this)(name, value);
  }

 private:
  std::string& out_;
  std::string_view separator_;
  bool first_ = true;
};

template <class T, class Visit>
void print_rows(std::string& out, std::string_view name, const std::vector<T>& rows, Visit visit_row) {
  out += fmt::format(",\n  \"{}\": [", name);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += i == 0 ? "\n    {" : ",\n    {";
    Printer printer(out, ", ");
    visit_row(printer, rows[i]);
    out += '}';
  }
  out += rows.empty() ? "]" : "\n  ]";
}

std::string print_without_digest(const Invoice& invoice) {
  std::string out = "{\n  ";
  Printer head(out, ",\n  ");
  visit_head(head, invoice);
  print_rows(out, "price_books", invoice.price_books,
             [](auto& visit, auto& book) { visit_book(visit, book); });
  print_rows(out, "lines", invoice.lines, [](auto& visit, auto& line) { visit_line(visit, line); });
  out += ",\n  ";
  Printer sums(out, ",\n  ");
  visit_sums(sums, invoice);
  sums("total", to_micro_string(invoice.total_micro));
  return out;
}

/// Takes fields out of a JSON object; the first fault stays.
class Picker {
 public:
  Picker(const boost::json::object& object, std::string where) : object_(object), where_(std::move(where)) {}
  template <std::integral T>
  void operator()(std::string_view name, T& value) {
    const boost::json::value* found = find(name);
    if (found == nullptr) return;
    boost::system::error_code fault_code;
    value = found->to_number<T>(fault_code);
    if (fault_code || found->is_double()) fault(name, "is not an integer in its range");
  }
  void operator()(std::string_view name, std::string& value) {
    const boost::json::value* found = find(name);
    if (found == nullptr) return;
    if (!found->is_string()) return fault(name, "is not a string");
    value = std::string(found->get_string());
  }
  void operator()(std::string_view name, Money& value) {
    std::int64_t nano = 0;
    (*this)(name, nano);
    value = Money::nano(nano);
  }
  void operator()(std::string_view name, Digest& value) {
    std::string text;
    (*this)(name, text);
    if (error_) return;
    const auto digest = Digest::from_hex(text);
    if (!digest) return fault(name, "is not 64 hexadecimal characters");
    value = *digest;
  }
  void operator()(std::string_view name, RecordKind& value) {
    std::string text;
    (*this)(name, text);
    if (error_) return;
    if (!enum_from_name(text, value)) fault(name, "is none of work, capacity, adjustment");
  }
  template <class T>
  void optional(std::string_view name, T& value, const std::type_identity_t<T>& otherwise = T{}) {
    if (object_.contains(name)) {
      (*this)(name, value);
    } else {
      value = otherwise;
    }
  }
  Status status() const {
    if (error_) return std::unexpected<Error>(*error_);
    return {};
  }

 private:
  const boost::json::value* find(std::string_view name) {
    if (error_) return nullptr;
    const boost::json::value* found = object_.if_contains(name);
    if (found == nullptr) fault(name, "is missing");
    return found;
  }
  void fault(std::string_view name, std::string_view what) {
    if (!error_) error_ = Error{Code::kInvalidArgument, fmt::format("{}: {} {}", where_, name, what)};
  }
  const boost::json::object& object_;
  std::string where_;
  std::optional<Error> error_;
};

template <class T, class Visit>
Status pick_rows(const boost::json::object& root, std::string_view name, std::vector<T>& rows,
                 Visit visit_row) {
  const boost::json::value* found = root.if_contains(name);
  if (found == nullptr || !found->is_array()) {
    return fail(Code::kInvalidArgument, "invoice: {} is missing or no array", name);
  }
  for (const boost::json::value& row : found->get_array()) {
    const std::string where = fmt::format("invoice: {}[{}]", name, rows.size());
    if (!row.is_object()) return fail(Code::kInvalidArgument, "{} is no object", where);
    Picker picker(row.get_object(), where);
    visit_row(picker, rows.emplace_back());
    TRY(picker.status());
  }
  return {};
}
}  // namespace

Digest digest_of(const Invoice& invoice) {
  return sha256(print_without_digest(invoice));
}

std::string to_json(const Invoice& invoice) {
  return fmt::format("{},\n  \"sha256\": \"{}\"\n}}\n", print_without_digest(invoice), invoice.digest.hex());
}

Result<Invoice> parse_invoice(std::string_view json) {
  boost::system::error_code fault_code;
  const boost::json::value root = boost::json::parse(json, fault_code);
  if (fault_code || !root.is_object()) {
    return fail(Code::kInvalidArgument, "not an invoice: no JSON object{}",
                fault_code ? ": " + fault_code.message() : "");
  }
  const boost::json::object& object = root.get_object();
  Invoice invoice;
  Picker picker(object, "invoice");
  visit_head(picker, invoice);
  visit_sums(picker, invoice);
  picker("sha256", invoice.digest);
  TRY(picker.status());
  TRY(pick_rows(object, "price_books", invoice.price_books,
                [](auto& visit, auto& book) { visit_book(visit, book); }));
  TRY(pick_rows(object, "lines", invoice.lines, [](auto& visit, auto& line) { visit_line(visit, line); }));
  const std::string canonical = to_json(invoice);
  if (canonical != json) {
    const auto [a, b] = std::ranges::mismatch(canonical, json);
    const auto place = a - canonical.begin();
    const auto line = 1 + std::count(canonical.begin(), a, '\n');
    return fail(Code::kDataLoss, "invoice: byte {} (line {}) is not what its fields give: it was changed",
                place, line);
  }
  return invoice;
}

}  // namespace chengying::billing
