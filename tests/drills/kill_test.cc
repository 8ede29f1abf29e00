// The service is killed with SIGKILL at random moments under load, a third of the requests repeated, and its
// books are compared with what was answered: acknowledged but uncharged 0, charged twice 0, the ledger's sum
// 0. CHENGYING_DRILL_ROUNDS: how many times (5 unless told; `make drills` says more).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "billing/record.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

constexpr int kThreads = 3;

/// What the service is on: "" (SQLite), or a PostgreSQL server if the run is for that.
std::string& store_url() {
  static std::string url;
  return url;
}

Config config_of(const std::filesystem::path& folder, std::atomic<int>& compilations) {
  Config config;
  config.data_folder = folder;
  config.store_url = store_url();
  config.price_book_toml = testing::kBook;
  config.price_book_path = "book.toml";
  config.chips.push_back({testing::small_chip(), {}});
  config.machinery = testing::test_machinery(compilations);
  return config;
}

/// What was told to the tenant: request id -> (record, price).
using Acknowledged = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

/// The load of one thread: new requests, and every third an old one again (its own, so that the body is the
/// same).
void load(Cloud& cloud, const Caller& caller, int round, int thread, int pipe) {
  std::mt19937 random(static_cast<unsigned>(round * 100 + thread));
  for (int i = 0;; ++i) {
    const int past_round = static_cast<int>(random() % static_cast<unsigned>(round + 1));
    const bool repeat = i > 0 && i % 3 == 0;
    const std::string id =
        repeat ? fmt::format("r{}.{}.{}", past_round, thread, random() % static_cast<unsigned>(i))
               : fmt::format("r{}.{}.{}", round, thread, i);
    InferRequest request;
    request.endpoint = "abs";
    request.request_id = id;
    request.inputs = testing::inputs_of(1, 1);
    const auto answer = cloud.infer_wait(caller, std::move(request));
    if (!answer) continue;
    const std::string line =
        fmt::format("{} {} {}\n", id, answer->receipt.record, answer->receipt.price.nano());
    if (write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
  }
}

[[noreturn]] void serve_until_killed(const std::filesystem::path& folder, const std::string& secret,
                                     int round, int pipe) {
  std::atomic<int> compilations = 0;
  auto cloud = Cloud::open(config_of(folder, compilations));
  if (!cloud) _exit(4);
  const auto caller = (*cloud)->authenticate(secret);
  if (!caller) _exit(5);
  while (!(*cloud)->ready()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back([&, t] { load(**cloud, *caller, round, t, pipe); });
  for (std::thread& thread : threads) thread.join();
  _exit(6);
}

void read_lines(int pipe, Acknowledged& acknowledged, std::string& rest) {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = read(pipe, buffer.data(), buffer.size());
    if (got <= 0) return;
    rest.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t end = 0;
    while ((end = rest.find('\n')) != std::string::npos) {
      std::istringstream line(rest.substr(0, end));
      rest.erase(0, end + 1);
      std::string id;
      std::int64_t record = 0, price = 0;
      line >> id >> record >> price;
      const auto [it, fresh] = acknowledged.emplace(id, std::pair(record, price));
      ASSERT_TRUE(fresh || it->second == std::pair(record, price))
          << id << " was answered with another charge";
    }
  }
}

/// Runs a service, kills it after `moment`, and adds what it had answered until then.
void run_and_kill(const std::filesystem::path& folder, const std::string& secret, int round,
                  std::chrono::microseconds moment, Acknowledged& acknowledged) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(ends[0]);
    serve_until_killed(folder, secret, round, ends[1]);
  }
  close(ends[1]);
  std::string rest;
  std::thread killer([&] {
    std::this_thread::sleep_for(moment);
    kill(child, SIGKILL);
  });
  read_lines(ends[0], acknowledged, rest);  // until the child's end of the pipe is gone
  killer.join();
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the service ended by itself: " << WEXITSTATUS(status);
}

struct Books {
  std::map<std::string, billing::Record> charged;  // by request id
  std::int64_t doubled = 0;
  std::int64_t sum_nano = 0;
};

Books read_books(Cloud& cloud, const Caller& caller) {
  Books books;
  UsageFilter filter;
  filter.limit = 10'000;
  for (bool more = true; more;) {
    const auto page = cloud.usage(caller, filter);
    EXPECT_TRUE(page);
    std::istringstream lines(page->jsonl);
    for (std::string line; std::getline(lines, line);) {
      auto record = billing::parse_record(line);
      EXPECT_TRUE(record);
      books.sum_nano += record->price.nano();
      if (!books.charged.emplace(record->request, *record).second) ++books.doubled;
    }
    filter.after_sequence = page->last_sequence;
    more = page->more;
  }
  return books;
}

TEST(Kill, NoAnswerWithoutItsChargeNoChargeTwiceWhateverTheMoment) {
  const char* wanted = std::getenv("CHENGYING_DRILL_ROUNDS");
  const int rounds = wanted == nullptr ? 5 : std::atoi(wanted);
  const auto folder = std::filesystem::temp_directory_path() / ("chengying_drill_" + random_hex(6));
  store_url() = testing::new_store("");
  std::atomic<int> compilations = 0;
  std::string secret;
  {
    auto cloud = Cloud::open(config_of(folder, compilations));
    ASSERT_TRUE(cloud) << cloud.error().message;
    const auto operator_key = read_text_file((*cloud)->operator_key_file(), 1000);
    const Caller admin = *(*cloud)->authenticate(operator_key->substr(0, operator_key->size() - 1));
    const auto tenant = (*cloud)->create_tenant(admin, "acme", Money());
    ASSERT_TRUE((*cloud)->deposit(admin, tenant->id, testing::units("1000"), ""));
    secret =
        (*cloud)->create_key(admin, tenant->id, "k", *parse_scopes("infer,deploy,billing"), "", "")->secret;
    const Caller caller = *(*cloud)->authenticate(secret);
    const auto model = (*cloud)->create_model(caller, "abs", testing::absolute_file(1, {1}));
    ASSERT_TRUE(model) << model.error().message;
    EndpointRequest request;
    request.name = "abs";
    request.model = model->id;
    request.shared_offer = "small.shared";
    const auto endpoint = (*cloud)->create_endpoint(caller, request, true);
    ASSERT_TRUE(endpoint && endpoint->state == EndpointState::kReady);
  }
  std::mt19937 random(20261124);
  Acknowledged acknowledged;
  std::int64_t charged = 0, uncharged = 0, doubled = 0, unacknowledged = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::chrono::microseconds moment(20'000 + random() % 280'000);
    run_and_kill(folder, secret, round, moment, acknowledged);
    if (HasFatalFailure()) return;
    auto cloud = Cloud::open(config_of(folder, compilations));  // checks journal, ledger and sums
    ASSERT_TRUE(cloud) << "round " << round << ": " << cloud.error().message;
    const Caller caller = *(*cloud)->authenticate(secret);
    const Books books = read_books(**cloud, caller);
    doubled = books.doubled;
    uncharged = 0;
    for (const auto& [id, told] : acknowledged) {
      const auto it = books.charged.find(id);
      const bool right = it != books.charged.end() && it->second.sequence == told.first &&
                         it->second.price.nano() == told.second;
      uncharged += right ? 0 : 1;
    }
    charged = static_cast<std::int64_t>(books.charged.size());
    unacknowledged = charged - static_cast<std::int64_t>(acknowledged.size());
    ASSERT_EQ(uncharged, 0) << "round " << round;
    ASSERT_EQ(doubled, 0) << "round " << round;
    const auto balance = (*cloud)->balance(caller);
    ASSERT_TRUE(balance);
    ASSERT_EQ(balance->held.nano(), 0);
    ASSERT_EQ(balance->balance.nano(), testing::units("1000").nano() - books.sum_nano);
  }
  std::cout << fmt::format(
      "{} kills: {} requests answered, {} charged ({} of them cut off before their answer), acknowledged but "
      "uncharged {}, "
      "doubled {}, ledger sum 0\n",
      rounds, acknowledged.size(), charged, unacknowledged, uncharged, doubled);
  EXPECT_GT(acknowledged.size(), 0U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace chengying::cloud
