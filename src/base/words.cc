#include "base/words.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace chengying {
namespace {

/// How many single-character edits turn a into b.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::string suggestion(std::string_view word, std::span<const std::string_view> allowed) {
  const auto nearest = std::ranges::min_element(
      allowed, {}, [&](std::string_view candidate) { return edit_distance(word, candidate); });
  if (nearest != allowed.end() && edit_distance(word, *nearest) <= std::max<std::size_t>(2, word.size() / 3))
    return fmt::format("did you mean '{}'?", *nearest);
  return fmt::format("allowed: {}", fmt::join(allowed, ", "));
}

}  // namespace chengying
