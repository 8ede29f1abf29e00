// JsonBody: a request's JSON object, read member by member. The first thing that is wrong is kept, later
// reads give defaults, and finish() returns it: read everything, then ask finish() before using anything.
// finish() also refuses members that nobody read. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chengying::doors {

inline constexpr int kJsonDepthMax = 32;

class JsonBody {
 public:
  /// An empty `text` is an empty object.
  explicit JsonBody(std::string_view text);
  ~JsonBody();
  JsonBody(const JsonBody&) = delete;
  JsonBody& operator=(const JsonBody&) = delete;

  bool has(std::string_view name);
  std::string text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view fallback);
  std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high);
  std::int64_t integer_or(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high);
  std::vector<std::int32_t> integers_or(std::string_view name, std::vector<std::int32_t> fallback);
  bool flag_or(std::string_view name, bool fallback);
  std::vector<std::string> texts_or(std::string_view name, std::vector<std::string> fallback);
  /// The member's own JSON text ("" if absent); `kind` is "an object" or "an array", for the message.
  std::string json_or_empty(std::string_view name, std::string_view kind);

  /// The first error, as kInvalidArgument that names the member.
  [[nodiscard]] Status finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chengying::doors
