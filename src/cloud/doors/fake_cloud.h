// FakeCloud: a Cloud without chips, for tests of the door only: two tenants, a few keys, one endpoint that
// gives back its input; what it is told to refuse, it refuses. Answers come on a thread of their own, as the
// real one's do.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "billing/invoice.h"
#include "cloud/cloud.h"

namespace chengying::doors {

class FakeCloud final : public cloud::Cloud {
  using Money = billing::Money;

 public:
  explicit FakeCloud(std::filesystem::path folder) : folder_(std::move(folder)) {
    book_.version = 3;
    book_.currency = "USD";
    book_.offers.push_back({.id = "host.1.shared", .chip = "host"});
    echo_.name = "echo";
    echo_.id = "ep_1";
    echo_.state = cloud::EndpointState::kReady;
    echo_.batches = {1};
    echo_.signature = {{{"x", DType::kF32, {-1, 3}}}, {{"y", DType::kF32, {-1, 3}}}};
    echo_.labels = R"(["ant","bee","cat"])";
  }
  ~FakeCloud() override {
    for (std::thread& thread : threads_) thread.join();
  }

  // What a test sets, before it asks.
  cloud::Endpoint echo_;
  std::optional<Error> refuse_infer;
  std::optional<Error> refuse_control;
  // What a test reads, after it was answered.
  cloud::InferRequest last_infer;
  cloud::EndpointRequest last_endpoint;
  cloud::LeaseRequest last_lease;
  cloud::UsageFilter last_usage;
  std::string last_fault;  // "CHIP FAULT"
  std::string last_model;  // the bytes

  Status drain(std::chrono::milliseconds) override { return {}; }
  cloud::Stats stats() const override {
    cloud::Stats stats;
    stats.chips.push_back({"host", 2, 1});
    return stats;
  }
  bool ready() const override { return true; }
  const cloud::Limits& limits() const override { return limits_; }

  Result<cloud::Caller> authenticate(std::string_view secret) const override {
    const auto caller = [](std::string_view tenant, cloud::Scopes scopes) {
      return cloud::Caller{.tenant = std::string(tenant), .key = "key_1", .scopes = scopes};
    };
    if (secret == "chg_all") return caller("tn_1", 7);
    if (secret == "chg_infer") return caller("tn_1", 1);
    if (secret == "chg_other") return caller("tn_2", 7);
    if (secret == "chg_admin") return caller("tn_0", 8);
    return fail(Code::kUnauthenticated, "this key is not valid");
  }
  std::filesystem::path operator_key_file() const override { return folder_ / "operator.key"; }

  Result<cloud::Tenant> create_tenant(const cloud::Caller&, std::string_view name, Money credit) override {
    return cloud::Tenant{.id = "tn_9",
                         .name = std::string(name),
                         .created_at = {},
                         .balance = {},
                         .held = {},
                         .credit_line = credit,
                         .spent = {}};
  }
  Result<std::vector<cloud::Tenant>> tenants(const cloud::Caller&) const override { return refused(); }
  Result<cloud::Tenant> tenant(const cloud::Caller&, std::string_view) const override { return refused(); }
  Result<cloud::Tenant> deposit(const cloud::Caller&, std::string_view id, Money amount,
                                std::string_view) override {
    cloud::Tenant tenant;
    tenant.id = id;
    tenant.balance = amount;
    return tenant;
  }
  Result<cloud::Tenant> set_credit_line(const cloud::Caller&, std::string_view, Money) override {
    return refused();
  }
  Result<cloud::NewKey> create_key(const cloud::Caller&, std::string_view tenant, std::string_view name,
                                   cloud::Scopes scopes, std::string_view,
                                   std::string_view project) override {
    cloud::NewKey key;
    key.key.id = "key_2";
    key.key.tenant = tenant;
    key.key.name = name;
    key.key.scopes = scopes;
    key.key.project = project;
    key.secret = "chg_new";
    return key;
  }
  Result<std::vector<cloud::Key>> keys(const cloud::Caller&, std::string_view) const override {
    return refused();
  }
  Status revoke_key(const cloud::Caller&, std::string_view) override { return {}; }
  Result<cloud::Project> create_project(const cloud::Caller&, std::string_view tenant,
                                        std::string_view name) override {
    return cloud::Project{"pr_1", std::string(tenant), std::string(name), ""};
  }
  Result<std::vector<cloud::Project>> projects(const cloud::Caller&, std::string_view) const override {
    return std::vector<cloud::Project>();
  }
  Result<cloud::Cap> set_cap(const cloud::Caller&, std::string_view tenant, std::string_view subject,
                             Money amount, std::string_view alerts, std::string_view per) override {
    return cloud::Cap{std::string(subject), std::string(tenant), amount, {}, {},
                      std::string(alerts),  std::string(per),    ""};
  }
  Status remove_cap(const cloud::Caller&, std::string_view, std::string_view) override { return {}; }
  Result<std::vector<cloud::Cap>> caps(const cloud::Caller&, std::string_view) const override {
    return std::vector<cloud::Cap>();
  }
  Result<cloud::Quota> quota(const cloud::Caller&, std::string_view) const override { return cloud::Quota(); }
  Result<cloud::Quota> set_quota(const cloud::Caller&, std::string_view, const cloud::Quota& quota) override {
    return quota;
  }
  Status set_weight(const cloud::Caller&, std::string_view, std::int64_t) override { return {}; }
  Result<cloud::Tenant> refund(const cloud::Caller&, std::string_view, Money, std::string_view,
                               std::string_view) override {
    return refused();
  }
  Result<cloud::Tenant> credit(const cloud::Caller&, std::string_view, Money, std::string_view,
                               std::string_view) override {
    return refused();
  }
  Result<std::vector<cloud::Event>> events(const cloud::Caller&, std::int64_t, std::int64_t) const override {
    return std::vector<cloud::Event>();
  }
  Status set_chip_fault(const cloud::Caller&, std::string_view chip, std::string_view fault) override {
    last_fault = fmt::format("{} {}", chip, fault);
    return {};
  }
  Result<cloud::Chip> set_chip_state(const cloud::Caller&, std::string_view, std::string_view,
                                     std::string_view) override {
    return refused();
  }
  Result<cloud::Lease> extend_lease(const cloud::Caller& caller, std::string_view id, std::int64_t,
                                    std::string_view) override {
    return lease(caller, id);
  }
  Result<cloud::Lease> resize_lease(const cloud::Caller& caller, std::string_view id, std::string_view,
                                    std::string_view) override {
    return lease(caller, id);
  }
  Result<cloud::Lease> move_lease(const cloud::Caller& caller, std::string_view id,
                                  std::string_view) override {
    return lease(caller, id);
  }

  Result<std::vector<cloud::Chip>> chips(const cloud::Caller&) const override {
    cloud::Chip chip;
    chip.spec.name = "host";
    chip.cores = 2;
    return std::vector{chip};
  }
  const billing::PriceBook& price_book() const override { return book_; }
  Result<std::string> price_book_text(std::int64_t version) const override {
    if (version == 3) return "version = 3\n";
    return fail(Code::kNotFound, "there is no price book {}", version);
  }

  Result<cloud::Model> create_model(const cloud::Caller&, std::string_view,
                                    std::span<const std::byte>) override {
    return refused();
  }
  Result<cloud::Model> create_model_from_file(const cloud::Caller&, std::string_view name,
                                              const std::filesystem::path& file) override;
  std::filesystem::path upload_folder() const override { return folder_; }
  Result<std::vector<cloud::Model>> models(const cloud::Caller&) const override {
    return std::vector<cloud::Model>();
  }
  Result<cloud::Model> model(const cloud::Caller&, std::string_view id) const override {
    if (id != "sha256:1") return fail(Code::kNotFound, "there is no model '{}'", id);
    cloud::Model model;
    model.id = id;
    model.metadata["labels"] = R"(["from the file"])";
    return model;
  }
  Status delete_model(const cloud::Caller&, std::string_view) override { return {}; }

  Result<cloud::QuoteAnswer> quote_infer(const cloud::Caller&,
                                         const cloud::InferQuoteRequest& request) override {
    cloud::QuoteAnswer quote;
    quote.price = Money::nano(223);
    quote.batch = request.batch;
    return quote;
  }
  Result<cloud::QuoteAnswer> quote_lease(const cloud::Caller&, std::string_view,
                                         std::int64_t seconds) override {
    cloud::QuoteAnswer quote;
    quote.seconds = seconds;
    return quote;
  }

  Result<cloud::MonthTable> quote_month(const cloud::Caller&, const cloud::MonthRequest& request) override {
    cloud::MonthTable table;
    table.rows.emplace_back().offer = request.endpoint;
    return table;
  }
  Result<cloud::BookSignature> price_book_signature(std::int64_t version) const override {
    return cloud::BookSignature{version, "00", "11"};
  }
  Result<cloud::Spend> spend(const cloud::Caller&) const override {
    cloud::Spend spend;
    spend.today = Money::nano(7);
    return spend;
  }

  Result<cloud::Lease> create_lease(const cloud::Caller&, const cloud::LeaseRequest& request) override {
    last_lease = request;
    if (refuse_control) return std::unexpected(*refuse_control);
    return cloud::Lease();
  }
  Result<std::vector<cloud::Lease>> leases(const cloud::Caller&) const override {
    return std::vector<cloud::Lease>();
  }
  Result<cloud::Lease> lease(const cloud::Caller& caller, std::string_view id) const override {
    if (caller.tenant != "tn_1" || id != "ls_1") return fail(Code::kNotFound, "there is no lease '{}'", id);
    return cloud::Lease();
  }
  Result<cloud::Lease> release_lease(const cloud::Caller& caller, std::string_view id) override {
    return lease(caller, id);
  }
  Result<std::vector<cloud::Event>> lease_events(const cloud::Caller&, std::string_view) const override {
    return std::vector<cloud::Event>();
  }
  Result<cloud::Endpoint> create_endpoint(const cloud::Caller&, const cloud::EndpointRequest& request,
                                          bool) override {
    last_endpoint = request;
    return echo_;
  }
  Result<std::vector<cloud::Endpoint>> endpoints(const cloud::Caller&) const override {
    return std::vector{echo_};
  }
  Result<std::shared_ptr<const cloud::Endpoint>> endpoint(const cloud::Caller& caller,
                                                          std::string_view name) const override {
    if (caller.tenant == "tn_1" && name == echo_.name) return std::make_shared<const cloud::Endpoint>(echo_);
    return fail(Code::kNotFound, "there is no endpoint '{}'", name);
  }
  Status delete_endpoint(const cloud::Caller&, std::string_view) override { return {}; }

  void infer(const cloud::Caller&, cloud::InferRequest request, cloud::InferDone done) override;

  Result<cloud::Balance> balance(const cloud::Caller&) const override {
    cloud::Balance balance;
    balance.balance = Money::nano(12'000'000'001);
    balance.currency = "USD";
    return balance;
  }
  Result<cloud::UsagePage> usage(const cloud::Caller&, const cloud::UsageFilter& filter) const override {
    const_cast<FakeCloud*>(this)->last_usage = filter;
    cloud::UsagePage page;
    page.jsonl = "{\"sequence\":1}\n{\"sequence\":2}\n";
    page.count = 2;
    page.last_sequence = 2;
    page.more = true;
    return page;
  }
  Result<cloud::InvoiceView> create_invoice(const cloud::Caller&, std::string_view,
                                            std::string_view) override {
    return refused();
  }
  Result<std::vector<cloud::InvoiceView>> invoices(const cloud::Caller&) const override {
    return std::vector<cloud::InvoiceView>();
  }
  Result<cloud::InvoiceView> invoice(const cloud::Caller&, std::string_view id) const override {
    cloud::InvoiceView view;
    view.id = id;
    view.json = "{ \"exact\" : 1 }\n";
    if (id == "inv_pages") {  // a whole one
      view.tenant = "tn_pages";
      view.tenant_name = "Acme";
      view.json = to_json(*billing::make_invoice({"inv_pages", "tn_pages", "USD", "", {}, {}}, {}));
    }
    view.text = "a page\n";
    view.html = "<!doctype html>\n";
    return view;
  }
  Status invoice_records(const cloud::Caller&, std::string_view, const cloud::Sink& sink) const override {
    for (const std::string_view piece : {"{\"a\":1}\n", "{\"a\":2}\n"}) {
      if (Status status = sink(piece); !status) return status;
    }
    return {};
  }

 private:
  static std::unexpected<Error> refused() { return fail(Code::kConflict, "not in this test"); }

  std::filesystem::path folder_;
  cloud::Limits limits_;
  billing::PriceBook book_;
  std::vector<std::thread> threads_;
};

}  // namespace chengying::doors
