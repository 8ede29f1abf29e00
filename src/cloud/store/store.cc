#include "cloud/store/store.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <future>
#include <utility>

#include "base/check.h"
#include "cloud/store/check.h"
#include "cloud/store/schema.h"

namespace chengying::cloud {

namespace {
/// How long applied holds may wait for a post to share their commit.
constexpr std::chrono::milliseconds kHoldsWait{20};
/// ... of a shared store: not at all, neighbours wait for the end of the transaction.
constexpr std::chrono::milliseconds kHoldsWaitShared{0};
/// So long a transaction on a shared store goes on at the most: then the neighbours have their turn.
constexpr std::chrono::milliseconds kTurnMost{50};
/// How long a commit whose end is not known waits for the server to come back and tell.
constexpr int kServerTries = 20;
constexpr std::chrono::milliseconds kServerWait{250};
/// In the table of what is no part of the history: when each control process last wrote.
constexpr std::string_view kAlive = "process:";
constexpr std::int64_t kPagesMax = 4'294'967'294;
}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& where, const Clock& clock,
                                           std::int64_t queue_capacity, const std::string& process) {
  TRY_ASSIGN(Database writer, Database::open(where, false));
  TRY(prepare_store(writer));
  TRY_ASSIGN(const StoreSums sums, check_store(writer));
  TRY_ASSIGN(const std::int64_t monotonic,
             writer.number(0, "SELECT value FROM meta WHERE name = 'monotonic_us'"));
  TRY_ASSIGN(Database reader, Database::open(where, true));
  std::unique_ptr<Store> store(
      new Store(std::move(writer), std::move(reader), clock, queue_capacity, process));
  TRY(store->state_.reload());
  store->monotonic_base_us_ = monotonic - clock.monotonic_us();
  spdlog::info("store checked: {} journal rows, {} ledger entries, {} usage records", sums.journal_rows,
               sums.entries, sums.records);
  store->thread_ = std::thread([raw = store.get()] { raw->run(); });
  return store;
}

Store::Store(Database writer, Database reader, const Clock& clock, std::int64_t queue_capacity,
             std::string process)
    : writer_(std::move(writer)),
      state_(writer_),
      reader_(std::move(reader)),
      clock_(clock),
      queue_capacity_(queue_capacity),
      process_(std::move(process)) {}

Store::~Store() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  ready_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Now Store::now() const {
  return {monotonic_base_us_ + clock_.monotonic_us(), clock_.wall_us()};
}

Store::Counters Store::counters() const {
  const std::lock_guard lock(mutex_);
  Counters counters = counters_;
  counters.queued = static_cast<std::int64_t>(jobs_.size());
  return counters;
}

void Store::limit_pages_for_test(std::int64_t pages) {
  const std::lock_guard lock(mutex_);
  page_limit_wanted_ = pages == 0 ? kPagesMax : pages;
}

Status Store::push(Job job, bool always) {
  {
    const std::lock_guard lock(mutex_);
    CHECK(!closed_);
    if (!always && static_cast<std::int64_t>(jobs_.size()) >= queue_capacity_) {
      return fail(Code::kResourceExhausted, "{} commands wait for the store: try again later",
                  queue_capacity_);
    }
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
  return {};
}

Status Store::submit(Command command, Answer answer) {
  return push({std::move(command), std::move(answer), false}, false);
}

Status Store::submit_early(Command command, Answer answer) {
  CHECK(std::holds_alternative<HoldWork>(command));
  return push({std::move(command), std::move(answer), true}, false);
}

void Store::settle(Command command, Answer answer) {
  CHECK(push({std::move(command), std::move(answer), false}, true).has_value());
}

Result<Effects> Store::apply(Command command) {
  std::promise<Result<Effects>> promise;
  auto future = promise.get_future();
  TRY(submit(std::move(command),
             [&promise](Result<Effects> effects) { promise.set_value(std::move(effects)); }));
  return future.get();
}

std::optional<std::vector<Store::Job>> Store::take(
    std::optional<std::chrono::steady_clock::time_point> until) {
  std::unique_lock lock(mutex_);
  const auto something = [this] { return closed_ || !jobs_.empty(); };
  if (until) {
    ready_.wait_until(lock, *until, something);
  } else {
    ready_.wait(lock, something);
  }
  if (closed_ && jobs_.empty()) return std::nullopt;
  std::vector<Job> taken;
  taken.swap(jobs_);
  page_limit_ = std::exchange(page_limit_wanted_, std::nullopt);
  return taken;
}

void Store::run() {
  ::pthread_setname_np(::pthread_self(), "store");  // so that what metering costs can be seen from outside
  std::optional<std::chrono::steady_clock::time_point> commit_at;
  while (auto jobs = take(commit_at)) {
    if (page_limit_ && !open_ && !writer_.shared())
      (void)writer_.execute(fmt::format("PRAGMA max_page_count={}", *page_limit_));
    for (Job& job : *jobs) {
      apply_one(std::move(job));
      if (open_ && writer_.shared() && std::chrono::steady_clock::now() - begun_at_ >= kTurnMost) commit();
    }
    if (!open_) {
      commit_at.reset();
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!commit_at) commit_at = now + (writer_.shared() ? kHoldsWaitShared : kHoldsWait);
    if (applied_.empty() && now < *commit_at) continue;
    commit();
    commit_at.reset();
  }
  if (open_) commit();
}

void Store::advance_to(std::int64_t monotonic_us) {
  const std::int64_t behind = monotonic_us - now().monotonic_us;
  if (behind > 0) monotonic_base_us_ += behind;
}

Status Store::begin() {
  TRY(writer_.begin_writing());
  if (!writer_.shared()) return {};
  const Status ready = [&]() -> Status {
    TRY(state_.reload());
    TRY_ASSIGN(const std::int64_t monotonic,
               writer_.number(0, "SELECT value FROM meta WHERE name = 'monotonic_us'"));
    advance_to(monotonic);
    return {};
  }();
  if (!ready && writer_.in_transaction()) (void)writer_.execute("ROLLBACK");
  return ready;
}

void Store::apply_one(Job job) {
  if (!open_) {
    if (auto begun = begin(); !begun) {
      trouble(begun.error());
      job.answer(std::unexpected<Error>(begun.error()));
      return;
    }
    open_ = true;
    begun_at_ = std::chrono::steady_clock::now();
  }
  auto effects = apply_in_savepoint(job.command);
  {
    const std::lock_guard lock(mutex_);
    ++counters_.commands;
    if (!effects && effects.error().code == Code::kUnavailable) counters_.writable = false;
  }
  if (effects && !job.early) {
    applied_.push_back({std::move(job.answer), *std::move(effects)});
    return;
  }
  const bool lost = !writer_.in_transaction();
  const Error error = effects ? Error{} : effects.error();
  job.answer(std::move(effects));
  if (lost) abandon(error);
}

Result<Effects> Store::apply_in_savepoint(const Command& command) {
  TRY(writer_.run("SAVEPOINT command"));
  auto effects = state_.apply(command, now());
  if (effects) {
    TRY(writer_.run("RELEASE command"));
    return effects;
  }
  if (writer_.in_transaction()) {
    TRY(writer_.run("ROLLBACK TO command"));
    TRY(writer_.run("RELEASE command"));
  }
  return effects;
}

Status Store::say_alive() {
  if (process_.empty()) return {};
  return writer_.run(
      "INSERT INTO meta(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
      std::string(kAlive) + process_, now().monotonic_us);
}

Result<std::vector<std::pair<std::string, std::int64_t>>> Store::silent(std::int64_t silence_us) {
  return read([&](Database& database) -> Result<std::vector<std::pair<std::string, std::int64_t>>> {
    std::vector<std::pair<std::string, std::int64_t>> silent;
    TRY_ASSIGN(Query rows,
               database.query("SELECT name, value FROM meta WHERE value < ? AND name LIKE 'process:%' "
                              "ORDER BY name",
                              now().monotonic_us - silence_us));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) return silent;
      silent.emplace_back(rows.text(0).substr(kAlive.size()), rows.integer(1));
    }
  });
}

void Store::commit() {
  const auto start = std::chrono::steady_clock::now();
  auto done = say_alive();
  if (done)
    done = writer_.run("UPDATE meta SET value = ?1 WHERE name = 'monotonic_us' AND value < ?1",
                       now().monotonic_us);
  if (!done) return abandon(done.error());
  done = writer_.run("COMMIT");
  if (!done) {
    const auto was_done = landed();
    if (!was_done) return abandon(was_done.error());
    if (!*was_done) return abandon(done.error());
  }
  open_ = false;
  const auto took = std::chrono::steady_clock::now() - start;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.commits;
    counters_.commit_nanoseconds +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    counters_.writable = true;
  }
  if (std::exchange(in_trouble_, false)) spdlog::info("store: can be written again");
  std::vector<Applied> durable;
  durable.swap(applied_);
  for (Applied& each : durable) each.answer(std::move(each.effects));
}

Result<bool> Store::landed() {
  if (!writer_.shared() || writer_.in_transaction()) return false;
  // The row that begin_writing locks is free only once the cut off transaction is over, one way or the other.
  Result<bool> found = false;
  for (int i = 0; i < kServerTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(kServerWait);
    if (!writer_.begin_writing()) continue;
    found = state_.is_in_journal();
    if (writer_.in_transaction()) (void)writer_.execute("ROLLBACK");
    if (found) return found;
  }
  return fail(Code::kUnavailable,
              "the store was lost in the middle of a commit: whether it was done is not known; send it again "
              "under the same id, it is not done or charged twice");
}

void Store::trouble(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    counters_.writable = false;
  }
  // Once for each stretch of trouble, not for each command in it.
  if (!std::exchange(in_trouble_, true)) spdlog::error("store: {}", error.message);
}

void Store::abandon(const Error& error) {
  if (writer_.in_transaction()) (void)writer_.execute("ROLLBACK");
  open_ = false;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.commit_failures;
  }
  trouble(error);
  // The tables are as they were before; if even that can't be read, the next command's journal row will
  // collide and be refused, so nothing wrong is ever written. A shared store's begin() reads it anyway.
  if (!writer_.shared()) {
    if (auto reloaded = state_.reload(); !reloaded) spdlog::error("store: {}", reloaded.error().message);
  }
  std::vector<Applied> lost;
  lost.swap(applied_);
  for (Applied& each : lost) each.answer(std::unexpected<Error>(error));
}

}  // namespace chengying::cloud
