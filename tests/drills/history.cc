#include "history.h"

#include <algorithm>
#include <vector>

#include "billing/invoice.h"
#include "billing/price_book.h"
#include "cloud/queries.h"
#include "cloud/store/check.h"
#include "history_world.h"

namespace chengying::cloud {

using testing::nano;

namespace {
constexpr std::int64_t kHour = 3'600'000'000, kYear = 365 * 24 * kHour;
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
      {1, &History::void_all},      {2, &History::cap},           {1, &History::credit},
      {1, &History::refund},        {6, &History::request_lease}, {8, &History::activate_lease},
      {1, &History::extend_lease},  {1, &History::resize_lease},  {1, &History::move_lease},
      {2, &History::meter_lease},   {2, &History::drain_lease},   {3, &History::end_lease},
      {3, &History::schedule},      {1, &History::chip_state},    {1, &History::invoice}};
  return kActions;
}

History::History(std::uint64_t seed) : random_(seed) {
  EXPECT_TRUE(machine_.database().begin_writing());
  set_up();
}

void History::set_up() {
  std::int64_t position = 0;
  for (const Kind& kind : kFleet) {
    for (std::int64_t i = 0; i < kind.count; ++i) {
      step(RegisterChip{fmt::format("{}.{}", kind.name, i), kind.name, position++, kind.cores});
    }
  }
  for (std::size_t i = 0; i < kTenantsMost; ++i) {
    const std::string id = fmt::format("tn_{}", i);
    step(CreateTenant{id, "name of " + id, nano(amount(2) * 5'000)});
    step(CreateProject{project_of(id), id, "p"});
    step(CreateKey{key_of(id), id, "k", sha256(id), 1, 0, project_of(id)});
  }
  commit();
}

std::vector<std::string> History::texts(std::string_view sql, std::string_view argument) {
  std::vector<std::string> out;
  auto rows = *machine_.database().query(sql, argument);
  while (*rows.next()) out.push_back(rows.text(0));
  return out;
}
std::vector<std::string> History::leases_on(const std::string& chip) {
  return texts("SELECT lease FROM places WHERE chip = ? ORDER BY lease", chip);
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
  const auto* chip = std::get_if<SetChipState>(&command);
  const auto on_chip = chip != nullptr ? leases_on(chip->id) : std::vector<std::string>();
  const Expected expected = books_.expect(command, machine_.now);
  const auto effects = machine_(command);
  const auto where = [&] { return fmt::format("step {}: {} {}", step_, name_of(command), to_text(command)); };
  if (!effects) {
    const bool no_room = expected.needs_room && effects.error().code == Code::kResourceExhausted;
    if (no_room && !expected.refused) books_.withdraw();
    ++counts_.refused;
    if (no_room) return;
    ASSERT_TRUE(expected.refused.has_value()) << where() << ": " << effects.error().message;
    ASSERT_EQ(effects.error().code, *expected.refused) << where() << ": " << effects.error().message;
    return;
  }
  ASSERT_FALSE(expected.refused.has_value()) << where() << " should have been refused";
  if (!expected.either && chip == nullptr) {
    ASSERT_EQ(effects->repeated, expected.repeated) << where();
  }
  if (chip != nullptr && !effects->repeated && (chip->state == "failed" || chip->state == "gone")) {
    books_.lose(on_chip, chip->good_until_us, machine_.now);
  }
  ++(effects->repeated ? counts_.repeated : counts_.accepted);
  if (!effects->repeated) ++counts_.by_kind[std::string(name_of(command))];
  observe();
}

/// Which leases the store granted by itself.
void History::observe() {
  std::size_t open = 0;
  auto rows = *machine_.database().query(
      "SELECT id, state, fence, taken_back_us >= 0 FROM leases WHERE state NOT IN "
      "('ended', 'failed')");
  while (*rows.next()) {
    const std::string fault =
        books_.observe(rows.text(0), rows.text(1), rows.integer(2), rows.integer(3) != 0);
    ASSERT_EQ(fault, "") << "step " << step_;
    ++open;
  }
  ASSERT_EQ(open, books_.now().leases.size()) << "step " << step_;
}

/// What the service does when a notice is over.
void History::take_back() {
  const auto due = texts(
      "SELECT id FROM leases WHERE state NOT IN ('ended', 'failed') AND taken_back_us BETWEEN 0 AND "
      "CAST(? AS INTEGER)",
      std::to_string(machine_.now.monotonic_us));
  for (const std::string& id : due) {
    if (!::testing::Test::HasFatalFailure()) step(EndLease{id, false, "taken back with notice"});
  }
}

void History::commit() {
  ASSERT_TRUE(machine_.database().execute("COMMIT"));
  ASSERT_TRUE(machine_.database().begin_writing());
  books_.commit();
}

/// What a kill or a full disk does: the open transaction is gone, and at the start all requests are voided.
void History::crash() {
  ASSERT_TRUE(machine_.database().execute("ROLLBACK"));
  ASSERT_TRUE(machine_.database().begin_writing());
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
  for (const auto& [subject, cap] : should.caps) {
    auto row = *machine_.database().query("SELECT amount, spent, held FROM caps WHERE subject = ?", subject);
    ASSERT_TRUE(*row.next()) << subject << ", step " << step_;
    ASSERT_EQ(row.integer(0), cap.amount) << subject << ", step " << step_;
    ASSERT_EQ(row.integer(1), cap.spent) << subject << ", step " << step_;
    ASSERT_EQ(row.integer(2), cap.held) << subject << ", step " << step_;
    ASSERT_LE(cap.spent + cap.held, cap.amount) << subject << ", step " << step_;
  }
  std::int64_t leased = 0;
  for (const auto& [id, lease] : should.leases) leased += lease.state == "queued" ? 0 : lease.cores;
  ASSERT_EQ(machine_.number("SELECT sum(used) FROM chips"), leased)
      << "cores were made or lost at step " << step_;
  ASSERT_EQ(machine_.number(
                "SELECT count(*) FROM chips WHERE used <> (SELECT coalesce(sum(cores), 0) FROM places WHERE "
                "chip = id) OR used > cores"),
            0)
      << step_;
}

void History::compare_whole() {
  const auto checked = check_store(machine_.database());
  ASSERT_TRUE(checked) << "step " << step_ << ": " << checked.error().message;
  const Books::Open& should = books_.now();
  ASSERT_EQ(checked->records, should.records);
  ASSERT_EQ(machine_.number("SELECT sum(CAST(json_extract(text, '$.cycles') AS BIGINT)) FROM records"),
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
    if (i % 8 == 0) take_back();
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
