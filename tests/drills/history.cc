#include "history.h"

#include <algorithm>
#include <vector>

#include "billing/invoice.h"
#include "billing/price_book.h"
#include "cloud/queries.h"
#include "cloud/store/check.h"

namespace chengying::cloud {

namespace {
constexpr std::int64_t kHour = 3'600'000'000, kYear = 365 * 24 * kHour;
constexpr std::size_t kTenantsMost = 12;
constexpr std::int64_t kWorkPrice = 100, kCapacityPrice = 36;
constexpr std::size_t kHeldMost = 200;
const std::map<std::string, std::int64_t> kFleet{{"a", 2}, {"b", 16}};

/// Applied to the store, whatever the Books know of it.
Money nano(std::int64_t amount) {
  return Money::nano(amount);
}
}  // namespace

/// One kind of command, how often it is drawn, and how it is made.
struct History::Action {
  int weight;
  Command (History::*make)();
};

const std::vector<History::Action>& History::actions() {
  static const std::vector<Action> kActions{
      {1, &History::create_tenant}, {2, &History::credit_line},   {6, &History::deposit},
      {34, &History::hold},         {30, &History::post},         {6, &History::void_work},
      {1, &History::void_all},      {5, &History::request_lease}, {5, &History::activate_lease},
      {3, &History::drain_lease},   {4, &History::end_lease},     {1, &History::invoice}};
  return kActions;
}

History::History(std::uint64_t seed) : random_(seed), books_(kFleet) {
  EXPECT_TRUE(machine_.database().execute("BEGIN IMMEDIATE"));
  step(create_tenant());
}

std::string History::some_tenant() {
  const auto& accounts = books_.now().accounts;
  return std::next(accounts.begin(), static_cast<std::ptrdiff_t>(below(accounts.size())))->first;
}
std::string History::some_lease() {
  const auto& leases = books_.now().leases;
  if (leases.empty() || below(10) == 0)
    return fmt::format("ls_{}", below(static_cast<std::uint64_t>(leases_ + 1)));
  return std::next(leases.begin(), static_cast<std::ptrdiff_t>(below(leases.size())))->first;
}

Command History::create_tenant() {
  const std::size_t count = books_.now().accounts.size();
  const std::string id = fmt::format("tn_{}", count == kTenantsMost ? 0 : count);
  return CreateTenant{id, "name of " + id, nano(amount(2) * 5'000)};
}
Command History::credit_line() {
  return SetCreditLine{some_tenant(), nano(amount(12) * 1'000 - 1'000)};
}
Command History::deposit() {
  return Deposit{some_tenant(), below(2) == 0 ? "" : fmt::format("d{}", below(50)),
                 nano(amount(40) * 500 - 500)};
}

Command History::hold() {
  if (!held_.empty() && below(3) == 0) {  // the same again, or with another body
    HoldWork again = some_held();
    if (below(4) == 0) again.body = sha256("other");
    return again;
  }
  HoldWork hold;
  hold.tenant = some_tenant();
  hold.request = fmt::format("r{}", requests_++);
  hold.named = below(4) != 0;
  hold.body = sha256(hold.request);
  hold.amount = nano(below(60) == 0 ? -1 : amount(9) * 1'000);
  if (below(5) == 0)
    hold.quote = fmt::format("qt_{}", below(4) == 0 ? below(static_cast<std::uint64_t>(quotes_ + 1))
                                                    : static_cast<std::uint64_t>(++quotes_));
  held_.push_back(hold);
  if (held_.size() > kHeldMost) held_.pop_front();
  return hold;
}
/// Mostly one of the last: not settled yet.
const HoldWork& History::some_held() {
  const std::size_t recent = below(5) == 0 ? held_.size() : std::min<std::size_t>(held_.size(), 6);
  return held_[held_.size() - 1 - below(recent)];
}
Command History::post() {
  if (held_.empty()) return void_all();
  const HoldWork& hold = some_held();
  PostWork post;
  post.tenant = hold.tenant;
  post.request = hold.request;
  post.named = hold.named;
  post.endpoint = fmt::format("ep_{}", below(3));
  post.offer = "o";
  post.chip = "a";
  post.clock_hz = 1;
  post.quote = hold.quote;
  post.work_price = kWorkPrice;
  post.price_book_version = 1;
  // 36 cycles are 1000 nano-units. Mostly what was held; at times less, at times more.
  const std::int64_t wanted =
      std::max<std::int64_t>(hold.amount.nano() / 1'000 + (below(8) == 0 ? amount(3) - 1 : 0), 0);
  post.cycles = static_cast<std::uint64_t>(wanted * 36);
  post.picojoules = post.cycles * 3;
  return post;
}
Command History::void_work() {
  if (held_.empty()) return void_all();
  const HoldWork& hold = some_held();
  return VoidWork{hold.tenant, hold.request};
}
Command History::void_all() {
  if (below(20) != 0 && !held_.empty()) return void_work();
  return VoidUnanswered{};
}

Command History::request_lease() {
  RequestLease lease;
  lease.id = fmt::format("ls_{}", leases_++);
  lease.tenant = some_tenant();
  lease.request = below(2) == 0 ? "" : fmt::format("l{}", below(400));
  lease.offer = "o";
  lease.chip = below(2) == 0 ? "a" : "b";
  lease.cores = static_cast<std::uint16_t>(1 << below(lease.chip == "a" ? 2 : 5));
  lease.term = below(3) == 0 ? "reserved" : "on_demand";
  lease.seconds_max = 1 + amount(lease.term == "reserved" ? 9'000 : 60);
  lease.body = sha256(fmt::format("{}{}", lease.chip, lease.cores));
  lease.capacity_price = lease.term == "reserved" ? 1 : kCapacityPrice;
  lease.price_book_version = 1;
  const auto term = *billing::parse_term(lease.term);
  lease.hold = *billing::capacity_price(billing::billed_seconds(term, lease.seconds_max * 1'000'000),
                                        lease.cores, lease.capacity_price);
  return lease;
}
Command History::activate_lease() {
  const std::string id = some_lease();
  const auto it = books_.now().leases.find(id);
  if (it == books_.now().leases.end()) return ActivateLease{id};
  // What the placement of chips would say.
  const bool fits =
      books_.now().free_cores.at(it->second.chip) >= it->second.cores || it->second.started_us >= 0;
  return fits ? Command(ActivateLease{id}) : Command(EndLease{id, true, "no free cores"});
}
Command History::drain_lease() {
  return DrainLease{some_lease(), "released"};
}
Command History::end_lease() {
  return EndLease{some_lease(), below(5) == 0, "ended"};
}

Command History::invoice() {
  const std::string tenant = some_tenant();
  auto row =
      machine_.database().query("SELECT invoices, invoiced_sequence FROM tenants WHERE id = ?", tenant);
  EXPECT_TRUE(*row->next());
  const std::int64_t number = row->integer(0) + 1, after = row->integer(1);
  const auto records = *read_records(machine_.database(), tenant, after + 1, INT64_MAX);
  if (records.empty()) return void_all();
  billing::InvoiceHeader header{
      fmt::format("inv_{}_{}", tenant, number), tenant, "USD", "", records.front().previous, {}};
  const auto invoice = *billing::make_invoice(header, records);
  return StoreInvoice{invoice.id,
                      tenant,
                      "",
                      invoice.first_sequence,
                      invoice.last_sequence,
                      invoice.records,
                      invoice.total_micro,
                      invoice.rounding,
                      to_json(invoice)};
}

void History::tick() {
  machine_.now.monotonic_us += static_cast<std::int64_t>(below(3'000'000));
  if (below(200) == 0) machine_.now.monotonic_us += kHour;
  machine_.now.wall_us += static_cast<std::int64_t>(below(3'000'000)) - 500'000;
  if (below(300) == 0) machine_.now.wall_us += (below(2) == 0 ? 1 : -1) * (below(2) == 0 ? kHour : kYear);
}

void History::step(const Command& command) {
  const Expected expected = books_.expect(command, machine_.now);
  const auto effects = machine_(command);
  const auto where = [&] { return fmt::format("step {}: {} {}", step_, name_of(command), to_text(command)); };
  if (!effects) {
    ASSERT_TRUE(expected.refused.has_value()) << where() << ": " << effects.error().message;
    ASSERT_EQ(effects.error().code, *expected.refused) << where() << ": " << effects.error().message;
    ++counts_.refused;
    return;
  }
  ASSERT_FALSE(expected.refused.has_value()) << where() << " should have been refused";
  ASSERT_EQ(effects->repeated, expected.repeated) << where();
  ++(effects->repeated ? counts_.repeated : counts_.accepted);
  if (!effects->repeated) ++counts_.by_kind[std::string(name_of(command))];
}

void History::commit() {
  ASSERT_TRUE(machine_.database().execute("COMMIT; BEGIN IMMEDIATE"));
  books_.commit();
}

/// What a kill or a full disk does: the open transaction is gone, and at the start all requests are voided.
void History::crash() {
  ASSERT_TRUE(machine_.database().execute("ROLLBACK; BEGIN IMMEDIATE"));
  ASSERT_TRUE(machine_.state().reload());
  books_.rollback();
  ++counts_.crashes;
  step(VoidUnanswered{});
}

void History::compare() {
  const Books::Open& should = books_.now();
  std::int64_t sum = 0;
  auto rows = *machine_.database().query("SELECT id, balance, held, credit_line FROM accounts");
  while (*rows.next()) {
    const std::string id = rows.text(0);
    sum += rows.integer(1);
    if (!id.starts_with("tenant:")) continue;
    const Books::Account& account = should.accounts.at(id.substr(7));
    ASSERT_EQ(rows.integer(1), account.balance) << id << ", step " << step_;
    ASSERT_EQ(rows.integer(2), account.held) << id << ", step " << step_;
    ASSERT_EQ(rows.integer(3), account.credit) << id << ", step " << step_;
    ASSERT_GE(account.balance + account.credit - account.held, 0) << id << ", step " << step_;
  }
  ASSERT_EQ(sum, 0) << "money was made or lost at step " << step_;
  ASSERT_EQ(machine_.number("SELECT count(*) FROM holds"), static_cast<std::int64_t>(should.holds.size()))
      << step_;
  ASSERT_EQ(machine_.number("SELECT balance FROM accounts WHERE id = 'operator:revenue'"), should.revenue)
      << step_;
  auto used = *machine_.database().query(
      "SELECT chip, sum(cores) FROM leases WHERE state IN ('active', 'draining') GROUP BY chip");
  std::map<std::string, std::int64_t> free = kFleet;
  while (*used.next()) free[used.text(0)] -= used.integer(1);
  ASSERT_EQ(free, should.free_cores) << step_;
  for (const auto& [chip, cores] : free) ASSERT_GE(cores, 0) << chip << ", step " << step_;
}

void History::compare_whole() {
  const auto checked = check_store(machine_.database());
  ASSERT_TRUE(checked) << "step " << step_ << ": " << checked.error().message;
  const Books::Open& should = books_.now();
  ASSERT_EQ(checked->records, should.records);
  ASSERT_EQ(machine_.number("SELECT sum(json_extract(text, '$.cycles')) FROM records"),
            static_cast<std::int64_t>(should.cycles));
  ASSERT_EQ(machine_.number("SELECT -balance FROM accounts WHERE id = 'operator:cash'"), should.deposited);
  ASSERT_EQ(machine_.number("SELECT -balance FROM accounts WHERE id = 'operator:rounding'"), should.rounded);
}

void History::run(std::int64_t commands) {
  int weights = 0;
  for (const Action& action : actions()) weights += action.weight;
  const std::int64_t whole_every = std::max<std::int64_t>(commands / 5, 1);
  for (std::int64_t i = 0; i < commands && !::testing::Test::HasFatalFailure(); ++i, ++step_) {
    tick();
    auto draw = static_cast<int>(below(static_cast<std::uint64_t>(weights)));
    const auto* action = actions().data();
    while (draw >= action->weight) draw -= (action++)->weight;
    step((this->*action->make)());
    if (!::testing::Test::HasFatalFailure()) compare();
    if (below(25) == 0) commit();
    if (below(400) == 0) crash();
    if (i % whole_every == whole_every - 1) compare_whole();
  }
}

Status replay(Database& from, testing::Machine& to) {
  TRY_ASSIGN(Query journal,
             from.query("SELECT kind, command, monotonic_us, wall_us FROM journal ORDER BY sequence"));
  for (;;) {
    TRY_ASSIGN(const bool any, journal.next());
    if (!any) return {};
    TRY_ASSIGN(const Command command, parse_command(journal.text(0), journal.text(1)));
    to.now = {journal.integer(2), journal.integer(3)};
    TRY(to(command));
  }
}

}  // namespace chengying::cloud
