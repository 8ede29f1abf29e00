#include "cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace chengying::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int exit_code = 0;
  std::string out, err;
};

Outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "chengying");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.exit_code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(CommandLine, HelpAndVersionGoToStdoutAndSucceed) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const Command& command : commands()) EXPECT_THAT(help.out, HasSubstr(command.name));
  EXPECT_THAT(run({"--version"}).out, StartsWith("chengying "));
}

TEST(CommandLine, EveryCommandHasHelpWithExamplesThatNameIt) {
  for (const Command& command : commands()) {
    const Outcome help = run({command.name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command.name;
    EXPECT_THAT(help.out, HasSubstr("Examples:\n  chengying " + std::string(command.name)));
  }
}

TEST(CommandLine, AWrongCommandLineIsExitCode2AndSaysWhere) {
  const Outcome none = run({});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.err, run({"--help"}).out);
  const Outcome unknown = run({"run", "m.onnx", "--input", "x.npy", "--chips", "7"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--chips"));
  EXPECT_THAT(unknown.err, EndsWith("\nTry 'chengying run --help'.\n"));
  EXPECT_EQ(run({"run", "m.onnx", "--input", "x.npy", "--batch", "0"}).exit_code, 2);
}

TEST(CommandLine, AnUnknownOrMissingCommandIsAnsweredWithThoseThatThereAre) {
  EXPECT_EQ(run({"comple", "m.onnx"}).err,
            "chengying: no command 'comple'; did you mean 'compile'?\nTry 'chengying --help'.\n");
  EXPECT_EQ(run({"chips"}).err,
            "chengying: 'chengying chips' needs a command: list, show, compare, sweep\nTry 'chengying chips "
            "--help'.\n");
  EXPECT_EQ(run({"chips", "lits"}).err,
            "chengying: no command 'lits'; did you mean 'list'?\nTry 'chengying chips --help'.\n");
  EXPECT_EQ(run({"tenant", "key", "make"}).exit_code, 2);
}

TEST(CommandLine, HelpFitsATerminalAndSaysRangesInShort) {
  for (const Command& command : commands()) {
    std::istringstream lines(run({command.name, "--help"}).out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
  }
  EXPECT_THAT(run({"run", "--help"}).out, HasSubstr("--batch 1..1024 "));
  EXPECT_THAT(run({"serve", "--help"}).out, HasSubstr("--queue 1..100000=256 "));
  EXPECT_THAT(run({"lease", "--help"}).out, HasSubstr("\nCommands:\n"));
}

TEST(CommandLine, AnErrorIsOneLineOnStderrAndItsCodesExitCode) {
  const Outcome missing = run({"run", "/nowhere/m.onnx", "--input", "x.npy"});
  EXPECT_EQ(missing.exit_code, exit_code_of(Code::kNotFound));
  EXPECT_THAT(missing.err, StartsWith("chengying: /nowhere/m.onnx: "));
  EXPECT_EQ(missing.out, "");
}

TEST(CommandLine, AnUnknownChipIsAnsweredWithTheNamesThatThereAre) {
  const Outcome outcome = run({"chips", "show", "hanguang900"});
  EXPECT_EQ(outcome.exit_code, exit_code_of(Code::kNotFound));
  EXPECT_THAT(outcome.err,
              HasSubstr("no chip is called 'hanguang900'; there are: a100, chengying1, h20, hanguang800, "));
}

TEST(CommandLine, JsonIsOneDocumentBeforeOrAfterTheCommand) {
  EXPECT_THAT(run({"chips", "list", "--json"}).out, StartsWith(R"({"chips":[{"name":"a100")"));
  EXPECT_EQ(run({"--json", "chips", "list"}).out, run({"chips", "list", "--json"}).out);
}

}  // namespace
}  // namespace chengying::cli
