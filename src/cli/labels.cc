// Labels: which class each sample shows, from a file that people write or have.
#include <charconv>
#include <unordered_map>

#include "base/file.h"
#include "cli/sample_source.h"

namespace chengying::cli {
namespace {

constexpr std::uint64_t kLabelsBytesMax = 64 << 20;

/// A line in its two parts; the first is empty where there is only a class.
struct Line {
  std::string_view name;
  std::size_t label = 0;
};

Result<Line> line_of(std::string_view text, const std::filesystem::path& path, std::size_t number) {
  const std::size_t space = text.find_last_of(" \t");
  const std::string_view last = space == text.npos ? text : text.substr(space + 1);
  Line line;
  const auto parsed = std::from_chars(last.data(), last.data() + last.size(), line.label);
  if (parsed.ec != std::errc() || parsed.ptr != last.data() + last.size()) {
    return fail(Code::kInvalidArgument,
                "{}:{}: \"{}\" is not the number of a class; a line is CLASS or NAME CLASS", path.string(),
                number, text);
  }
  if (space != text.npos) line.name = text.substr(0, text.find_last_not_of(" \t", space) + 1);
  return line;
}

std::string_view without_end(std::string_view line) {
  const auto last = line.find_last_not_of(" \t\r");
  return last == line.npos ? std::string_view() : line.substr(0, last + 1);
}

}  // namespace

Result<std::vector<std::size_t>> read_labels(const std::filesystem::path& path, const SampleSource& samples) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kLabelsBytesMax));
  std::vector<std::size_t> in_order;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view content = without_end(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (content.empty()) continue;
    TRY_ASSIGN(const Line line, line_of(content, path, number));
    in_order.push_back(line.label);
    if (!line.name.empty()) by_name.insert_or_assign(line.name, line.label);
  }
  if (by_name.empty() && in_order.size() == samples.size()) return in_order;
  if (by_name.empty()) {
    return fail(Code::kInvalidArgument,
                "{}: {} labels for {} samples; one is wanted for each, in the order of "
                "their names, or lines NAME CLASS",
                path.string(), in_order.size(), samples.size());
  }
  std::vector<std::size_t> labels;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto found = by_name.find(samples.name(i));
    if (found == by_name.end())
      return fail(Code::kInvalidArgument, "{}: no label for sample '{}'", path.string(), samples.name(i));
    labels.push_back(found->second);
  }
  return labels;
}

}  // namespace chengying::cli
