// Cloud: the rental as one object: tenants, keys, models, leases, endpoints, inference, metering, ledger,
// invoices. The doors (HTTP, the CLI's client) stand over it and hold no state of their own. Invariant: no
// answer leaves before its usage record and its charge are durable; money moves once (laws 3 and 6).
// Thread-safe: any thread may call any method. All block (at most for a commit, except where said) but
// `infer`. Failure: an Error whose message may be shown to the caller; another tenant's things are kNotFound.
// A store that can't be written (disk full) gives kUnavailable until it can be again, by itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "billing/money.h"
#include "billing/price_book.h"
#include "cloud/limits.h"
#include "compiler/compile.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "runtime/device.h"
#include "tensor/tensor.h"

namespace chengying::cloud {

using billing::Money;

// ----------------------------------------------------------------------------------------------
// configuration

class Faults;  // faulty_device.h

/// How often chips are asked whether they are well, and what they may take for an answer.
struct HealthOptions {
  std::chrono::milliseconds every{0};             // 0: never
  std::chrono::milliseconds stuck_after{60'000};  // until a self-test ends, with all that waits before it
  std::chrono::milliseconds slow_after{1'000};    // that it runs
};

/// What Cloud needs from the layers below. `real_machinery()` for the product; tests put their own in.
struct Machinery {
  std::function<std::unique_ptr<runtime::Device>(isa::ChipSpec, const runtime::DeviceOptions&)> make_device;
  std::function<Result<compiler::CompileOutput>(const compiler::ModelSource&, const isa::ChipSpec&,
                                                const compiler::CompileOptions&)>
      compile;
  std::function<Result<compiler::ModelSignature>(const compiler::ModelSource&)> signature_of;
  // nullptr: chips fail only by themselves, and nobody may inject faults. Shared with the devices and with
  // who injects them.
  std::shared_ptr<Faults> faults;
};
Machinery real_machinery();
/// The same with each slice a process of its own, on host cores of its own while there are enough; says in
/// the log what happens to them. Only for a program that has the command `worker`.
Machinery machinery_of_workers();

/// Chips of one kind: NAME.0, NAME.1 and so on, next to each other.
struct ChipConfig {
  isa::ChipSpec spec;
  runtime::DeviceOptions options;
  std::int64_t count = 1;
};

struct Config {
  std::filesystem::path data_folder;  // made if absent; one Cloud of a name at a time (locked)
  std::string store_url;  // postgresql://..., where several control processes share one store; "": a file
  std::string process;    // this control process's name among them; "": it is alone
  std::string price_book_toml;    // the book's text; config/prices.toml is the default that ships
  std::string price_book_path;    // for messages only
  std::vector<ChipConfig> chips;  // at least one; names distinct
  Limits limits;
  HealthOptions health;
  Machinery machinery;
  const Clock* clock = nullptr;  // nullptr: the machine's, steady. Must outlive the Cloud.
};

// ---------------------------------------------------------------------------------------------- who asks

/// What a key may do. Admin is the operator's and includes all others, for every tenant.
enum class Scope : std::uint8_t { kInfer = 1, kDeploy = 2, kBilling = 4, kAdmin = 8 };
using Scopes = std::uint8_t;            // Scope values or-ed
std::string_view name_of(Scope scope);  // "infer", "deploy", "billing", "admin"
Result<Scopes> parse_scopes(std::string_view comma_separated);
std::string to_string(Scopes scopes);  // "infer,deploy"

/// The holder of a valid key. Made by Cloud::authenticate only; every other method asks it for the scope it
/// needs.
struct Caller {
  std::string tenant;  // "tn_..."
  std::string key;     // "key_...": the key's id, not the key
  Scopes scopes = 0;
  std::string project = "";  // "pr_...": what it asks for is charged to this project
  bool may(Scope scope) const;
};

struct Tenant {
  std::string id, name;
  std::string created_at;
  Money balance;      // prepaid and not yet spent; negative down to -credit_line
  Money held;         // of it, promised to requests and leases that are not settled
  Money credit_line;  // >= 0
  Money spent;        // charged so far
};

struct Key {
  std::string id, tenant, name;
  Scopes scopes = 0;
  std::string created_at, expires_at;  // expires_at "" : never
  bool revoked = false;
  std::string project;  // id, or ""
};
struct Project {
  std::string id, tenant, name, created_at;
};
/// What a tenant, a project or a key may spend, counted from when it was set, or anew in each calendar month.
struct Cap {
  std::string subject, tenant;  // ids
  Money amount, spent, held;
  std::string alerts;  // shares in percent at which an event is written: "50,80,100"
  std::string per;     // "": in all; "month": in each calendar month (UTC)
  std::string period;  // the month that `spent` is of: "2026-11"; "" : in all
};
/// What a tenant may have at once.
struct Quota {
  std::int64_t cores = 0, leases = 0, endpoints = 0, models = 0, model_bytes = 0, requests_per_second = 0;
  bool operator==(const Quota&) const = default;
};
struct NewKey {
  Key key;
  std::string secret;  // "chg_...": shown this once, stored only as its SHA-256
};

// ---------------------------------------------------------------------------------------------- what there
// is

struct Chip {
  isa::ChipSpec spec;
  std::int64_t cores = 0, free_cores = 0;
  std::string id;            // "hanguang800.3"
  std::string state = "up";  // "up", "draining", "failed", "gone"
  std::string reason;
};

/// A tensor's place in a model's signature; -1 in the shape where the batch (or the model) leaves it open.
struct Port {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const Port&) const = default;
};
struct Signature {
  std::vector<Port> inputs, outputs;
  std::vector<isa::Argument> arguments{};  // whole numbers that each request brings beside its tensors
  bool operator==(const Signature&) const = default;
};

enum class ModelKind : std::uint8_t { kOnnx, kExecutable };
std::string_view name_of(ModelKind kind);  // "onnx", "executable"

struct Model {
  std::string id;    // "sha256:<64 hexadecimal>"
  std::string name;  // the tenant's own, not unique
  ModelKind kind = ModelKind::kOnnx;
  std::int64_t size_bytes = 0;
  Signature signature;
  std::map<std::string, std::string> metadata;
  std::string created_at;
  // kExecutable only: where it can run
  std::string chip;
  std::uint16_t cores = 0;
};

// ---------------------------------------------------------------------------------------------- leases,
// endpoints

enum class LeaseState : std::uint8_t { kRequested, kQueued, kGranted, kActive, kDraining, kEnded, kFailed };
std::string_view name_of(LeaseState state);

struct LeaseRequest {
  std::string request_id;  // the tenant's own; the same again gives the same lease. "" : always a new one
  std::string offer;       // on_demand, reserved or spot
  std::string name;        // free text
  std::int64_t seconds_max = 0;  // ends by itself then; 1..offer.seconds_max
  std::string quote;             // optional token from quote_lease
  std::int64_t wait_seconds =
      0;  // how long it may be queued for its cores; 0: refused if they are not free now
};
struct Lease {
  std::string id, tenant, request_id, name;
  std::string offer, chip;
  std::uint16_t cores = 1, chips = 1;  // cores of each chip
  billing::Term term = billing::Term::kOnDemand;
  LeaseState state = LeaseState::kRequested;
  std::string reason;  // why it failed, or was ended
  std::int64_t seconds_max = 0, seconds_used = 0;
  Money held;     // up front, for the time that is left
  Money charged;  // once it ended
  std::int64_t capacity_micro_per_core_hour = 0, work_micro_per_core_hour = 0;
  std::int64_t price_book_version = 0;
  std::string created_at, ended_at;
  std::string project;
  std::vector<std::string> on;  // ids of its chips, while it has them
  std::int64_t fence = 0;       // of its grant: rises with each
  std::string estimated_start;  // while it is queued, if all others run as long as they may
  bool taken_back = false;      // spot: notice was given
};
/// Ed25519 over a price book's text, hexadecimal.
struct BookSignature {
  std::int64_t version = 0;
  std::string signature, public_key;
};
struct Event {
  std::int64_t sequence = 0;
  std::string at, subject, what;  // "lease ls_... active"
};

struct EndpointRequest {
  std::string name;   // unique per tenant: letters, digits, '-', '_', '.'
  std::string model;  // id
  std::string lease;  // one of lease and shared_offer
  std::string shared_offer;
  std::vector<std::int32_t> batches{1};
  std::string preprocessing;  // JSON, see docs/api.md; "" : none. Kept as given.
  std::string labels;         // JSON array of strings, or ""
};
/// kStopped: its lease ended.
enum class EndpointState : std::uint8_t { kStarting, kReady, kFailed, kStopped };
std::string_view name_of(EndpointState state);

struct Endpoint {
  std::string id, tenant, name, model;
  std::string lease, offer, chip;
  std::uint16_t cores = 1;
  EndpointState state = EndpointState::kStarting;
  std::string reason;  // why it failed or stopped
  Digest executable;
  std::vector<std::int32_t> batches;
  Signature signature;  // batch dimension -1
  std::string preprocessing, labels;
  std::string created_at;
  std::string project;
};

// ---------------------------------------------------------------------------------------------- quotes

/// By name, in any order.
using Arguments = std::map<std::string, std::int64_t>;

/// Either an endpoint, or a model and an offer (then the model is compiled for it, which can take a while,
/// and kept).
struct InferQuoteRequest {
  std::string endpoint;
  std::string model, offer;
  std::vector<std::int32_t> batches{1};  // with a model: as the endpoint will have them
  std::int32_t batch = 1;
  Arguments arguments{};  // none although the model takes some: whatever they will be, at the highest price
};
struct QuoteAnswer {
  std::string id;
  std::string token;  // give it back with the request, before expires_at, to redeem it
  std::string offer, chip;
  std::uint16_t cores = 1;
  Money price;
  std::string currency;
  std::int64_t price_book_version = 0;
  std::string expires_at;
  // inference
  std::int32_t batch = 0;
  std::string arguments;  // in the program's order; "" although it takes some: whatever they will be
  std::uint64_t cycles = 0, nanoseconds = 0, picojoules = 0;
  Digest executable;
  // lease
  std::int64_t seconds = 0;
};

/// A month of 30 days of requests to an endpoint, or to a model on a chip (then it is compiled for each
/// slice).
struct MonthRequest {
  std::string endpoint;
  std::string model, chip;
  std::int32_t batch = 1;
  std::int64_t requests = 0;
};
/// What it costs by one offer.
struct MonthRow {
  std::string offer, chip;
  billing::Term term = billing::Term::kOnDemand;
  std::uint16_t cores = 1, chips = 1;
  std::int64_t leases = 0;          // that the requests keep busy, if they come evenly; 0 for shared
  std::uint64_t cycles = 0;         // of one request
  std::int64_t used_per_mille = 0;  // of the leases' time
  Money capacity, work, total;
};
struct MonthTable {
  std::int64_t price_book_version = 0;
  std::string currency;
  std::vector<MonthRow> rows;  // the cheapest first
};

// ---------------------------------------------------------------------------------------------- inference

struct NamedTensor {
  std::string name;
  Tensor tensor;
};
struct InferRequest {
  std::string endpoint;  // name
  std::string
      request_id;  // the tenant's own: the same id is charged once. "" : one is made, nothing is compared
  std::optional<Digest> body;        // digest of what the tenant sent under request_id; absent: of the inputs
  std::vector<NamedTensor> inputs;   // any order; the leading dimension is the batch
  std::vector<std::string> outputs;  // names that are wanted; empty: all
  Arguments arguments{};             // all that the model takes
  std::string quote;                 // optional token
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  /// Set when nobody waits for the answer any more: then it does not run, and nothing is charged for what
  /// ran.
  std::shared_ptr<const std::atomic<bool>> gone = nullptr;
};
struct Receipt {
  std::string request_id;
  std::string endpoint, executable;  // id; hexadecimal digest
  std::string chip;
  std::uint16_t cores = 1;
  std::int32_t batch = 1;
  std::string arguments;          // in the program's order: "17,5"
  std::uint64_t cycles = 0;       // by the chip's model: a pure function of program and arguments
  std::uint64_t nanoseconds = 0;  // of modelled time: cycles / clock, rounded up
  std::uint64_t picojoules = 0;
  std::uint64_t clock_nanoseconds = 0;  // measured on this machine; never billed
  Money price;
  std::string currency;
  std::string quote;             // id of the redeemed quote, or ""
  std::int64_t record = 0;       // sequence of the tenant's usage record
  bool already_charged = false;  // an earlier request with this id paid; price and record are that one's
};
struct InferAnswer {
  std::vector<NamedTensor> outputs;
  Receipt receipt;
};
using InferDone = std::function<void(Result<InferAnswer>)>;

// ---------------------------------------------------------------------------------------------- usage,
// invoices

struct UsageFilter {
  std::string tenant;                         // admin only; "" : the caller's own
  std::string endpoint, lease, project, key;  // ids; an endpoint may be given by name
  std::string from, to;  // wall times "2026-11-24T05:00:00Z", from inclusive, to exclusive; "" : open
  std::int64_t after_sequence = 0;
  std::int64_t limit = 1000;  // 1..limits.usage_page
};
struct UsagePage {
  std::string jsonl;  // canonical records (billing/record.h), a line each
  std::int64_t count = 0;
  std::int64_t last_sequence = 0;  // after_sequence of the next page
  bool more = false;
  // sums over the page
  Money price;
  std::uint64_t cycles = 0, picojoules = 0;
};
/// What is being spent: recorded, and by leases that run and are not billed yet.
struct Spend {
  std::string currency, at;
  Money today, month;  // since UTC midnight, since the first; running leases included
  Money running;       // of it, not billed yet
  Money last_day;      // in the last 24 hours
  Money forecast;      // to the end of the month, if it goes on as in the last 24 hours
};
struct InvoiceView {
  std::string id, tenant, created_at;
  std::string tenant_name;  // now: a page shows it; the invoice itself names the id only
  std::int64_t records = 0;
  std::int64_t total_micro = 0;
  std::string currency;
  std::string json;  // what `verify` takes
  std::string text;  // for people
  std::string html;  // a page to print
};
/// Takes a piece of a long answer; a failure ends it.
using Sink = std::function<Status(std::string_view piece)>;

struct Balance {
  Money balance, held, available, credit_line, spent;
  std::string currency;
};

/// Counters since the start, and levels, for /metrics.
struct Stats {
  std::uint64_t requests = 0, requests_failed = 0, requests_refused = 0;
  std::uint64_t images = 0;  // sum of batches answered
  std::int64_t requests_in_flight = 0;
  std::uint64_t commands = 0, commits = 0, commit_nanoseconds = 0, commit_failures = 0;
  std::int64_t commands_queued = 0;
  std::int64_t leases_active = 0, endpoints_ready = 0, tenants = 0;
  std::uint64_t cycles = 0, picojoules = 0, charged_nano = 0;
  struct ChipLevel {
    std::string name;
    std::int64_t cores = 0, free_cores = 0;
  };
  std::vector<ChipLevel> chips;
  bool store_writable = true;
  bool draining = false;
};

class Cloud {
 public:
  /// Opens or makes the data folder, checks journal and ledger, voids what was never answered, opens the
  /// chips, re-opens leases and serves their endpoints again (in the background: see Endpoint::state).
  /// kDataLoss names the first bad record of a tampered store; kUnsupported a store of a newer version;
  /// kConflict a price book that changes a past version, or a data folder that is in use.
  static Result<std::unique_ptr<Cloud>> open(Config config);
  virtual ~Cloud() = default;

  /// Refuses new requests with kUnavailable and waits until those in flight are settled, at most `timeout`.
  virtual Status drain(std::chrono::milliseconds timeout) = 0;
  virtual Stats stats() const = 0;
  /// True once every endpoint that was served before the restart is ready or failed.
  virtual bool ready() const = 0;
  virtual const Limits& limits() const = 0;

  // ---- who
  /// kUnauthenticated for anything that is not a valid key; the same words whatever was wrong with it. Cheap.
  virtual Result<Caller> authenticate(std::string_view secret) const = 0;
  /// The operator's first key, made when the data folder was made: read it from here (mode 0600).
  virtual std::filesystem::path operator_key_file() const = 0;

  // ---- admin
  virtual Result<Tenant> create_tenant(const Caller& caller, std::string_view name, Money credit_line) = 0;
  virtual Result<std::vector<Tenant>> tenants(const Caller& caller) const = 0;
  virtual Result<Tenant> tenant(const Caller& caller, std::string_view tenant_id) const = 0;
  /// `request_id` as everywhere: the same id again deposits nothing more and gives the same answer.
  virtual Result<Tenant> deposit(const Caller& caller, std::string_view tenant_id, Money amount,
                                 std::string_view request_id) = 0;
  virtual Result<Tenant> set_credit_line(const Caller& caller, std::string_view tenant_id,
                                         Money credit_line) = 0;
  /// Admin for any tenant; with scope deploy for the caller's own, with scopes that the caller has.
  /// `expires_at`
  /// "" : never.
  virtual Result<NewKey> create_key(const Caller& caller, std::string_view tenant_id, std::string_view name,
                                    Scopes scopes, std::string_view expires_at, std::string_view project) = 0;
  virtual Result<std::vector<Key>> keys(const Caller& caller, std::string_view tenant_id) const = 0;
  virtual Status revoke_key(const Caller& caller, std::string_view key_id) = 0;

  // ---- who may spend what
  /// Admin for any tenant, scope deploy for the caller's own ("").
  virtual Result<Project> create_project(const Caller& caller, std::string_view tenant_id,
                                         std::string_view name) = 0;
  virtual Result<std::vector<Project>> projects(const Caller& caller, std::string_view tenant_id) const = 0;
  /// Scope billing, not of a project's key. `subject` "" : the tenant itself. Replaces the cap that was, from
  /// 0.
  virtual Result<Cap> set_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject,
                              Money amount, std::string_view alerts, std::string_view per) = 0;
  virtual Status remove_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject) = 0;
  virtual Result<std::vector<Cap>> caps(const Caller& caller, std::string_view tenant_id) const = 0;
  virtual Result<Quota> quota(const Caller& caller, std::string_view tenant_id) const = 0;
  virtual Result<Quota> set_quota(const Caller& caller, std::string_view tenant_id, const Quota& quota) = 0;
  /// Admin: the tenant's share in the queue, 1..1000.
  virtual Status set_weight(const Caller& caller, std::string_view tenant_id, std::int64_t weight) = 0;
  /// Admin. Pays back what was prepaid and is neither spent nor held: kPaymentRequired for more.
  virtual Result<Tenant> refund(const Caller& caller, std::string_view tenant_id, Money amount,
                                std::string_view note, std::string_view request_id) = 0;
  /// Admin: gives back what was billed, as a line of the next invoice.
  virtual Result<Tenant> credit(const Caller& caller, std::string_view tenant_id, Money amount,
                                std::string_view note, std::string_view request_id) = 0;
  /// Of the caller's tenant, oldest first: leases, endpoints, notices, caps that come near.
  virtual Result<std::vector<Event>> events(const Caller& caller, std::int64_t after,
                                            std::int64_t limit) const = 0;

  // ---- catalogue
  virtual Result<std::vector<Chip>> chips(const Caller& caller) const = 0;
  /// Admin. Makes a virtual chip fail, for drills: "stuck", "wrong", "slow", "gone", or "none" any more.
  /// kPermissionDenied unless the configuration allows it (Machinery::faults).
  virtual Status set_chip_fault(const Caller& caller, std::string_view chip_id, std::string_view fault) = 0;
  /// Admin. "up"; "draining": its leases move where there is room, nothing new comes; "failed" or "gone": its
  /// leases wait for other cores, and their time stands still.
  virtual Result<Chip> set_chip_state(const Caller& caller, std::string_view chip_id, std::string_view state,
                                      std::string_view reason) = 0;
  virtual const billing::PriceBook& price_book() const = 0;
  /// Text of any version that was ever in use; kNotFound. What `verify` needs; not secret.
  virtual Result<std::string> price_book_text(std::int64_t version) const = 0;
  /// The service's signature of that text. kNotFound.
  virtual Result<BookSignature> price_book_signature(std::int64_t version) const = 0;

  // ---- models (scope deploy)
  /// Stores a whole file: ONNX or Chengying executable, by its digest; the same bytes again give the same
  /// model.
  virtual Result<Model> create_model(const Caller& caller, std::string_view name,
                                     std::span<const std::byte> bytes) = 0;
  /// As create_model, from a file that the door has received into upload_folder(); the file is taken away.
  virtual Result<Model> create_model_from_file(const Caller& caller, std::string_view name,
                                               const std::filesystem::path& file) = 0;
  virtual std::filesystem::path upload_folder() const = 0;
  virtual Result<std::vector<Model>> models(const Caller& caller) const = 0;
  virtual Result<Model> model(const Caller& caller, std::string_view model_id) const = 0;
  /// kConflict while an endpoint serves it.
  virtual Status delete_model(const Caller& caller, std::string_view model_id) = 0;

  // ---- quotes
  virtual Result<QuoteAnswer> quote_infer(const Caller& caller, const InferQuoteRequest& request) = 0;
  virtual Result<QuoteAnswer> quote_lease(const Caller& caller, std::string_view offer,
                                          std::int64_t seconds) = 0;

  virtual Result<MonthTable> quote_month(const Caller& caller, const MonthRequest& request) = 0;

  // ---- leases (scope deploy)
  virtual Result<Lease> create_lease(const Caller& caller, const LeaseRequest& request) = 0;
  virtual Result<std::vector<Lease>> leases(const Caller& caller) const = 0;
  virtual Result<Lease> lease(const Caller& caller, std::string_view lease_id) const = 0;
  /// Stops its endpoints, lets requests in flight finish, frees the cores, charges the started seconds.
  /// Idempotent.
  virtual Result<Lease> release_lease(const Caller& caller, std::string_view lease_id) = 0;
  /// More time, up to what its offer allows in all (reserved: at a time). The same request id extends once.
  virtual Result<Lease> extend_lease(const Caller& caller, std::string_view lease_id, std::int64_t seconds,
                                     std::string_view request_id) = 0;
  /// Another slice of the same chip and term. Its endpoints start again there.
  virtual Result<Lease> resize_lease(const Caller& caller, std::string_view lease_id, std::string_view offer,
                                     std::string_view request_id) = 0;
  /// Other chips of the same kind.
  virtual Result<Lease> move_lease(const Caller& caller, std::string_view lease_id,
                                   std::string_view request_id) = 0;
  virtual Result<std::vector<Event>> lease_events(const Caller& caller, std::string_view lease_id) const = 0;

  // ---- endpoints (scope deploy to change, infer to see)
  /// Returns at once with kStarting unless `wait` (then blocks until ready or failed: a compile can take
  /// seconds).
  virtual Result<Endpoint> create_endpoint(const Caller& caller, const EndpointRequest& request,
                                           bool wait) = 0;
  virtual Result<std::vector<Endpoint>> endpoints(const Caller& caller) const = 0;
  /// By name. Cheap: what a door needs of an endpoint for each request (a shared, unchanging snapshot).
  virtual Result<std::shared_ptr<const Endpoint>> endpoint(const Caller& caller,
                                                           std::string_view name) const = 0;
  virtual Status delete_endpoint(const Caller& caller, std::string_view name) = 0;

  // ---- inference (scope infer)
  /// Never blocks and never throws. `done` is called exactly once, here (a refusal) or later on another
  /// thread; it must not block. Errors: kInvalidArgument (inputs against the signature), kNotFound,
  /// kPaymentRequired, kResourceExhausted (queue or quota), kConflict (request id with another body, or still
  /// running), kDeadlineExceeded, kUnavailable. On any error nothing was charged.
  virtual void infer(const Caller& caller, InferRequest request, InferDone done) = 0;
  /// The same, waiting.
  Result<InferAnswer> infer_wait(const Caller& caller, InferRequest request);

  // ---- money (scope billing)
  virtual Result<Balance> balance(const Caller& caller) const = 0;
  virtual Result<Spend> spend(const Caller& caller) const = 0;
  virtual Result<UsagePage> usage(const Caller& caller, const UsageFilter& filter) const = 0;
  /// Everything of the tenant ("" : the caller's own; another's: admin) that no invoice has yet.
  /// kConflict if there is nothing. `request_id` makes it idempotent.
  virtual Result<InvoiceView> create_invoice(const Caller& caller, std::string_view tenant_id,
                                             std::string_view request_id) = 0;
  virtual Result<std::vector<InvoiceView>> invoices(
      const Caller& caller) const = 0;  // json and text left empty
  virtual Result<InvoiceView> invoice(const Caller& caller, std::string_view invoice_id) const = 0;
  /// The records that it sums up, as JSON Lines, in pieces.
  virtual Status invoice_records(const Caller& caller, std::string_view invoice_id,
                                 const Sink& sink) const = 0;
};

}  // namespace chengying::cloud
