#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace chengying::cli {

constexpr std::chrono::milliseconds kInterval{50};

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::show(std::string_view what, std::size_t done, std::size_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (what == what_ && done != total && now < next_)) return;
  fmt::print(stderr, "\r\x1b[K{} {}/{}", what, done, total);
  std::fflush(stderr);
  what_ = what;
  next_ = now + kInterval;
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace chengying::cli
