// Command: every change of the cloud's state, as a value. Applied by State (state.h), journalled as canonical
// text; a journal applied again to an empty store gives the same store. All that is random or measured (ids,
// digests, cycles) is in the command; the only other input is Now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/digest.h"
#include "base/error.h"
#include "billing/canonical.h"
#include "billing/money.h"

namespace chengying::cloud {

using billing::Money;

/// When a command is applied: the service's own time line, which never goes back and survives restarts, and
/// the wall clock for people.
struct Now {
  std::int64_t monotonic_us = 0;
  std::int64_t wall_us = 0;
};

struct OpenBook {
  static constexpr std::string_view kName = "open_book";
  std::int64_t version = 0;
  std::string currency, text;
};
/// Ed25519, by the service's key, over the book's text.
struct SignBook {
  static constexpr std::string_view kName = "sign_book";
  std::int64_t version = 0;
  std::string signature;  // hexadecimal
};
struct CreateTenant {
  static constexpr std::string_view kName = "create_tenant";
  std::string id, name;
  Money credit_line;
};
struct SetCreditLine {
  static constexpr std::string_view kName = "set_credit_line";
  std::string tenant;
  Money credit_line;
};
/// Its share in the queue for cores, beside others with weights of theirs.
struct SetWeight {
  static constexpr std::string_view kName = "set_weight";
  std::string tenant;
  std::int64_t weight = 1;
};
/// What the tenant may have instead of the service's limits.
struct SetQuota {
  static constexpr std::string_view kName = "set_quota";
  std::string tenant;
  std::int64_t cores = 0, leases = 0, endpoints = 0, models = 0, model_bytes = 0, requests_per_second = 0;
};
struct CreateProject {
  static constexpr std::string_view kName = "create_project";
  std::string id, tenant, name;
};
/// From now on `subject` (the tenant, or a project or key of its) may spend `amount`. Counts from 0 again.
/// Per month: in each calendar month (UTC) by the dates of the commands; one that is dated earlier than the
/// month that has begun is of that month.
struct SetCap {
  static constexpr std::string_view kName = "set_cap";
  std::string tenant, subject;
  Money amount;
  std::string alerts;  // shares in percent, rising: "50,80,100"
  std::string per{};   // "": in all; or "month"
};
struct RemoveCap {
  static constexpr std::string_view kName = "remove_cap";
  std::string tenant, subject;
};
struct Deposit {
  static constexpr std::string_view kName = "deposit";
  std::string tenant, request;  // request "" : not compared
  Money amount;
};
/// Money given back for what was billed: a transfer and a record of its own, never a change of what was.
struct Credit {
  static constexpr std::string_view kName = "credit";
  std::string tenant, request;
  Money amount;
  std::string note;
};
/// Pays back what was prepaid and is neither spent nor held.
struct Refund {
  static constexpr std::string_view kName = "refund";
  std::string tenant, request;
  Money amount;
  std::string note;
};
struct CreateKey {
  static constexpr std::string_view kName = "create_key";
  std::string id, tenant, name;
  Digest hash;
  std::uint8_t scopes = 0;
  std::int64_t expires_us = 0;  // wall; 0: never
  std::string project;          // what it asks for is charged to this
};
struct RevokeKey {
  static constexpr std::string_view kName = "revoke_key";
  std::string id;
};
struct CreateModel {
  static constexpr std::string_view kName = "create_model";
  std::string tenant, id, name, kind;
  std::int64_t size_bytes = 0;
  std::string signature, metadata;  // JSON
  std::string chip;
  std::uint16_t cores = 0;
};
struct DeleteModel {
  static constexpr std::string_view kName = "delete_model";
  std::string tenant, id;
};
/// At start, for each chip that is configured.
struct RegisterChip {
  static constexpr std::string_view kName = "register_chip";
  std::string id, chip;
  std::int64_t position = 0, cores = 0;
};
/// "up", "draining" (takes nothing new), "failed" or "gone" (its leases lose their cores and wait for
/// others).
struct SetChipState {
  static constexpr std::string_view kName = "set_chip_state";
  std::string id, state, reason;
  std::int64_t good_until_us = 0;  // monotonic: when it was last known to be well; 0: now
};
/// Cores for a shared offer's endpoints, kept until their chip is lost. The result is the chip.
struct OpenPool {
  static constexpr std::string_view kName = "open_pool";
  std::string offer, chip;
  std::int64_t cores = 0;
};
/// Gives cores to those that wait, ends waits that were too long, and gives spot leases notice where they
/// stand in the way. Changes nothing if there is nothing to do.
struct Schedule {
  static constexpr std::string_view kName = "schedule";
};
/// Granted at once, or queued if it may wait, or refused.
struct RequestLease {
  static constexpr std::string_view kName = "request_lease";
  std::string id, tenant, request;
  Digest body;
  std::string name, offer, chip;
  std::uint16_t cores = 1, chips = 1;
  std::string term;
  std::int64_t seconds_max = 0, capacity_price = 0, work_price = 0, price_book_version = 0;
  Money hold;
  std::string quote, project, key;
  std::int64_t wait_seconds = 0, notice_seconds = 0;
  std::int64_t cores_most = 0, leases_most = 0;  // of the tenant, unless it has a quota of its own
};
/// Its cores are ready: its time begins. Refused with another fence: it was granted anew since.
struct ActivateLease {
  static constexpr std::string_view kName = "activate_lease";
  std::string id;
  std::int64_t fence = 0;
};
struct ExtendLease {
  static constexpr std::string_view kName = "extend_lease";
  std::string id, tenant, request;
  std::int64_t seconds = 0;      // more
  std::int64_t seconds_max = 0;  // that a lease of its offer may have in all
};
/// To another slice of the same chip and term: what it used is charged, the rest of its time held at the new
/// price.
struct ResizeLease {
  static constexpr std::string_view kName = "resize_lease";
  std::string id, tenant, request, offer;
  std::uint16_t cores = 1, chips = 1;
  std::int64_t capacity_price = 0, work_price = 0, price_book_version = 0;
  std::int64_t cores_most = 0;
};
/// To other chips of the same kind.
struct MoveLease {
  static constexpr std::string_view kName = "move_lease";
  std::string id, tenant, request;
};
/// Charges what it used so far, in whole seconds or hours.
struct MeterLease {
  static constexpr std::string_view kName = "meter_lease";
  std::string id;
};
/// From active to draining: the billed time stops here.
struct DrainLease {
  static constexpr std::string_view kName = "drain_lease";
  std::string id, reason;
};
/// Settles: charges the time from activation to draining (nothing if it was never active), gives the rest
/// back.
struct EndLease {
  static constexpr std::string_view kName = "end_lease";
  std::string id;
  bool failed = false;
  std::string reason;
};
struct CreateEndpoint {
  static constexpr std::string_view kName = "create_endpoint";
  std::string id, tenant, name, model, lease, offer, chip;
  std::uint16_t cores = 1;
  std::int64_t work_price = 0, price_book_version = 0;
  std::string batches;  // "1,8"
  std::string preprocessing, labels, project;
};
struct SetEndpointState {
  static constexpr std::string_view kName = "set_endpoint_state";
  std::string id, state, reason;
};
struct DeleteEndpoint {
  static constexpr std::string_view kName = "delete_endpoint";
  std::string id;
};
/// Sets the price of a request aside. If the tenant named the request and it was charged before, the effects
/// carry that record and nothing is held.
struct HoldWork {
  static constexpr std::string_view kName = "hold_work";
  std::string tenant, request;
  bool named = false;  // the tenant's own id: compared
  Digest body;
  Money amount;
  std::string quote, project, key;
  std::string process = "";  // the control process that answers it
};
struct PostWork {
  static constexpr std::string_view kName = "post_work";
  std::string tenant, request;
  bool named = false;
  std::string endpoint, lease, offer, chip;
  std::uint16_t cores = 1;
  std::uint64_t clock_hz = 0;
  Digest executable;
  std::int32_t batch = 1;
  std::string arguments;
  std::uint64_t cycles = 0, picojoules = 0, bytes = 0;
  std::int64_t price_book_version = 0, work_price = 0;
  std::string quote, project, key;
  std::int64_t fence = 0;  // of the lease's grant that it ran under
  std::string status;      // not "": why it was not answered; all that was held is given back
  std::int64_t started_us = 0;
};
struct VoidWork {
  static constexpr std::string_view kName = "void_work";
  std::string tenant, request;
};
/// At the start of a control process, and when it is heard of no more: no request that it held can have been
/// answered. Its neighbours' holds stay.
struct VoidUnanswered {
  static constexpr std::string_view kName = "void_unanswered";
  std::string process = "";
};
struct StoreInvoice {
  static constexpr std::string_view kName = "store_invoice";
  std::string id, tenant, request;
  std::int64_t first_sequence = 0, last_sequence = 0, records = 0, total_micro = 0;
  Money rounding;
  std::string json;
};
/// Changes nothing: answered once everything before it is durable. Not journalled.
struct Barrier {
  static constexpr std::string_view kName = "barrier";
};

using Command =
    std::variant<OpenBook, SignBook, CreateTenant, SetCreditLine, SetWeight, SetQuota, CreateProject, SetCap,
                 RemoveCap, Deposit, Credit, Refund, CreateKey, RevokeKey, CreateModel, DeleteModel,
                 RegisterChip, SetChipState, OpenPool, Schedule, RequestLease, ActivateLease, ExtendLease,
                 ResizeLease, MoveLease, MeterLease, DrainLease, EndLease, CreateEndpoint, SetEndpointState,
                 DeleteEndpoint, HoldWork, PostWork, VoidWork, VoidUnanswered, StoreInvoice, Barrier>;

std::string_view name_of(const Command& command);
/// Canonical text of a command's fields.
std::string to_text(const Command& command);
/// The inverse; kDataLoss for a name or text that no command has.
Result<Command> parse_command(std::string_view name, std::string_view text);

}  // namespace chengying::cloud
