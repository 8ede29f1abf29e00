// Service: the Cloud as it is: the store behind it, the chips under it. cloud.h is its contract; the methods
// stand in service_*.cc by subject. Three threads of its own: the store's writer, `starter_` (endpoints that
// come up without somebody waiting), `keeper_` (leases that run out, holds to void again, the time line's
// heartbeat).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "billing/quote.h"
#include "cloud/chips.h"
#include "cloud/cloud.h"
#include "cloud/executables.h"
#include "cloud/files.h"
#include "cloud/health.h"
#include "cloud/key_ring.h"
#include "cloud/queries.h"
#include "cloud/serving.h"
#include "cloud/store/store.h"
#include "cloud/tenant_load.h"

namespace chengying::cloud {

struct PendingRequest;  // service_infer.cc

/// What a lease of `offer` costs for its longest time.
Result<Money> price_of_lease(const billing::Offer& offer, std::int64_t seconds);

class Service final : public Cloud {
 public:
  Service(Config config, Files files, std::unique_ptr<const Clock> own_clock);
  ~Service() override;
  /// What Cloud::open promises; called once.
  Status start();

  Status drain(std::chrono::milliseconds timeout) override;
  Stats stats() const override;
  bool ready() const override;
  const Limits& limits() const override { return config_.limits; }

  Result<Caller> authenticate(std::string_view secret) const override;
  std::filesystem::path operator_key_file() const override { return files_.operator_key(); }
  Result<Tenant> create_tenant(const Caller& caller, std::string_view name, Money credit_line) override;
  Result<std::vector<Tenant>> tenants(const Caller& caller) const override;
  Result<Tenant> tenant(const Caller& caller, std::string_view tenant_id) const override;
  Result<Tenant> deposit(const Caller& caller, std::string_view tenant_id, Money amount,
                         std::string_view request_id) override;
  Result<Tenant> set_credit_line(const Caller& caller, std::string_view tenant_id,
                                 Money credit_line) override;
  Result<NewKey> create_key(const Caller& caller, std::string_view tenant_id, std::string_view name,
                            Scopes scopes, std::string_view expires_at, std::string_view project) override;
  Result<Project> create_project(const Caller& caller, std::string_view tenant_id,
                                 std::string_view name) override;
  Result<std::vector<Project>> projects(const Caller& caller, std::string_view tenant_id) const override;
  Result<Cap> set_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject,
                      Money amount, std::string_view alerts, std::string_view per) override;
  Status remove_cap(const Caller& caller, std::string_view tenant_id, std::string_view subject) override;
  Result<std::vector<Cap>> caps(const Caller& caller, std::string_view tenant_id) const override;
  Result<Quota> quota(const Caller& caller, std::string_view tenant_id) const override;
  Result<Quota> set_quota(const Caller& caller, std::string_view tenant_id, const Quota& quota) override;
  Status set_weight(const Caller& caller, std::string_view tenant_id, std::int64_t weight) override;
  Result<Tenant> refund(const Caller& caller, std::string_view tenant_id, Money amount, std::string_view note,
                        std::string_view request_id) override;
  Result<Tenant> credit(const Caller& caller, std::string_view tenant_id, Money amount, std::string_view note,
                        std::string_view request_id) override;
  Result<std::vector<Event>> events(const Caller& caller, std::int64_t after,
                                    std::int64_t limit) const override;
  Result<std::vector<Key>> keys(const Caller& caller, std::string_view tenant_id) const override;
  Status revoke_key(const Caller& caller, std::string_view key_id) override;

  Result<std::vector<Chip>> chips(const Caller& caller) const override;
  Status set_chip_fault(const Caller& caller, std::string_view chip_id, std::string_view fault) override;
  Result<Chip> set_chip_state(const Caller& caller, std::string_view chip_id, std::string_view state,
                              std::string_view reason) override;
  const billing::PriceBook& price_book() const override { return books_.rbegin()->second; }
  Result<std::string> price_book_text(std::int64_t version) const override;
  Result<BookSignature> price_book_signature(std::int64_t version) const override;

  Result<Model> create_model(const Caller& caller, std::string_view name,
                             std::span<const std::byte> bytes) override;
  Result<Model> create_model_from_file(const Caller& caller, std::string_view name,
                                       const std::filesystem::path& file) override;
  std::filesystem::path upload_folder() const override { return files_.uploads(); }
  Result<std::vector<Model>> models(const Caller& caller) const override;
  Result<Model> model(const Caller& caller, std::string_view model_id) const override;
  Status delete_model(const Caller& caller, std::string_view model_id) override;

  Result<QuoteAnswer> quote_infer(const Caller& caller, const InferQuoteRequest& request) override;
  Result<QuoteAnswer> quote_lease(const Caller& caller, std::string_view offer,
                                  std::int64_t seconds) override;

  Result<MonthTable> quote_month(const Caller& caller, const MonthRequest& request) override;

  Result<Lease> create_lease(const Caller& caller, const LeaseRequest& request) override;
  Result<std::vector<Lease>> leases(const Caller& caller) const override;
  Result<Lease> lease(const Caller& caller, std::string_view lease_id) const override;
  Result<Lease> release_lease(const Caller& caller, std::string_view lease_id) override;
  Result<Lease> extend_lease(const Caller& caller, std::string_view lease_id, std::int64_t seconds,
                             std::string_view request_id) override;
  Result<Lease> resize_lease(const Caller& caller, std::string_view lease_id, std::string_view offer,
                             std::string_view request_id) override;
  Result<Lease> move_lease(const Caller& caller, std::string_view lease_id,
                           std::string_view request_id) override;
  Result<std::vector<Event>> lease_events(const Caller& caller, std::string_view lease_id) const override;

  Result<Endpoint> create_endpoint(const Caller& caller, const EndpointRequest& request, bool wait) override;
  Result<std::vector<Endpoint>> endpoints(const Caller& caller) const override;
  Result<std::shared_ptr<const Endpoint>> endpoint(const Caller& caller,
                                                   std::string_view name) const override;
  Status delete_endpoint(const Caller& caller, std::string_view name) override;

  void infer(const Caller& caller, InferRequest request, InferDone done) override;

  Result<Balance> balance(const Caller& caller) const override;
  Result<Spend> spend(const Caller& caller) const override;
  Result<UsagePage> usage(const Caller& caller, const UsageFilter& filter) const override;
  Result<InvoiceView> create_invoice(const Caller& caller, std::string_view tenant_id,
                                     std::string_view request_id) override;
  Result<std::vector<InvoiceView>> invoices(const Caller& caller) const override;
  Result<InvoiceView> invoice(const Caller& caller, std::string_view invoice_id) const override;
  Status invoice_records(const Caller& caller, std::string_view invoice_id, const Sink& sink) const override;

 private:
  // service.cc
  Status open_books();
  Status sign_books();
  Status first_start();
  Status refill_keys();
  Status end_drained();
  Status reopen_endpoints();
  void run_starter();
  void run_keeper();
  void keep();
  void keep_leases();

  // service_neighbours.cc: other control processes over the same store.
  /// Reads what they changed: keys and endpoints.
  void keep_up_with_neighbours();
  Status read_neighbours_changes();
  /// Takes the chips and holds of those that are not heard of any more.
  void keep_neighbours();
  Status register_lost_chips();
  Status take_over(const std::string& process, std::int64_t heard_us);
  void retire(std::shared_ptr<const Serving> serving);

  // service_tenants.cc
  /// The tenant that an admin names, or the caller's own for "" and its own id. Others are kNotFound.
  Result<std::string> tenant_or_own(const Caller& caller, std::string_view tenant_id) const;
  Status check_name(std::string_view what, std::string_view name, bool may_be_empty) const;

  // service_leases.cc
  Result<const billing::Offer*> offer(std::string_view offer_id) const;
  Result<Lease> end_lease(const Lease& lease, const std::string& reason);
  Lease with_live_time(StoredLease stored) const;
  /// Takes a lease's endpoints out of service; what they had in flight goes on.
  std::vector<std::shared_ptr<const Serving>> halt_endpoints(const std::string& lease, EndpointState state,
                                                             const std::string& reason);
  /// Waits for requests in flight, for a while.
  static void let_finish(const std::vector<std::shared_ptr<const Serving>>& halted);

  // service_lease_changes.cc
  Result<Lease> change_places(const Lease& lease, Command command);

  // service_fleet.cc
  Status register_chips();
  /// Opens and closes slices until they are what the store says. Any thread; one at a time.
  Status reconcile();
  Status reconcile_lease(const Lease& lease);
  void start_endpoints_of(const std::string& lease);
  void start_later(StoredEndpoint stored);
  Result<Places> pool(const billing::Offer& offer);
  void close_pools_on(const std::string& chip);
  Status change_chip(const std::string& chip, const std::string& state, const std::string& reason,
                     std::int64_t good_until_us);
  /// Takes chips that are not well out of service.
  void keep_chips();
  Status move_leases_off(const std::string& chip);

  // service_quotes.cc
  /// Checks a token: ours, this tenant's, this kind, not expired. kInvalidArgument says which.
  Result<billing::Quote> redeemable(const Caller& caller, std::string_view token,
                                    billing::QuoteKind kind) const;

  // service_endpoints.cc
  Result<StoredEndpoint> plan_endpoint(const Caller& caller, const EndpointRequest& request) const;
  std::shared_ptr<const Serving> start_endpoint(StoredEndpoint stored);
  /// Of an endpoint whose lease is on a neighbour's chips: with that as its reason.
  std::shared_ptr<const Serving> say_where(std::shared_ptr<const Serving> waiting);
  Result<Placement> place_endpoint(StoredEndpoint& stored);

  // service_infer.cc
  Result<std::shared_ptr<PendingRequest>> admit(const Caller& caller, InferRequest& request);
  Status price(const Caller& caller, const InferRequest& request, PendingRequest& pending) const;
  void run_held(std::shared_ptr<PendingRequest> pending, Effects effects);
  void settle_run(std::shared_ptr<PendingRequest> pending, runtime::RunDone done);
  void finish(PendingRequest& pending, Result<InferAnswer> answer);
  /// Credit or Refund.
  template <class Command>
  Result<Tenant> give_back(const Caller& caller, std::string_view tenant_id, Money amount,
                           std::string_view note, std::string_view request_id);
  /// Gives back what was held, with a record that says why there was no answer.
  void record_failure(PostWork post, Code why);
  void void_hold(const std::string& tenant, const std::string& request);
  std::shared_ptr<TenantLoad> load_of(const std::string& tenant);
  Result<Quota> quota_of(std::string_view tenant) const;

  const Config config_;
  const Files files_;
  const std::unique_ptr<const Clock> own_clock_;
  const Clock& clock_;
  std::string quote_secret_;
  std::string book_public_key_;
  std::map<std::int64_t, billing::PriceBook> books_;  // set at start, then unchanging
  mutable std::unique_ptr<Store> store_;
  Chips chips_;
  Health health_;  // the keeper's
  Executables executables_;
  KeyRing keys_;
  Endpoints endpoints_;
  std::int64_t seen_sequence_ = 0;  // of the journal, by keep_up_with_neighbours; the keeper's
  std::mutex reconcile_mutex_;

  std::shared_mutex loads_mutex_;
  std::map<std::string, std::shared_ptr<TenantLoad>, std::less<>> loads_;  // by tenant

  struct Totals {
    std::atomic<std::uint64_t> requests{0}, failed{0}, refused{0}, images{0}, cycles{0}, picojoules{0},
        charged_nano{0};
    std::atomic<std::int64_t> in_flight{0};
  };
  Totals totals_;
  std::atomic<bool> draining_{false};

  mutable std::mutex work_mutex_;
  std::condition_variable work_ready_;
  std::deque<StoredEndpoint> to_start_;
  std::int64_t starting_ = 0;  // of to_start_, and the one that is being started
  std::vector<std::pair<std::string, std::string>> to_void_;  // tenant, request: voids that the store refused
  std::vector<std::shared_ptr<const Serving>> retired_;       // to unload when their last request has ended
  bool stopping_ = false;
  std::thread starter_, keeper_;
};

}  // namespace chengying::cloud
