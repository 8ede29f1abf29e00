// The include table of ARCHITECTURE.md is what the code does: every #include between folders of src/ is in
// the table, no file includes itself through others, and every header opens with what it is.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Table = std::map<std::string, std::set<std::string>>;

const fs::path kRoot = CHENGYING_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> split_list(std::string text) {
  std::vector<std::string> names;
  std::stringstream stream(std::move(text));
  for (std::string name; std::getline(stream, name, ',');) {
    name.erase(std::remove_if(name.begin(), name.end(), [](unsigned char c) { return std::isspace(c); }),
               name.end());
    if (!name.empty() && name != "-") names.push_back(name);
  }
  return names;
}

/// Rows "| folder | may include |" behind the heading "## Include table".
Table read_table() {
  Table table;
  const std::string text = read(kRoot / "ARCHITECTURE.md");
  const std::size_t begin = text.find("## Include table");
  std::stringstream lines(text.substr(begin, text.find("\n## ", begin) - begin));
  const std::regex row(R"(^\| ([a-z]+(?:, [a-z]+)*) \| ([a-z, -]+) \|$)");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row) || match[1] == "folder") continue;
    const auto allowed = split_list(match[2]);
    for (const std::string& folder : split_list(match[1]))
      table[folder].insert(allowed.begin(), allowed.end());
  }
  return table;
}

struct Source {
  std::string path;  // below src/
  std::vector<std::string> includes;
};

std::vector<Source> read_sources() {
  std::vector<Source> sources;
  const std::regex include(R"(^\s*#\s*include\s+"([^"]+)\")");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    Source source{fs::relative(entry.path(), kRoot / "src").string(), {}};
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, include)) source.includes.push_back(match[1]);
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

TEST(Layers, TheTableNamesEveryFolderOfTheSource) {
  const Table table = read_table();
  for (const auto& entry : fs::directory_iterator(kRoot / "src")) {
    if (entry.is_directory()) {
      EXPECT_TRUE(table.contains(entry.path().filename().string())) << entry.path();
    }
  }
}

TEST(Layers, EveryIncludeIsInTheTable) {
  const Table table = read_table();
  ASSERT_GE(table.size(), 10U);
  for (const Source& source : read_sources()) {
    const std::string folder = folder_of(source.path);
    const bool is_test = source.path.ends_with("_test.cc");
    for (const std::string& include : source.includes) {
      const std::string target = folder_of(include);
      // A generated header has no folder of ours; a unit test may use what it needs to observe its subject.
      if (!table.contains(target) || target == folder || is_test) continue;
      EXPECT_TRUE(table.at(folder).contains(target)) << source.path << " includes " << include;
    }
  }
}

TEST(Layers, TheTableHasNoCycle) {
  const Table table = read_table();
  std::set<std::string> done;
  std::set<std::string> open;
  const std::function<void(const std::string&)> visit = [&](const std::string& folder) {
    if (done.contains(folder)) return;
    ASSERT_TRUE(open.insert(folder).second) << "cycle through " << folder;
    for (const std::string& next : table.at(folder)) {
      ASSERT_TRUE(table.contains(next)) << folder << " may include the unknown folder " << next;
      visit(next);
    }
    done.insert(folder);
  };
  for (const auto& [folder, allowed] : table) visit(folder);
}

TEST(Layers, NoFileIncludesItselfThroughOthers) {
  std::map<std::string, std::vector<std::string>> graph;
  for (const Source& source : read_sources()) graph[source.path] = source.includes;
  std::map<std::string, int> state;  // 1: on the path, 2: done
  const std::function<void(const std::string&)> visit = [&](const std::string& path) {
    if (!graph.contains(path) || state[path] == 2) return;
    ASSERT_NE(state[path], 1) << "include cycle through " << path;
    state[path] = 1;
    for (const std::string& next : graph[path]) visit(next);
    state[path] = 2;
  };
  for (const auto& [path, includes] : graph) visit(path);
}

TEST(Layers, EveryHeaderOpensWithWhatItIs) {
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    if (entry.path().extension() != ".h") continue;
    const std::string text = read(entry.path());
    EXPECT_TRUE(text.starts_with("// ")) << entry.path();
    EXPECT_NE(text.find("#pragma once"), std::string::npos) << entry.path();
  }
}

}  // namespace
