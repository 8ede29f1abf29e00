// models LIST [--write FILE] [NAME...]
// Real models on our engine beside ONNX Runtime: whether both give the same answer, and how long each takes.
// LIST is scripts/models.txt; the files are where scripts/models.sh puts them.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/file.h"
#include "cli/table.h"
#include "peer/model_row.h"
#include "peer/side_by_side.h"

namespace chengying {
namespace {

using cli::Align;

constexpr std::string_view kHead = R"(# Real models

Each was compiled for the chip `host`, run on it, and held against ONNX Runtime on the same inputs, by
`make models`, which wrote this page. Times are medians of a few runs on 2 threads of a machine that did
other work besides: read them as ratios, and as such with care. The largest difference is a part of the
output's largest element; int8 models, whose products ONNX Runtime sums otherwise, are held to the cosine.
Where a model is refused the reason stands in its verdict. [scripts/models.txt](../scripts/models.txt) says
where each is from, which sizes its symbolic dimensions have, and what is asked of it.

)";

std::string verdict_of(const peer::ModelRow& row, const Result<peer::SideBySide>& result) {
  if (!result) {
    std::string reason = result.error().message;
    if (const auto list = reason.find("\n  "); list != reason.npos) reason = reason.substr(list + 3);
    return "refused: " + reason.substr(0, reason.find('\n'));
  }
  return result->holds(row) ? "pass" : "WRONG";
}

void add(cli::Table& table, const peer::ModelRow& row, const Result<peer::SideBySide>& result) {
  std::string inputs, nodes, compiled, ours, theirs, difference, cosine;
  if (result) {
    inputs = result->inputs;
    nodes = fmt::format("{}", result->nodes);
    compiled = cli::duration_text(result->compile_seconds);
    ours = cli::duration_text(result->our_seconds);
    theirs = cli::duration_text(result->peer_seconds);
    difference = fmt::format("{:.1e}", result->difference);
    cosine = fmt::format("{:.6f}", result->cosine);
  }
  table.add({row.name, inputs, nodes, compiled, ours, theirs, difference, cosine, verdict_of(row, result)});
}

Status run(const std::vector<std::string>& arguments) {
  std::string output;
  std::vector<std::string> names;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--write" && i + 1 < arguments.size())
      output = arguments[++i];
    else
      names.push_back(arguments[i]);
  }
  TRY_ASSIGN(const std::vector<peer::ModelRow> rows, peer::read_model_rows(arguments.front()));
  cli::Table table({{"MODEL"},
                    {"INPUTS"},
                    {"NODES", Align::kRight},
                    {"COMPILED IN", Align::kRight},
                    {"OURS", Align::kRight},
                    {"ONNX RUNTIME", Align::kRight},
                    {"DIFFERENCE", Align::kRight},
                    {"COSINE", Align::kRight},
                    {"VERDICT"}});
  bool wrong = false;
  for (const peer::ModelRow& row : rows) {
    if (!names.empty() && std::ranges::find(names, row.name) == names.end()) continue;
    fmt::print(stderr, "{}\n", row.name);
    const auto result = peer::side_by_side(row, CHENGYING_SOURCE_DIR);
    wrong = wrong || (result && !result->holds(row));
    add(table, row, result);
  }
  fmt::print("{}", table.text());
  if (!output.empty())
    TRY(write_file_atomically(output, std::string(kHead) + "```\n" + table.text() + "```\n"));
  return wrong ? fail(Code::kInternal, "a model gives another answer than ONNX Runtime") : Status();
}

}  // namespace
}  // namespace chengying

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: models LIST [--write FILE] [NAME...]\n");
    return 2;
  }
  const auto status = chengying::run({argv + 1, argv + argc});
  if (status) return 0;
  fmt::print(stderr, "models: {}\n", status.error().message);
  return 1;
}
