#include "cloud/store/command.h"

#include <concepts>
#include <optional>
#include <utility>

namespace chengying::cloud {

namespace {
template <class T, class... Options>
concept OneOf = (std::same_as<std::remove_const_t<T>, Options> || ...);
}  // namespace

// One function for each command lists its fields, for writing and reading alike (T is the command, const or
// not).
template <class V, OneOf<OpenBook> T>
void visit_fields(V& visit, T& c) {
  visit("version", c.version), visit("currency", c.currency), visit("text", c.text);
}
template <class V, OneOf<SignBook> T>
void visit_fields(V& visit, T& c) {
  visit("version", c.version), visit("signature", c.signature);
}
template <class V, OneOf<SetWeight> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("weight", c.weight);
}
template <class V, OneOf<SetQuota> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("cores", c.cores), visit("leases", c.leases);
  visit("endpoints", c.endpoints), visit("models", c.models), visit("model_bytes", c.model_bytes);
  visit("requests_per_second", c.requests_per_second);
}
template <class V, OneOf<CreateProject> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("name", c.name);
}
template <class V, OneOf<SetCap> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("subject", c.subject), visit("amount", c.amount),
      visit("alerts", c.alerts);
  visit.optional("per", c.per);
}
template <class V, OneOf<RemoveCap> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("subject", c.subject);
}
template <class V, OneOf<Credit, Refund> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("request", c.request), visit("amount", c.amount), visit("note", c.note);
}
template <class V, OneOf<CreateTenant> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("name", c.name), visit("credit_line", c.credit_line);
}
template <class V, OneOf<SetCreditLine> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("credit_line", c.credit_line);
}
template <class V, OneOf<Deposit> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("request", c.request), visit("amount", c.amount);
}
template <class V, OneOf<CreateKey> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("name", c.name), visit("hash", c.hash);
  visit("scopes", c.scopes), visit("expires_us", c.expires_us), visit.optional("project", c.project);
}
template <class V, OneOf<RevokeKey, MeterLease, DeleteEndpoint> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id);
}
template <class V, OneOf<CreateModel> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("id", c.id), visit("name", c.name), visit("kind", c.kind);
  visit("size_bytes", c.size_bytes), visit("signature", c.signature), visit("metadata", c.metadata);
  visit("chip", c.chip), visit("cores", c.cores);
}
template <class V, OneOf<DeleteModel> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("id", c.id);
}
template <class V, OneOf<RegisterChip> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("chip", c.chip), visit("position", c.position), visit("cores", c.cores);
}
template <class V, OneOf<OpenPool> T>
void visit_fields(V& visit, T& c) {
  visit("offer", c.offer), visit("chip", c.chip), visit("cores", c.cores);
}
template <class V, OneOf<SetChipState> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("state", c.state), visit("reason", c.reason);
  visit.optional("good_until_us", c.good_until_us);
}
template <class V, OneOf<ActivateLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit.optional("fence", c.fence);
}
template <class V, OneOf<ExtendLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("request", c.request), visit("seconds", c.seconds);
  visit("seconds_max", c.seconds_max);
}
template <class V, OneOf<ResizeLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("request", c.request), visit("offer", c.offer);
  visit("cores", c.cores), visit("chips", c.chips), visit("capacity_price", c.capacity_price);
  visit("work_price", c.work_price), visit("price_book_version", c.price_book_version);
  visit("cores_most", c.cores_most);
}
template <class V, OneOf<MoveLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("request", c.request);
}
template <class V, OneOf<RequestLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("request", c.request), visit("body", c.body);
  visit("name", c.name), visit("offer", c.offer), visit("chip", c.chip), visit("cores", c.cores);
  visit("term", c.term), visit("seconds_max", c.seconds_max), visit("capacity_price", c.capacity_price);
  visit("work_price", c.work_price), visit("price_book_version", c.price_book_version);
  visit("hold", c.hold), visit("quote", c.quote);
  visit.optional("chips", c.chips, 1), visit.optional("project", c.project), visit.optional("key", c.key);
  visit.optional("wait_seconds", c.wait_seconds), visit.optional("notice_seconds", c.notice_seconds);
  visit.optional("cores_most", c.cores_most), visit.optional("leases_most", c.leases_most);
}
template <class V, OneOf<DrainLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("reason", c.reason);
}
template <class V, OneOf<EndLease> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("failed", c.failed), visit("reason", c.reason);
}
template <class V, OneOf<CreateEndpoint> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("name", c.name), visit("model", c.model);
  visit("lease", c.lease), visit("offer", c.offer), visit("chip", c.chip), visit("cores", c.cores);
  visit("work_price", c.work_price), visit("price_book_version", c.price_book_version);
  visit("batches", c.batches), visit("preprocessing", c.preprocessing), visit("labels", c.labels);
  visit.optional("project", c.project);
}
template <class V, OneOf<SetEndpointState> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("state", c.state), visit("reason", c.reason);
}
template <class V, OneOf<HoldWork> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("request", c.request), visit("named", c.named), visit("body", c.body);
  visit("amount", c.amount), visit("quote", c.quote);
  visit.optional("project", c.project), visit.optional("key", c.key);
  visit.optional("process", c.process);
}
template <class V, OneOf<PostWork> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("request", c.request), visit("named", c.named);
  visit("endpoint", c.endpoint), visit("lease", c.lease), visit("offer", c.offer), visit("chip", c.chip);
  visit("cores", c.cores), visit("clock_hz", c.clock_hz), visit("executable", c.executable);
  visit("batch", c.batch), visit("cycles", c.cycles), visit("picojoules", c.picojoules);
  visit("price_book_version", c.price_book_version), visit("work_price", c.work_price),
      visit("quote", c.quote);
  visit.optional("project", c.project), visit.optional("key", c.key), visit.optional("fence", c.fence);
  visit.optional("arguments", c.arguments), visit.optional("bytes", c.bytes);
  visit.optional("status", c.status), visit.optional("started_us", c.started_us);
}
template <class V, OneOf<VoidWork> T>
void visit_fields(V& visit, T& c) {
  visit("tenant", c.tenant), visit("request", c.request);
}
template <class V, OneOf<VoidUnanswered> T>
void visit_fields(V& visit, T& c) {
  visit.optional("process", c.process);
}
template <class V, OneOf<Schedule, Barrier> T>
void visit_fields(V&, T&) {}
template <class V, OneOf<StoreInvoice> T>
void visit_fields(V& visit, T& c) {
  visit("id", c.id), visit("tenant", c.tenant), visit("request", c.request);
  visit("first_sequence", c.first_sequence), visit("last_sequence", c.last_sequence);
  visit("records", c.records), visit("total_micro", c.total_micro), visit("rounding", c.rounding);
  visit("json", c.json);
}

std::string_view name_of(const Command& command) {
  return std::visit([](const auto& c) { return c.kName; }, command);
}

std::string to_text(const Command& command) {
  return std::visit([](const auto& c) { return billing::write_canonical(c); }, command);
}

namespace {
template <std::size_t Index = 0>
Result<Command> parse_from(std::string_view name, std::string_view text) {
  if constexpr (Index == std::variant_size_v<Command>) {
    return fail(Code::kDataLoss, "no command is called \"{}\"", name);
  } else {
    using One = std::variant_alternative_t<Index, Command>;
    if (name != One::kName) return parse_from<Index + 1>(name, text);
    auto one = billing::read_canonical<One>(text);
    if (!one) return fail(Code::kDataLoss, "{}: {}", name, one.error().message);
    return Command(*std::move(one));
  }
}
}  // namespace

Result<Command> parse_command(std::string_view name, std::string_view text) {
  return parse_from(name, text);
}

}  // namespace chengying::cloud
