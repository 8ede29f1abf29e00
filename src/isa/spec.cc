#include "isa/spec.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <toml.hpp>
#include <tuple>

#include "base/file.h"
#include "base/words.h"
#include "isa/spec_rows.h"

namespace chengying::isa {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64 * 1024;  // a chip file has some 5 KiB
constexpr int kMaxNesting = 8;
constexpr std::array<std::string_view, 4> kProvenances{"measured", "claimed", "derived", "estimated"};

/// What a value is, in the reader's words.
std::string describe(const toml::value& value) {
  switch (value.type()) {
    case toml::value_t::boolean:
      return value.as_boolean() ? "true" : "false";
    case toml::value_t::integer:
      return fmt::format("{}", value.as_integer());
    case toml::value_t::floating:
      return fmt::format("{}", value.as_floating());
    case toml::value_t::string:
      return fmt::format("the text \"{}\"", std::string_view(value.as_string().str).substr(0, 40));
    case toml::value_t::array:
      return "a list";
    case toml::value_t::table:
      return "a table";
    default:
      return "a date or time";
  }
}

/// Reads one file; collects every problem before it gives up.
class Reader {
 public:
  Reader(const toml::value& root, std::string_view path) : root_(root), path_(path) {}

  Result<ChipSpec> read(std::string_view name) {
    chip_.name = name;
    refuse_unknown_sections();
    for (const SpecSection& section : spec_sections()) read_section(section);
    if (problems_.empty()) check_rules();
    if (!problems_.empty()) {
      std::ranges::sort(problems_, {}, [](const Problem& p) { return std::tie(p.line, p.text); });
      std::vector<std::string_view> texts;
      for (const Problem& problem : problems_) texts.push_back(problem.text);
      return fail(Code::kInvalidArgument, "{}", fmt::join(texts, "\n"));
    }
    std::ranges::sort(numbers_, {}, [](const auto& n) { return std::tie(n.first, n.second.key); });
    for (auto& [line, number] : numbers_) chip_.numbers.push_back(std::move(number));
    chip_.digest = digest_of(chip_);
    return std::move(chip_);
  }

 private:
  struct Problem {
    std::size_t line;
    std::string text;
  };

  static std::size_t line_of(const toml::value& value) { return value.location().line(); }

  template <class... Args>
  void report(std::size_t line, std::string_view key, fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back({line, fmt::format("{}:{}: {}: {}", path_, line, key,
                                           fmt::format(format, std::forward<Args>(args)...))});
  }

  /// The value at "a.b.c", or null.
  const toml::value* find(std::string_view dotted) const {
    const toml::value* at = &root_;
    while (!dotted.empty()) {
      const std::size_t dot = dotted.find('.');
      const std::string key(dotted.substr(0, dot));
      dotted = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
      if (!at->is_table() || !at->contains(key)) return nullptr;
      at = &at->as_table().at(key);
    }
    return at;
  }

  void refuse_unknown_sections() {
    std::vector<std::string_view> allowed;
    for (const SpecSection& section : spec_sections())
      if (!section.name.contains('.')) allowed.push_back(section.name);
    for (const auto& [key, value] : root_.as_table())
      if (std::ranges::find(allowed, key) == allowed.end())
        report(line_of(value), key, "unknown section; {}", suggestion(key, allowed));
  }

  void read_section(const SpecSection& section) {
    const toml::value* table = find(section.name);
    if (table == nullptr) {
      if (section.required) report(1, section.name, "missing section; [{}] is required", section.name);
      return;
    }
    if (!table->is_table())
      return report(line_of(*table), section.name, "found {}; a section [{}] is expected", describe(*table),
                    section.name);
    if (section.make != nullptr) section.make(chip_);
    refuse_unknown_keys(section, *table);
    for (const SpecNumberRow& row : spec_numbers())
      if (row.section == section.name) read_number(row, *table);
    for (const SpecSwitchRow& row : spec_switches())
      if (row.section == section.name) read_switch(row, *table);
    for (const SpecTextRow& row : spec_texts())
      if (row.section == section.name) read_text(row, *table);
  }

  void refuse_unknown_keys(const SpecSection& section, const toml::value& table) {
    std::vector<std::string_view> allowed;
    const auto collect = [&](auto rows) {
      for (const auto& row : rows)
        if (row.section == section.name) allowed.push_back(row.key);
    };
    collect(spec_numbers());
    collect(spec_switches());
    collect(spec_texts());
    const std::string prefix = fmt::format("{}.", section.name);
    for (const SpecSection& inner : spec_sections())
      if (inner.name.starts_with(prefix)) allowed.push_back(inner.name.substr(prefix.size()));
    for (const auto& [key, value] : table.as_table())
      if (std::ranges::find(allowed, key) == allowed.end())
        report(line_of(value), prefix + key, "unknown key; {}", suggestion(key, allowed));
  }

  void read_number(const SpecNumberRow& row, const toml::value& section) {
    const std::string key = fmt::format("{}.{}", row.section, row.key);
    const toml::value* entry = find(key);
    if (entry == nullptr) {
      if (row.required)
        report(line_of(section), key, "missing; {} needs a value in {}, for example {}", row.key, row.unit,
               example(row));
      return;
    }
    const std::size_t line = line_of(*entry);
    if (!entry->is_table())
      return report(line, key, "found {}; a number comes with its source, for example {}", describe(*entry),
                    example(row));
    const std::size_t before = problems_.size();
    const auto& fields = entry->as_table();
    for (const auto& [field, value] : fields)
      if (std::ranges::find(kFields, field) == kFields.end())
        report(line, key, "unknown field '{}'; {}", field, suggestion(field, kFields));
    const double value = read_value(row, fields, key, line);
    SpecNumber number{key, value, std::string(row.unit), read_provenance(fields, key, line),
                      read_source(fields, key, line)};
    read_unit(row, fields, key, line);
    if (problems_.size() != before) return;
    if (row.whole != nullptr)
      row.whole(chip_) = static_cast<std::int64_t>(value);
    else
      row.real(chip_) = value;
    numbers_.emplace_back(line, std::move(number));
  }

  static std::string example(const SpecNumberRow& row) {
    return fmt::format("{{ value = {}, unit = \"{}\", kind = \"measured\", source = \"how\" }}",
                       row.lowest > 1 ? row.lowest : 1, row.unit);
  }

  double read_value(const SpecNumberRow& row, const toml::table& fields, const std::string& key,
                    std::size_t line) {
    const auto found = fields.find("value");
    if (found == fields.end()) {
      report(line, key, "no value; a number of {} is expected", row.unit);
      return 0;
    }
    const toml::value& value = found->second;
    const bool whole = value.is_integer();
    if (!whole && !(row.real != nullptr && value.is_floating())) {
      report(line, key, "value is {}; {} is expected", describe(value),
             row.real != nullptr ? "a number" : "a whole number");
      return 0;
    }
    const double number = whole ? static_cast<double>(value.as_integer()) : value.as_floating();
    if (!(number >= row.lowest && number <= row.highest))
      report(line, key, "value is {} {}; allowed: {} to {}", describe(value), row.unit, row.lowest,
             row.highest);
    return number;
  }

  void read_unit(const SpecNumberRow& row, const toml::table& fields, const std::string& key,
                 std::size_t line) {
    const auto found = fields.find("unit");
    if (found == fields.end())
      report(line, key, "no unit; unit = \"{}\" is expected", row.unit);
    else if (!found->second.is_string() || found->second.as_string().str != row.unit)
      report(line, key, "unit is {}; \"{}\" is expected", describe(found->second), row.unit);
  }

  Provenance read_provenance(const toml::table& fields, const std::string& key, std::size_t line) {
    const auto found = fields.find("kind");
    const std::string what = found == fields.end() ? "no kind" : "kind is " + describe(found->second);
    if (found != fields.end() && found->second.is_string()) {
      const auto row = std::ranges::find(kProvenances, found->second.as_string().str);
      if (row != kProvenances.end()) return static_cast<Provenance>(row - kProvenances.begin());
    }
    report(line, key, "{}; allowed: {}", what, fmt::join(kProvenances, ", "));
    return Provenance::kEstimated;
  }

  std::string read_source(const toml::table& fields, const std::string& key, std::size_t line) {
    const auto found = fields.find("source");
    if (found != fields.end() && found->second.is_string() && !found->second.as_string().str.empty())
      return found->second.as_string().str;
    report(line, key, "no source; say where the number comes from in source = \"...\"");
    return "";
  }

  void read_switch(const SpecSwitchRow& row, const toml::value& section) {
    const std::string key(row.key);
    if (!section.contains(key)) return;  // absent is false
    const toml::value& value = section.as_table().at(key);
    if (value.is_boolean())
      row.place(chip_) = value.as_boolean();
    else
      report(line_of(value), fmt::format("{}.{}", row.section, row.key),
             "found {}; true or false is expected", describe(value));
  }

  void read_text(const SpecTextRow& row, const toml::value& section) {
    const std::string dotted = fmt::format("{}.{}", row.section, row.key);
    const toml::value* value = find(dotted);
    if (value != nullptr && value->is_string() && !value->as_string().str.empty())
      row.place(chip_) = value->as_string().str;
    else if (value == nullptr)
      report(line_of(section), dotted, "missing; a text is expected");
    else
      report(line_of(*value), dotted, "found {}; a text of one character or more is expected",
             describe(*value));
  }

  void check_rules() {
    for (const SpecRule& rule : spec_rules()) {
      if (!rule.broken(chip_)) continue;
      const toml::value* at = find(rule.key);
      if (at == nullptr) at = find(rule.key.substr(0, rule.key.find('.')));
      report(at == nullptr ? 1 : line_of(*at), rule.key, "{}", rule.message);
    }
  }

  static constexpr std::array<std::string_view, 4> kFields{"value", "unit", "kind", "source"};

  const toml::value& root_;
  std::string_view path_;
  ChipSpec chip_;
  std::vector<std::pair<std::size_t, SpecNumber>> numbers_;  // with their lines
  std::vector<Problem> problems_;
};

/// The parser recurses once per bracket, so brackets that nest too deep are refused before it runs.
Status check_nesting(std::string_view text, std::string_view path) {
  int depth = 0;
  std::size_t line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') depth = std::max(0, depth - 1);
    if (depth > kMaxNesting)
      return fail(Code::kInvalidArgument, "{}:{}: brackets nest deeper than {}", path, line, kMaxNesting);
  }
  return {};
}

/// The first line of the parser's many-line message, without its marks.
std::string_view first_line(std::string_view message) {
  for (const std::string_view mark : {"[error] ", "toml::"})
    if (message.starts_with(mark)) message.remove_prefix(mark.size());
  return message.substr(0, message.find('\n'));
}

}  // namespace

std::string_view name_of(Provenance provenance) {
  return kProvenances[static_cast<std::size_t>(provenance)];
}

Result<ChipSpec> parse_chip_spec(std::string_view toml_text, std::string_view path) {
  if (toml_text.size() > kMaxFileBytes)
    return fail(Code::kTooLarge, "{}: {} bytes, the limit is {}", path, toml_text.size(), kMaxFileBytes);
  TRY(check_nesting(toml_text, path));
  try {
    std::istringstream stream{std::string(toml_text)};
    const toml::value root = toml::parse(stream, std::string(path));
    return Reader(root, path).read(std::filesystem::path(path).stem().string());
  } catch (const toml::syntax_error& error) {
    return fail(Code::kInvalidArgument, "{}:{}: not valid TOML: {}", path, error.location().line(),
                first_line(error.what()));
  } catch (
      const std::exception& error) {  // the parser's other exceptions: numbers that don't fit, and the like
    return fail(Code::kInvalidArgument, "{}: not valid TOML: {}", path, first_line(error.what()));
  }
}

Result<ChipSpec> load_chip_spec(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kMaxFileBytes));
  return parse_chip_spec(text, path.string());
}

Result<std::vector<ChipSpec>> load_chip_specs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  if (error) return fail(Code::kNotFound, "{}: cannot list the folder: {}", folder.string(), error.message());
  std::ranges::sort(paths);
  std::vector<ChipSpec> chips;
  for (const std::filesystem::path& path : paths) {
    TRY_ASSIGN(ChipSpec chip, load_chip_spec(path));
    chips.push_back(std::move(chip));
  }
  return chips;
}

}  // namespace chengying::isa
