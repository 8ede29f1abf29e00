// How long the compiler takes from a model's file to an executable's, without the cache and without a search.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

#include "base/check.h"
#include "compiler/compile.h"
#include "isa/spec.h"
#include "least_seconds.h"

namespace chengying {
namespace {

constexpr int kTries = 5;

/// One row; the executable is written beside where the program runs, and removed.
bool measure(const std::string& path, const compiler::CompileOptions& options, const isa::ChipSpec& host) {
  std::string error;
  std::vector<compiler::PassReport> passes;
  const auto compile_and_save = [&] {
    auto output = compiler::compile({path, nullptr}, host, options);
    if (!output) {
      error = output.error().message;
      return;
    }
    passes = std::move(output->passes);
    const std::filesystem::path file = "compile_bench.cyx";
    if (auto saved = isa::save_executable(output->executable, file); !saved) error = saved.error().message;
    std::filesystem::remove(file);
  };
  const double seconds = least_seconds(kTries, compile_and_save);
  if (!error.empty()) {
    fmt::print(stderr, "compile: {}: {}\n", path, error);
    return false;
  }
  const auto slowest = std::ranges::max_element(passes, {}, &compiler::PassReport::milliseconds);
  fmt::print("{}: {:.2f} s, of it {} {:.2f} s\n", std::filesystem::path(path).filename().string(), seconds,
             slowest->name, slowest->milliseconds * 1e-3);
  return true;
}

}  // namespace
}  // namespace chengying

/// compile [NAME=SIZE | MODEL]...: sizes are those of the models behind them.
int main(int argc, char** argv) {
  const auto host = chengying::isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/host.toml");
  CHECK(host.has_value());
  chengying::compiler::CompileOptions options;
  options.cores = 2;
  bool good = argc > 1;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    if (equals == std::string::npos) {
      good = chengying::measure(argument, options, *host) && good;
      continue;
    }
    std::int64_t& size = options.dimensions[argument.substr(0, equals)];
    const char* end = argument.data() + argument.size();
    good = std::from_chars(argument.data() + equals + 1, end, size).ptr == end && good;
  }
  if (!good) fmt::print(stderr, "usage: compile [NAME=SIZE | MODEL]...\n");
  return good ? 0 : 1;
}
