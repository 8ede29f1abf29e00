#include "runtime/worker/process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace chengying::runtime::worker {
namespace {

/// What a started program has open, and which signals it hears: none that are meant for the service.
class Setting {
 public:
  explicit Setting(int socket) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", 0, 0);
    ::posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files_, socket, kSocketOfWorker);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, kSocketOfWorker + 1);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) == kExitNoMemory) return "out of memory";
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

Result<Process> Process::start(const std::filesystem::path& binary, const std::vector<std::string>& arguments,
                               const Channel& socket) {
  std::string name = "chengying";
  std::vector<std::string> texts = arguments;
  std::vector<char*> argv{name.data()};
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  const Setting setting(socket.fd());
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, binary.c_str(), setting.files(), setting.attributes(), argv.data(), environ);
  if (failed != 0)
    return fail(Code::kUnavailable, "{} can't be started: {}", binary.string(), std::strerror(failed));
  return Process(pid);
}

std::string Process::end() {
  if (pid_ == 0) return "not running";
  int status = 0;
  pid_t gone = 0;
  // First as it is: one that ended by itself says how.
  while ((gone = ::waitpid(pid_, &status, WNOHANG)) < 0 && errno == EINTR) {
  }
  if (gone == 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = 0;
  return how_it_ended(status);
}

}  // namespace chengying::runtime::worker
