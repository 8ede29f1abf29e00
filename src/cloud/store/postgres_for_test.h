// A throw-away PostgreSQL server for tests: made in a temporary folder by the first test of a process that
// wants it, reached by a unix socket in that folder only, stopped and removed when the process ends, however
// it ends (a guardian process waits for that). root can't run PostgreSQL: then it runs as `postgres`. Only
// for tests.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "base/check.h"
#include "base/digest.h"
#include "cloud/store/database.h"

namespace chengying::cloud::testing {

class PostgresServer {
 public:
  /// The URL of a store that has nothing in it yet: a schema of its own.
  static std::string new_store() {
    static PostgresServer server;
    static std::atomic<int> stores{0};
    const std::string schema = fmt::format("store_{}_{}", getpid(), ++stores);
    auto database = Database::open(server.url(""), false);
    CHECK(database && database->execute("CREATE SCHEMA " + schema));
    return server.url("&options=-csearch_path%3D" + schema);
  }

 private:
  PostgresServer() : folder_(std::filesystem::temp_directory_path() / ("chengying_pg_" + random_hex(6))) {
    std::filesystem::create_directories(folder_);
    std::array<int, 2> ends{};
    CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
    const pid_t guardian = fork();
    CHECK(guardian >= 0);
    if (guardian == 0) {
      close(ends[1]);
      guard(ends[0]);
    }
    close(ends[0]);  // the other end stays open as long as this process lives
    for (int i = 0; i < 1200; ++i) {
      if (Database::open(url(""), true)) return;
      CHECK(waitpid(guardian, nullptr, WNOHANG) == 0 &&
            "PostgreSQL does not start: is postgresql-15 installed?");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK(false && "PostgreSQL does not start in a minute");
  }

  std::string url(const std::string& more) const {
    return fmt::format("postgresql:///postgres?host={}&user=chengying{}", folder_.string(), more);
  }

  /// Runs the server until nobody holds the pipe's other end, then ends and removes it.
  [[noreturn]] void guard(int pipe) const {
    setpgid(0, 0);  // a Ctrl-C is for the test; this ends after it
    const pid_t server = fork();
    if (server == 0) run_server();
    char byte = 0;
    std::thread watcher([&] {  // a server that does not start ends its guardian
      waitpid(server, nullptr, 0);
      std::filesystem::remove_all(folder_);
      _exit(1);
    });
    while (read(pipe, &byte, 1) < 0 && errno == EINTR) {
    }
    kill(server, SIGQUIT);  // at once: nothing of it is kept
    watcher.join();
    _exit(0);
  }

  [[noreturn]] void run_server() const {
    if (geteuid() == 0) {
      const passwd* user = getpwnam("postgres");
      if (user == nullptr || chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0 ||
          setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
        _exit(1);
      }
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const std::string bin = "/usr/lib/postgresql/15/bin";
    const std::string script = fmt::format(
        "cd {0} && exec >>log 2>&1 && {1}/initdb -D data -U chengying -A trust -E UTF8 --locale=C --no-sync "
        "&& "
        "exec {1}/postgres -D data -k {0} -c listen_addresses= -c fsync=off -c max_connections=60 -c "
        "shared_buffers=32MB",
        folder_.string(), bin);
    execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    _exit(1);
  }

  const std::filesystem::path folder_;
};

/// Which database this test run's stores are in: CHENGYING_TEST_STORE=postgres, or SQLite.
inline bool stores_in_postgres() {
  const char* wanted = std::getenv("CHENGYING_TEST_STORE");
  return wanted != nullptr && std::string_view(wanted) == "postgres";
}
/// Where a test's new store is; `sqlite` if that is the database.
inline std::string new_store(const std::string& sqlite) {
  return stores_in_postgres() ? PostgresServer::new_store() : sqlite;
}

}  // namespace chengying::cloud::testing
