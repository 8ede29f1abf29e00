#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cli/command.h"

namespace chengying::cli {
namespace {

// A bad spec would be believed for as long as the file lies there: none is written.
TEST(Calibrate, WritesNothingOnABusyMachine) {
  const std::string path = ::testing::TempDir() + "busy_machine.toml";
  std::filesystem::remove(path);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> others;
  for (unsigned i = 0; i < 2 * std::max(1U, std::thread::hardware_concurrency()); ++i)
    others.emplace_back([&] {
      while (!stop) std::atomic_signal_fence(std::memory_order_seq_cst);
    });
  const char* arguments[] = {"chengying", "calibrate", "--output", path.c_str()};
  ::testing::internal::CaptureStderr();
  const int exit_code = run_command_line(static_cast<int>(std::size(arguments)), arguments);
  stop = true;
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(exit_code, 12) << said;
  EXPECT_NE(said.find("this machine is busy: a thread got "), said.npos) << said;
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace chengying::cli
