// Progress: one line on stderr about long work, rewritten in place, and only where stderr is a terminal:
// pipes and logs stay clean. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace chengying::cli {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// "calibrating 12/43"; drawn at most twenty times a second.
  void show(std::string_view what, std::size_t done, std::size_t total);
  /// Takes the line away.
  void clear();

 private:
  const bool terminal_;
  bool drawn_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace chengying::cli
