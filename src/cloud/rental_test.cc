#include <gmock/gmock.h>

#include "billing/invoice.h"
#include "cloud/store/database.h"
#include "cloud/testing.h"
#include "cloud/text.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {
namespace {

using testing::absolute_file;
using testing::CloudTest;
using ::testing::HasSubstr;
using testing::units;

class RentalTest : public CloudTest {
 protected:
  std::string records_of(const Caller& caller, const std::string& invoice) {
    std::string records;
    EXPECT_TRUE(cloud_->invoice_records(caller, invoice, [&](std::string_view piece) -> Status {
      records += piece;
      return {};
    }));
    return records;
  }
};

TEST_F(RentalTest, ALeaseBillsItsTimeAndItsInvoiceVerifies) {
  const Lease lease = lease_of(tenant_);
  EXPECT_EQ(lease.state, LeaseState::kActive);
  EXPECT_EQ(lease.held.nano(), billing::capacity_price(60, 1, 40'000)->nano());
  endpoint_of(tenant_, "abs", lease.id);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(infer(tenant_, "abs", 1 + i));
  clock_.monotonic += 7'300'000;
  EXPECT_EQ(cloud_->lease(tenant_, lease.id)->seconds_used, 8);
  const auto released = cloud_->release_lease(tenant_, lease.id);
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_EQ(released->state, LeaseState::kEnded);
  EXPECT_EQ(released->seconds_used, 8);
  EXPECT_EQ(released->charged, *billing::capacity_price(8, 1, 40'000));
  EXPECT_EQ(cloud_->release_lease(tenant_, lease.id)->charged, released->charged)
      << "releasing again changes nothing";
  EXPECT_EQ(infer(tenant_, "abs").error().code, Code::kUnavailable);

  const Money before = cloud_->balance(tenant_)->balance;
  const auto invoice = cloud_->create_invoice(tenant_, "", "inv");
  ASSERT_TRUE(invoice) << invoice.error().message;
  EXPECT_EQ(invoice->records, 6);
  EXPECT_THAT(invoice->text, HasSubstr("Total"));
  const auto verified = billing::verify_invoice(invoice->json, records_of(tenant_, invoice->id),
                                                std::string_view(*cloud_->price_book_text(1)));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->total_micro, invoice->total_micro);
  const auto balance = cloud_->balance(tenant_);
  EXPECT_EQ(balance->spent.nano(), invoice->total_micro * 1000) << "what rounding left was given back";
  EXPECT_GE(balance->balance, before);
  EXPECT_EQ(cloud_->create_invoice(tenant_, "", "inv")->id, invoice->id) << "idempotent";
  EXPECT_EQ(cloud_->create_invoice(tenant_, "", "").error().code, Code::kConflict)
      << "nothing is billed twice";

  ASSERT_TRUE(cloud_->release_lease(tenant_, lease_of(tenant_).id));
  const auto second = cloud_->create_invoice(admin_, tenant_.tenant, "");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(billing::verify_invoice(second->json, records_of(tenant_, second->id),
                                      std::string_view(*cloud_->price_book_text(1))))
      << "its chain goes on from the first invoice's";
  EXPECT_EQ(cloud_->invoices(tenant_)->size(), 2U);
}

TEST_F(RentalTest, ALeaseQuoteEqualsWhatALeaseCanCost) {
  const auto quote = cloud_->quote_lease(tenant_, "small.1", 30);
  ASSERT_TRUE(quote);
  const auto lease = cloud_->create_lease(tenant_, {"", "small.1", "", 30, quote->token});
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease->held, quote->price);
  clock_.monotonic += 100'000'000;
  for (int i = 0; i < 500 && cloud_->lease(tenant_, lease->id)->state != LeaseState::kEnded; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto ended = cloud_->lease(tenant_, lease->id);
  EXPECT_EQ(ended->state, LeaseState::kEnded) << "it ends by itself";
  EXPECT_EQ(ended->charged, quote->price);
  EXPECT_EQ(ended->reason, "its longest time is over");
  EXPECT_EQ(cloud_->create_lease(tenant_, {"", "small.1", "", 30, quote->token}).error().code,
            Code::kConflict);
}

TEST_F(RentalTest, CoresAreGivenOnceAndComeBack) {
  const Lease a = lease_of(tenant_), b = lease_of(tenant_);
  EXPECT_EQ(cloud_->chips(tenant_)->front().free_cores, 0);
  const Money before = cloud_->balance(tenant_)->balance;
  const auto none = cloud_->create_lease(tenant_, {"", "small.1", "", 60, ""});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kResourceExhausted);
  EXPECT_EQ(cloud_->balance(tenant_)->balance, before);
  ASSERT_TRUE(cloud_->release_lease(tenant_, a.id));
  EXPECT_EQ(cloud_->chips(tenant_)->front().free_cores, 1);
  ASSERT_TRUE(cloud_->release_lease(tenant_, b.id));
  EXPECT_EQ(lease_of(tenant_, "small.2").cores, 2);
}

TEST_F(RentalTest, TheSameLeaseRequestGivesTheSameLease) {
  const Lease lease = lease_of(tenant_, "small.1", "mine");
  EXPECT_EQ(lease_of(tenant_, "small.1", "mine").id, lease.id);
  EXPECT_EQ(cloud_->create_lease(tenant_, {"mine", "small.1", "", 61, ""}).error().code, Code::kConflict);
}

TEST_F(RentalTest, LeasesThatCanNotBeAreRefused) {
  const auto message = [&](const LeaseRequest& request) {
    return cloud_->create_lease(tenant_, request).error().message;
  };
  EXPECT_THAT(message({"", "nothing", "", 60, ""}), HasSubstr("no offer \"nothing\""));
  EXPECT_THAT(message({"", "small.shared", "", 60, ""}), HasSubstr("is shared"));
  EXPECT_THAT(message({"", "small.1", "", 0, ""}), HasSubstr("not in 1..3600"));
  EXPECT_THAT(message({"", "small.1", "", 3'601, ""}), HasSubstr("not in 1..3600"));
  EXPECT_THAT(message({std::string(200, 'a'), "small.1", "", 60, ""}), HasSubstr("request id has 200 bytes"));
  const Caller poor = make_tenant("poor", "0");
  EXPECT_EQ(cloud_->create_lease(poor, {"", "small.1", "", 60, ""}).error().code, Code::kPaymentRequired);
  EXPECT_EQ(cloud_->chips(tenant_)->front().free_cores, 2);
}

TEST_F(RentalTest, AfterARestartLeasesGoOnAndEndpointsServeWithoutTheHoursBetween) {
  const Lease lease = lease_of(tenant_);
  endpoint_of(tenant_, "leased", lease.id);
  endpoint_of(tenant_, "shared");
  clock_.monotonic += 2'000'000;
  ASSERT_TRUE(infer(tenant_, "leased"));  // a commit: the time line is written
  cloud_.reset();
  clock_.monotonic = 5;  // another boot of the machine
  clock_.wall += 3'600'000'000;
  reopen();
  wait_until_ready();
  EXPECT_TRUE(infer(tenant_, "leased")) << infer(tenant_, "leased").error().message;
  EXPECT_TRUE(infer(tenant_, "shared"));
  clock_.monotonic += 500'000;
  const auto released = cloud_->release_lease(tenant_, lease.id);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->seconds_used, 3);
}

TEST_F(RentalTest, AModelIsCompiledOnceForAChipAndASlice) {
  const std::string text = "onnx model";
  const auto model = cloud_->create_model(tenant_, "m", std::as_bytes(std::span(text)));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->kind, ModelKind::kOnnx);
  for (const char* name : {"a", "b"}) {
    EndpointRequest request;
    request.name = name;
    request.model = model->id;
    request.shared_offer = "small.shared";
    const auto endpoint = cloud_->create_endpoint(tenant_, request, true);
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->state, EndpointState::kReady) << endpoint->reason;
  }
  reopen();
  wait_until_ready();
  EXPECT_TRUE(infer(tenant_, "b"));
  EXPECT_EQ(compilations_, 1);
  InferQuoteRequest quote;
  quote.model = model->id;
  quote.offer = "small.2";
  EXPECT_TRUE(cloud_->quote_infer(tenant_, quote));
  EXPECT_EQ(compilations_, 2);
}

TEST_F(RentalTest, ModelsAreKeptByTheirDigestAndRefusedWhenBroken) {
  const std::string id = model_of(tenant_);
  EXPECT_EQ(model_of(tenant_), id);
  EXPECT_EQ(cloud_->models(tenant_)->size(), 1U);
  const Caller other = make_tenant("other", "1");
  EXPECT_EQ(cloud_->model(other, id).error().code, Code::kNotFound);
  const auto refused = [&](std::string_view text) {
    return cloud_->create_model(tenant_, "m", std::as_bytes(std::span(text))).error();
  };
  EXPECT_EQ(refused("").code, Code::kInvalidArgument);
  EXPECT_THAT(refused("hello").message, HasSubstr("not an ONNX file"));
  auto cut = absolute_file(1, {1});
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(cloud_->create_model(tenant_, "m", cut));
  endpoint_of(tenant_, "abs");
  EXPECT_THAT(cloud_->delete_model(tenant_, id).error().message,
              HasSubstr("endpoint \"abs\" serves this model"));
  ASSERT_TRUE(cloud_->delete_endpoint(tenant_, "abs"));
  EXPECT_TRUE(cloud_->delete_model(tenant_, id));
  EXPECT_EQ(cloud_->delete_model(tenant_, id).error().code, Code::kNotFound);
}

TEST_F(RentalTest, QuotasAreKept) {
  limits_.models = 1;
  limits_.leases = 1;
  limits_.endpoints = 1;
  limits_.model_bytes = 100'000;
  reopen();
  endpoint_of(tenant_, "abs");
  EXPECT_EQ(cloud_->create_model(tenant_, "m", absolute_file(1, {2})).error().code, Code::kResourceExhausted);
  EXPECT_EQ(cloud_->create_model(tenant_, "m", std::vector<std::byte>(100'001)).error().code,
            Code::kTooLarge);
  lease_of(tenant_);
  EXPECT_EQ(cloud_->create_lease(tenant_, {"", "small.1", "", 60, ""}).error().code,
            Code::kResourceExhausted);
  EndpointRequest second;
  second.name = "second";
  second.model = model_of(tenant_);
  second.shared_offer = "small.shared";
  EXPECT_EQ(cloud_->create_endpoint(tenant_, second, true).error().code, Code::kResourceExhausted);
}

TEST_F(RentalTest, EndpointsThatCanNotBeAreRefused) {
  EndpointRequest request;
  request.model = model_of(tenant_);
  request.shared_offer = "small.shared";
  const auto message = [&](auto change) {
    EndpointRequest changed = request;
    changed.name = "e";
    change(changed);
    const auto made = cloud_->create_endpoint(tenant_, changed, true);
    return made ? made->reason : made.error().message;
  };
  EXPECT_THAT(message([](auto& r) { r.name = "a/b"; }), HasSubstr("an endpoint's name is"));
  EXPECT_THAT(message([](auto& r) { r.batches = {}; }), HasSubstr("batches must be"));
  EXPECT_THAT(message([](auto& r) { r.batches = {1, 1}; }), HasSubstr("batches must be"));
  EXPECT_THAT(message([](auto& r) { r.lease = "ls_1"; }), HasSubstr("either a lease or a shared offer"));
  EXPECT_THAT(message([](auto& r) { r.shared_offer = "small.1"; }), HasSubstr("take a lease on it first"));
  EXPECT_THAT(message([](auto& r) { r.labels = "{}"; }), HasSubstr("labels must be a JSON array of strings"));
  EXPECT_THAT(message([](auto& r) { r.preprocessing = "{\"nonsense\":1}"; }), HasSubstr("nonsense"));
  EXPECT_THAT(message([](auto& r) { r.preprocessing = "{\"crop\":224}"; }),
              HasSubstr("preprocessing makes f32[1,3,224,224]"));
  EXPECT_THAT(message([](auto& r) { r.model = "sha256:12"; }), HasSubstr("no model"));
}

TEST_F(RentalTest, KeysAreHashedAtRestAndEndWhenRevokedOrExpired) {
  const auto key =
      cloud_->create_key(admin_, tenant_.tenant, "k", *parse_scopes("infer"), "2099-01-01T00:00:00Z", "");
  ASSERT_TRUE(key) << key.error().message;
  ASSERT_TRUE(cloud_->authenticate(key->secret));
  EXPECT_TRUE(cloud_->authenticate(key->secret)->may(Scope::kInfer));
  EXPECT_FALSE(cloud_->authenticate(key->secret)->may(Scope::kDeploy));
  clock_.wall += std::int64_t{100} * 366 * 86'400 * 1'000'000;
  const auto expired = cloud_->authenticate(key->secret);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().message, cloud_->authenticate("nonsense").error().message);
  const auto second = cloud_->create_key(tenant_, "", "k2", *parse_scopes("infer"), "", "");
  ASSERT_TRUE(cloud_->revoke_key(tenant_, second->key.id));
  EXPECT_FALSE(cloud_->authenticate(second->secret));
  EXPECT_EQ(cloud_->create_key(tenant_, "", "k3", *parse_scopes("admin"), "", "").error().code,
            Code::kPermissionDenied);
  EXPECT_EQ(cloud_->create_key(tenant_, "tn_operator", "k", 1, "", "").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->create_key(tenant_, "", "k", 1, "2001-01-01T00:00:00Z", "").error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(cloud_->revoke_key(make_tenant("other", "0"), second->key.id).error().code, Code::kNotFound);
  cloud_.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    if (!file.is_regular_file()) continue;
    const auto text = read_text_file(file.path(), 1 << 26);
    EXPECT_EQ(text->find(key->secret), std::string::npos) << file.path();
  }
}

TEST_F(RentalTest, OnlyAdminsMoveMoneyIn) {
  EXPECT_EQ(cloud_->deposit(tenant_, "", units("1"), "").error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->create_tenant(tenant_, "x", Money()).error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->tenants(tenant_).error().code, Code::kPermissionDenied);
  EXPECT_EQ(cloud_->tenant(tenant_, admin_.tenant).error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->deposit(admin_, "tn_none", units("1"), "").error().code, Code::kNotFound);
  EXPECT_EQ(cloud_->deposit(admin_, tenant_.tenant, units("-1"), "").error().code, Code::kInvalidArgument);
  ASSERT_TRUE(cloud_->deposit(admin_, tenant_.tenant, units("2"), "d"));
  EXPECT_EQ(cloud_->deposit(admin_, tenant_.tenant, units("2"), "d")->balance, units("3"));
  EXPECT_EQ(cloud_->set_credit_line(admin_, tenant_.tenant, units("5"))->credit_line, units("5"));
  EXPECT_EQ(cloud_->balance(tenant_)->available, units("8"));
}

TEST_F(RentalTest, AQuotaOfBytesIsTheTenantsOwn) {
  const auto first = absolute_file(1, {1}), second = absolute_file(1, {2});
  Quota quota = *cloud_->quota(tenant_, "");
  quota.model_bytes = static_cast<std::int64_t>(first.size() + second.size()) - 1;
  ASSERT_TRUE(cloud_->set_quota(admin_, tenant_.tenant, quota));
  ASSERT_TRUE(cloud_->create_model(tenant_, "a", first));
  const auto over = cloud_->create_model(tenant_, "b", second);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kResourceExhausted);
  EXPECT_THAT(over.error().message, HasSubstr("bytes together: delete one"));
  ++quota.model_bytes;
  ASSERT_TRUE(cloud_->set_quota(admin_, tenant_.tenant, quota));
  EXPECT_TRUE(cloud_->create_model(tenant_, "b", second));
}

TEST_F(RentalTest, ASharedEndpointCostsNothingWhileItIsIdle) {
  endpoint_of(tenant_, "abs");
  const Money before = cloud_->balance(tenant_)->balance;
  const std::int64_t month = std::int64_t{30} * 86'400 * 1'000'000;
  clock_.monotonic += month;
  clock_.wall += month;
  EXPECT_EQ(cloud_->balance(tenant_)->balance, before);
  EXPECT_EQ(cloud_->balance(tenant_)->held, Money());
  EXPECT_THAT(cloud_->create_invoice(tenant_, "", "").error().message, HasSubstr("nothing was used"));
  const auto answer = infer(tenant_, "abs");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(cloud_->balance(tenant_)->balance, *billing::subtract(before, answer->receipt.price));
}

TEST_F(RentalTest, UsageIsFilteredAndPaged) {
  endpoint_of(tenant_, "a");
  endpoint_of(tenant_, "b");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(infer(tenant_, i % 2 == 0 ? "a" : "b"));
    clock_.wall += 1'000'000;
  }
  UsageFilter filter;
  filter.endpoint = "a";
  EXPECT_EQ(cloud_->usage(tenant_, filter)->count, 3);
  filter = {};
  filter.limit = 2;
  auto page = cloud_->usage(tenant_, filter);
  EXPECT_TRUE(page->more);
  filter.after_sequence = page->last_sequence;
  filter.limit = 10;
  page = cloud_->usage(tenant_, filter);
  EXPECT_EQ(page->count, 3);
  EXPECT_FALSE(page->more);
  filter = {};
  filter.from = format_utc(clock_.wall - 2'000'000);
  EXPECT_EQ(cloud_->usage(tenant_, filter)->count, 2);
  filter.to = format_utc(clock_.wall - 1'000'000);
  EXPECT_EQ(cloud_->usage(tenant_, filter)->count, 1) << "up to, but not including it";
  filter.from = "yesterday";
  EXPECT_THAT(cloud_->usage(tenant_, filter).error().message, HasSubstr("is not a time like"));
  filter = {};
  filter.limit = 0;
  EXPECT_FALSE(cloud_->usage(tenant_, filter));
}

TEST_F(RentalTest, AnEarlierPriceBookStaysValidForWhatWasMadeUnderIt) {
  endpoint_of(tenant_, "abs");
  const Money old_price = infer(tenant_, "abs")->receipt.price;
  cloud_.reset();
  Config next = config();
  std::string book = testing::kBook;
  book.replace(book.find("version = 1"), 11, "version = 2");
  book.replace(book.find("6_000_000"), 9, "9_000_000");
  next.price_book_toml = book;
  auto opened = Cloud::open(std::move(next));
  ASSERT_TRUE(opened) << opened.error().message;
  cloud_ = *std::move(opened);
  wait_until_ready();
  EXPECT_EQ(infer(tenant_, "abs")->receipt.price, old_price) << "this endpoint was made under version 1";
  endpoint_of(tenant_, "new");
  EXPECT_GT(infer(tenant_, "new")->receipt.price, old_price);
  const auto invoice = cloud_->create_invoice(tenant_, "", "");
  ASSERT_TRUE(invoice);
  const std::vector<std::string> books{*cloud_->price_book_text(1), *cloud_->price_book_text(2)};
  const auto verified = billing::verify_invoice(invoice->json, records_of(tenant_, invoice->id), books);
  EXPECT_TRUE(verified) << verified.error().message;
  cloud_.reset();
  EXPECT_THAT(Cloud::open(config()).error().message, HasSubstr("versions only rise"));
  next = config();
  book.replace(book.find("9_000_000"), 9, "8_000_000");
  next.price_book_toml = book;
  EXPECT_THAT(Cloud::open(std::move(next)).error().message, HasSubstr("changes version 2, which was in use"));
}

TEST_F(RentalTest, ADataFolderServesOneAtATime) {
  const auto second = Cloud::open(config());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("is in use by another service"));
}

TEST(Text, OnlyWellFormedUtf8WithoutControlCharactersPasses) {
  EXPECT_TRUE(check_text("name", "承影 ü", false, 100));
  EXPECT_FALSE(check_text("name", "", false, 100));
  for (const std::string_view bad :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x89", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(check_text("name", bad, false, 100)) << bad;
  }
}

TEST(WallTime, ReadsWhatFormatUtcWrites) {
  for (const std::int64_t us :
       {std::int64_t{0}, std::int64_t{1'780'000'000'123'456}, std::int64_t{951'782'400'000'000}}) {
    EXPECT_EQ(*parse_utc("at", format_utc(us)), us);
  }
  EXPECT_EQ(*parse_utc("at", "1970-01-01T00:00:01.5Z"), 1'500'000);
  for (const char* bad :
       {"", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "x"}) {
    EXPECT_FALSE(parse_utc("at", bad)) << bad;
  }
}

}  // namespace
}  // namespace chengying::cloud
