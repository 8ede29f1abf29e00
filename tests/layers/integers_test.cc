// Money is integers: nothing in src/billing names, writes or includes floating point. Comments and texts may.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

/// `code` without comments, and with its texts and characters emptied.
std::string bare(const std::string& code) {
  std::string out;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (code.compare(i, 2, "//") == 0) {
      i = std::min(code.find('\n', i), code.size()) - 1;
    } else if (code.compare(i, 3, "R\"(") == 0) {
      i = std::min(code.find(")\"", i), code.size()) + 1;
    } else if (c == '"' ||
               (c == '\'' && (out.empty() || !std::isalnum(static_cast<unsigned char>(out.back()))))) {
      for (++i; i < code.size() && code[i] != c; ++i) i += code[i] == '\\' ? 1 : 0;
    } else {
      out += c;
    }
  }
  return out;
}

/// The first word of floating point in `code`, or "".
std::string floating_point_in(const std::string& code) {
  static const std::regex floating(
      R"(\b(float|double|strto[dfl]|sto[df]|stold|atof|llround|ldexp|pow)\b|<c?math(\.h)?>|\b\d[\d']*\.\d|\b\d+[eE][+-]?\d)");
  const std::string text = bare(code);
  std::smatch match;
  return std::regex_search(text, match, floating) ? match.str() : "";
}

TEST(Integers, TheLintFindsWhatItLooksFor) {
  EXPECT_EQ(floating_point_in("double x = y;"), "double");
  EXPECT_EQ(floating_point_in("auto x = 1'000.5;"), "1'000.5");
  EXPECT_EQ(floating_point_in("auto x = 1e9;"), "1e9");
  EXPECT_EQ(floating_point_in("#include <cmath>\n"), "<cmath>");
  EXPECT_EQ(floating_point_in("const long double x{};"), "double");
  EXPECT_EQ(floating_point_in("f(\"0.5\", '.'); // a double is 1.5\nint x = 1'000;"), "");
  EXPECT_EQ(floating_point_in("f(\"a \\\" 0.5\"); int y = 0x1e9;"), "");
  EXPECT_EQ(floating_point_in("f(R\"(\n0.5)\"); g(\"x\"); float z;"), "float");
}

TEST(Integers, BillingHasNoFloatingPoint) {
  int files = 0;
  for (const auto& file : fs::recursive_directory_iterator(fs::path(CHENGYING_SOURCE_DIR) / "src/billing")) {
    const std::string extension = file.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    std::ifstream stream(file.path());
    std::stringstream text;
    text << stream.rdbuf();
    EXPECT_EQ(floating_point_in(text.str()), "") << file.path();
    ++files;
  }
  EXPECT_GT(files, 10);
}

}  // namespace
