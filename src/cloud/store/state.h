// State: the deterministic state machine of the cloud over a Database: apply(command, now) -> effects.
// Everything it decides follows from the tables, the command and Now. Each applied command is a journal row,
// hash-chained, with what it did to the ledger, in the caller's transaction. Invariant: a command that
// returns an error has to be rolled back by the caller (a savepoint) and changed nothing. One thread (the
// store's writer).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "billing/record.h"
#include "cloud/store/command.h"
#include "cloud/store/database.h"
#include "cloud/store/lease_row.h"
#include "cloud/store/placement.h"

namespace chengying::cloud {

/// What a command did, for the one who sent it.
struct Effects {
  bool repeated = false;  // the same request was applied before; `result` and `record` are that one's
  std::string result;     // id of what was made, if the command makes something
  std::optional<billing::Record> record;  // the usage record that a post or an ended lease wrote
};

/// Who pays: the tenant's account, under the caps of the tenant, the project and the key ("" : none).
struct Payer {
  std::string tenant, project, key;
};

/// Hash of a journal row, over the one before and all that the row says.
Digest hash_of_journal_row(const Digest& previous, std::int64_t sequence, const Now& now,
                           std::string_view kind, std::string_view command, std::string_view effects);

class State {
 public:
  explicit State(Database& database) : database_(database) {}
  /// Reads the journal's head: at the start, and after a transaction was rolled back.
  Status reload();
  Result<Effects> apply(const Command& command, const Now& now);
  /// Whether the head that this State is at is in the journal: after a commit that was cut off.
  Result<bool> is_in_journal();
  std::int64_t journal_sequence() const { return sequence_; }

 private:
  Result<Effects> on(const OpenBook& c);
  Result<Effects> on(const SignBook& c);
  Result<Effects> on(const CreateTenant& c);
  Result<Effects> on(const SetCreditLine& c);
  Result<Effects> on(const SetWeight& c);
  Result<Effects> on(const SetQuota& c);
  Result<Effects> on(const CreateProject& c);
  Result<Effects> on(const SetCap& c);
  Result<Effects> on(const RemoveCap& c);
  Result<Effects> on(const Deposit& c);
  Result<Effects> on(const Credit& c);
  Result<Effects> on(const Refund& c);
  Result<Effects> on(const CreateKey& c);
  Result<Effects> on(const RevokeKey& c);
  Result<Effects> on(const CreateModel& c);
  Result<Effects> on(const DeleteModel& c);
  Result<Effects> on(const RegisterChip& c);
  Result<Effects> on(const SetChipState& c);
  Result<Effects> on(const OpenPool& c);
  Result<Effects> on(const Schedule& c);
  Result<Effects> on(const RequestLease& c);
  Result<Effects> on(const ActivateLease& c);
  Result<Effects> on(const ExtendLease& c);
  Result<Effects> on(const ResizeLease& c);
  Result<Effects> on(const MoveLease& c);
  Result<Effects> on(const MeterLease& c);
  Result<Effects> on(const DrainLease& c);
  Result<Effects> on(const EndLease& c);
  Result<Effects> on(const CreateEndpoint& c);
  Result<Effects> on(const SetEndpointState& c);
  Result<Effects> on(const DeleteEndpoint& c);
  Result<Effects> on(const HoldWork& c);
  Result<Effects> on(const PostWork& c);
  Result<Effects> on(const VoidWork& c);
  Result<Effects> on(const VoidUnanswered& c);
  Result<Effects> on(const StoreInvoice& c);
  Result<Effects> on(const Barrier&) { return Effects{}; }

  // The ledger in SQL: the same rules as billing::Ledger (tested equal).
  Status transfer(std::string_view from, std::string_view to, Money amount);
  Status hold(const std::string& id, const Payer& payer, Money amount, bool lease, const Digest& body,
              const std::string& quote);
  Status add_to_hold(const std::string& hold_id, const Payer& payer, Money amount);
  Result<Money> post(const std::string& hold_id, std::string_view to, Money actual);
  /// Charges a part of a hold and keeps the rest.
  Status post_part(const std::string& hold_id, std::string_view to, Money amount);
  Status void_hold(const std::string& hold_id);
  Status charge(const Payer& payer, std::string_view to, Money held, Money amount);
  Status entry(std::string_view account, Money amount);

  // apply_caps.cc: beside each account, the caps of tenant, project and key.
  Status begin_month(const Payer& payer);
  Status hold_under_caps(const Payer& payer, Money amount);
  Status settle_caps(const Payer& payer, Money held, Money spent);
  Status alert(const Payer& payer);

  // apply_leases.cc
  Result<LeaseRow> open_lease(const std::string& id);
  Result<LeaseRow> active_lease(const std::string& id, const std::string& tenant, std::string_view step);
  std::int64_t ran_us(const LeaseRow& lease) const;
  /// Charges the stretch of a lease that ends here, and gives the rest of its hold back.
  Result<std::optional<billing::Record>> settle_stretch(LeaseRow& lease, bool failed);
  Result<std::optional<billing::Record>> end(LeaseRow lease, bool failed, const std::string& reason);

  // apply_chips.cc
  Status check_lease_quota(const std::string& tenant, std::int64_t cores, std::int64_t leases,
                           std::int64_t cores_most, std::int64_t leases_most);
  Status grant(const std::string& lease, std::int64_t cores, const std::vector<std::string>& chips);
  Status free_places(const std::string& lease);
  /// Chips of a kind that are up; `tenant`'s own are near, those of lease `besides` are left out.
  Result<std::vector<ChipRoom>> rooms(std::string_view kind, const std::string& tenant,
                                      const std::string& besides);
  /// Gives cores to those that wait for a kind of chip. True if anybody got some.
  Result<bool> serve(const std::string& kind);
  /// Gives spot leases notice for one that still waits. True if any got it.
  Result<bool> give_notice(const std::string& kind);
  enum class Notice : std::uint8_t { kUseless, kComing, kGiven };  // kComing: earlier notices are enough
  Result<Notice> give_notice_for(const std::string& kind, const Waiting& lease);
  Status lose_chip(const std::string& chip, const std::string& reason, std::int64_t good_until_us);

  /// Completes (sequence, previous, price, hash) and stores a usage record.
  Status write_record(billing::Record& record);
  /// The result of an earlier request with this id, nullopt if there is none; kConflict if its body was
  /// another.
  Result<std::optional<std::string>> earlier(std::string_view tenant, std::string_view kind,
                                             std::string_view request, const Digest& body);
  Status remember(std::string_view tenant, std::string_view kind, std::string_view request,
                  const Digest& body, std::string_view result);
  Status event(std::string_view tenant, std::string_view subject, std::string_view what);
  Status journal(const Command& command);

  Database& database_;
  Now now_;
  std::int64_t sequence_ = 0;  // of the last journal row
  Digest head_;                // its hash
  std::string effects_;        // of the command that is applied: ledger entries and the record's hash
};

}  // namespace chengying::cloud
