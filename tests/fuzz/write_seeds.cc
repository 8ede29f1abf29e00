// fuzz_seeds FOLDER: writes the seeds of each target into FOLDER/TARGET, one file each, for libFuzzer to
// begin with.
#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "targets.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  for (const auto& target : chengying::fuzz::targets()) {
    const auto folder = std::filesystem::path(argv[1]) / target.name;
    std::filesystem::create_directories(folder);
    int count = 0;
    for (const std::string& seed : target.seeds()) {
      const auto path = folder / fmt::format("seed_{:02}", count++);
      const auto written = chengying::write_file_atomically(path, std::string_view(seed));
      if (!written) {
        fmt::print(stderr, "fuzz_seeds: {}\n", written.error().message);
        return 1;
      }
    }
  }
}
