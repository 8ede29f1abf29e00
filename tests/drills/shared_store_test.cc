// Several control processes, one store in PostgreSQL: 10,000 holds from two processes at the last cent of a
// cap, and a process that is killed in the middle of its neighbour's work. Real processes (fork), a server
// that the test starts. CHENGYING_DRILL_ROUNDS: how often the second one is done (2 unless told).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

#include "cloud/store/check.h"
#include "cloud/store/postgres_for_test.h"
#include "cloud/store/store.h"
#include "cloud/store/testing.h"

namespace chengying::cloud {
namespace {

constexpr std::int64_t kEach = 1'000;  // nano-units: one micro-unit
constexpr std::int64_t kFit = 4'000, kCap = kFit * kEach + kEach - 1;
constexpr int kThreads = 4, kHolds = 1'250;  // of each process

struct Counts {
  std::int64_t held = 0, refused = 0, others = 0, posted = 0;
};

HoldWork hold_of(const std::string& process, const std::string& request) {
  HoldWork hold{"tn_a", request, true, sha256(request), Money::nano(kEach), "", "pr_a", ""};
  hold.process = process;
  return hold;
}

/// Holds as the service makes them, answered early, and a post after each.
void hold_and_post(Store& store, const std::string& process, int thread,
                   std::array<std::atomic<std::int64_t>, 4>& counts) {
  for (int i = 0; i < kHolds; ++i) {
    const std::string request = fmt::format("{}.{}.{}", process, thread, i);
    const auto done = [&store, &counts, request](const Result<Effects>& effects) {
      const bool poor = !effects && effects.error().code == Code::kPaymentRequired;
      ++counts[effects ? 0 : poor ? 1 : 2];
      if (!effects) return;
      PostWork post = testing::post_of(request, 1);
      post.project = "pr_a";
      store.settle(post, [&counts](const Result<Effects>& posted) { ++counts[posted ? 3 : 2]; });
    };
    if (!store.submit_early(hold_of(process, request), done)) ++counts[2];
  }
}

/// A control process: waits for the start, works, writes what it counted.
[[noreturn]] void run_process(const std::string& url, const std::string& process, int start, int result) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // of a test that fails, nothing stays
  const SystemClock clock;
  auto store = Store::open(url, clock, 100'000, process);
  if (!store) _exit(4);
  char byte = 'r';
  if (write(result, &byte, 1) != 1 || read(start, &byte, 1) != 1) _exit(5);
  std::array<std::atomic<std::int64_t>, 4> counts{};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { hold_and_post(**store, process, t, counts); });
  }
  for (std::thread& thread : threads) thread.join();
  while (!(*store)->apply(Barrier{}) || (*store)->counters().queued > 0 ||
         counts[0] > counts[2] + counts[3]) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const Counts told{counts[0], counts[1], counts[2], counts[3]};
  if (write(result, &told, sizeof told) != sizeof told) _exit(6);
  _exit(0);
}

struct Process {
  pid_t id = 0;
  int start = -1, result = -1;
};

Process begin(const std::string& url, const std::string& name) {
  std::array<int, 2> start{}, result{};
  EXPECT_EQ(pipe(start.data()), 0);
  EXPECT_EQ(pipe(result.data()), 0);
  const pid_t id = fork();
  EXPECT_GE(id, 0);
  if (id == 0) {
    close(start[1]);
    run_process(url, name, start[0], result[1]);
  }
  close(start[0]);
  close(result[1]);
  char ready = 0;
  EXPECT_EQ(read(result[0], &ready, 1), 1) << "control process " << name << " does not start";
  return {id, start[1], result[0]};
}

void go(const Process& process) {
  ASSERT_EQ(write(process.start, "g", 1), 1);
}

/// nullopt if it was killed before it told.
std::optional<Counts> end(const Process& process) {
  Counts counts;
  const bool told = read(process.result, &counts, sizeof counts) == sizeof counts;
  close(process.start);
  close(process.result);
  waitpid(process.id, nullptr, 0);
  return told ? std::optional(counts) : std::nullopt;
}

std::string make_store() {
  const std::string url = testing::PostgresServer::new_store();
  const SystemClock clock;
  auto store = Store::open(url, clock, 1'000);
  EXPECT_TRUE(store) << store.error().message;
  EXPECT_TRUE((*store)->apply(CreateTenant{"tn_a", "a", Money()}));
  EXPECT_TRUE((*store)->apply(Deposit{"tn_a", "", Money::nano(1'000'000'000)}));
  EXPECT_TRUE((*store)->apply(CreateProject{"pr_a", "tn_a", "p"}));
  EXPECT_TRUE((*store)->apply(SetCap{"tn_a", "pr_a", Money::nano(kCap), ""}));
  return url;
}

std::int64_t number(Database& database, std::string_view sql) {
  return *database.number(-1, sql);
}

TEST(SharedStore, TenThousandHoldsOfTwoControlProcessesStopAtTheLastCentOfACap) {
  const std::string url = make_store();
  const Process a = begin(url, "a"), b = begin(url, "b");
  const auto from = std::chrono::steady_clock::now();
  go(a), go(b);
  const auto of_a = end(a), of_b = end(b);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  ASSERT_TRUE(of_a && of_b);
  auto database = Database::open(url, true);
  ASSERT_TRUE(database);
  const std::int64_t spent = number(*database, "SELECT spent FROM caps WHERE subject = 'pr_a'");
  const std::int64_t held = number(*database, "SELECT held FROM caps WHERE subject = 'pr_a'");
  EXPECT_EQ(of_a->held + of_b->held, kFit);
  EXPECT_EQ(of_a->held + of_a->refused + of_b->held + of_b->refused, 2 * kThreads * kHolds);
  EXPECT_EQ(of_a->others + of_b->others, 0);
  EXPECT_EQ(of_a->posted + of_b->posted, kFit);
  EXPECT_EQ(spent, kFit * kEach);
  EXPECT_EQ(held, 0);
  EXPECT_EQ(number(*database,
                   "SELECT count(*) FROM (SELECT monotonic_us, lag(monotonic_us) OVER (ORDER BY sequence) "
                   "AS before FROM journal) AS j WHERE monotonic_us < before"),
            0)
      << "time never runs backwards";
  const auto checked = check_store(*database);
  EXPECT_TRUE(checked) << checked.error().message;
  std::cout << fmt::format(
      "{} holds of two control processes on a cap for {}: {} and {} held and charged, {} refused, overshoot "
      "{} "
      "micro-units, {:.1f} s\n",
      2 * kThreads * kHolds, kFit, of_a->held, of_b->held, of_a->refused + of_b->refused,
      std::max<std::int64_t>(spent + held - kCap, 0) / kEach, seconds);
}

TEST(SharedStore, AKilledNeighbourLosesItsHoldsOnlyAndNothingThatWasCharged) {
  const char* told = std::getenv("CHENGYING_DRILL_ROUNDS");
  const int rounds = told == nullptr ? 2 : std::atoi(told);
  std::mt19937 random(1);
  std::int64_t left = 0, charged = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string url = make_store();
    const Process a = begin(url, "a"), b = begin(url, "b");
    go(a), go(b);
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 600));
    kill(a.id, SIGKILL);
    const auto of_a = end(a), of_b = end(b);
    ASSERT_TRUE(of_b) << "the neighbour goes on";
    EXPECT_EQ(of_b->others, 0);
    EXPECT_EQ(of_b->held, of_b->posted);
    const SystemClock clock;
    auto again = Store::open(url, clock, 1'000, "a");  // checks the whole store
    ASSERT_TRUE(again) << again.error().message;
    auto database = Database::open(url, true);
    const std::int64_t of_killed = number(*database, "SELECT count(*) FROM holds WHERE process = 'a'");
    EXPECT_EQ(number(*database, "SELECT count(*) FROM holds"), of_killed) << "the neighbour's are settled";
    ASSERT_TRUE((*again)->apply(VoidUnanswered{"a"}));
    EXPECT_EQ(number(*database, "SELECT count(*) FROM holds"), 0);
    EXPECT_EQ(number(*database, "SELECT held FROM caps WHERE subject = 'pr_a'"), 0);
    const std::int64_t spent = number(*database, "SELECT spent FROM caps WHERE subject = 'pr_a'");
    EXPECT_LE(spent, kCap);
    EXPECT_EQ(spent, number(*database, "SELECT count(*) FROM records") * kEach);
    if (of_a) {
      EXPECT_EQ(of_killed, 0);
    }
    left += of_killed;
    charged += spent / kEach;
  }
  std::cout << fmt::format(
      "{} kills of one of two control processes: {} requests charged, {} holds given back, sums fit\n",
      rounds, charged, left);
}

}  // namespace
}  // namespace chengying::cloud
