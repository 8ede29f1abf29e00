// Every target over its seeds, its corpus, and seeded mutations of both: a short form of fuzzing in each test
// run. CHENGYING_FUZZ_ROUNDS sets the number of mutations a target.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/file.h"
#include "targets.h"

namespace chengying::fuzz {
namespace {

std::vector<std::string> inputs_of(const Target& target) {
  std::vector<std::string> inputs = target.seeds();
  const auto folder = std::filesystem::path(CHENGYING_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
  if (!std::filesystem::exists(folder)) return inputs;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  for (const auto& path : paths) inputs.push_back(read_text_file(path, 1 << 20).value());
  return inputs;
}

/// One of the mutations that find most: flipped bits, boundary values, cuts, repeated and removed pieces.
void mutate(std::string& bytes, std::mt19937& random) {
  if (bytes.empty()) return;
  const auto place = [&] { return random() % bytes.size(); };
  switch (random() % 6) {
    case 0:
      bytes[place()] ^= static_cast<char>(1U << random() % 8);
      break;
    case 1:
      bytes[place()] = static_cast<char>(std::array{0, 1, 0x7f, 0x80, 0xff}[random() % 5]);
      break;
    case 2:
      bytes.resize(place());
      break;
    case 3: {
      const std::size_t from = place();
      bytes.insert(place(), bytes.substr(from, random() % 64));
      break;
    }
    case 4:
      bytes.erase(place(), random() % 64);
      break;
    default: {
      const std::size_t from = place();
      for (std::size_t i = from; i < std::min(bytes.size(), from + 8); ++i)
        bytes[i] = static_cast<char>(random());
    }
  }
}

class FuzzReplay : public testing::TestWithParam<Target> {};

TEST_P(FuzzReplay, AnyBytesGiveAValueOrAnError) {
  const Target& target = GetParam();
  const char* rounds_text = std::getenv("CHENGYING_FUZZ_ROUNDS");
  const int rounds = rounds_text != nullptr ? std::atoi(rounds_text) : 1'500;
  const std::vector<std::string> inputs = inputs_of(target);
  ASSERT_FALSE(inputs.empty());
  for (const std::string& input : inputs) target.run(std::as_bytes(std::span(input)));
  std::mt19937 random(20261124);
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = inputs[random() % inputs.size()];
    const auto count = 1 + random() % 4;
    for (std::uint32_t i = 0; i < count; ++i) mutate(bytes, random);
    target.run(std::as_bytes(std::span(bytes)));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace chengying::fuzz
