#include "cloud/doors/json_body.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

namespace chengying::doors {

namespace json = boost::json;

struct JsonBody::State {
  json::object object;
  std::vector<std::string> asked;
  std::optional<Error> error;

  void parse(std::string_view text);
  template <class... Args>
  void wrong(fmt::format_string<Args...> format, Args&&... args) {
    if (!error) error = Error{Code::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...)};
  }
  /// The member, or nullptr if it is absent or null.
  const json::value* find(std::string_view name) {
    asked.emplace_back(name);
    const json::value* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
};

namespace {

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
    default:
      return "a number";
  }
}

/// A whole number, also when it was written as 3.0.
std::optional<std::int64_t> integer_of(const json::value& value) {
  json::error_code error;
  const auto number = value.is_number() ? value.to_number<std::int64_t>(error) : 0;
  if (!value.is_number() || error) return std::nullopt;
  return number;
}

}  // namespace

JsonBody::JsonBody(std::string_view text) : state_(std::make_unique<State>()) {
  state_->parse(text);
}

void JsonBody::State::parse(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  if (text.find("\"chg_") != std::string_view::npos) {
    return wrong("a key does not belong in a body: send it as the header 'Authorization: Bearer chg_...'");
  }
  json::stream_parser parser({}, json::parse_options{.max_depth = kJsonDepthMax});
  json::error_code problem;
  const std::size_t read = parser.write_some(text.data(), text.size(), problem);
  if (!problem && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
    problem = json::error::extra_data;
  }
  if (!problem) parser.finish(problem);
  if (problem) return wrong("the body is not valid JSON: {} near byte {}", problem.message(), read);
  json::value value = parser.release();
  if (!value.is_object()) return wrong("the body must be a JSON object, not {}", kind_of(value));
  object = std::move(value.get_object());
}

JsonBody::~JsonBody() = default;

bool JsonBody::has(std::string_view name) {
  return state_->find(name) != nullptr;
}

std::string JsonBody::text(std::string_view name) {
  if (state_->find(name) == nullptr) state_->wrong("'{}' is missing: it must be a string", name);
  return text_or(name, "");
}

std::string JsonBody::text_or(std::string_view name, std::string_view fallback) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return std::string(fallback);
  if (value->is_string()) return std::string(value->get_string());
  state_->wrong("'{}' must be a string, not {}", name, kind_of(*value));
  return {};
}

std::int64_t JsonBody::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  if (state_->find(name) == nullptr) {
    state_->wrong("'{}' is missing: it must be a whole number from {} to {}", name, low, high);
  }
  return integer_or(name, low, low, high);
}

std::int64_t JsonBody::integer_or(std::string_view name, std::int64_t fallback, std::int64_t low,
                                  std::int64_t high) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return fallback;
  const auto number = integer_of(*value);
  if (number && *number >= low && *number <= high) return *number;
  state_->wrong("'{}' must be a whole number from {} to {}, not {}", name, low, high,
                json::serialize(*value));
  return low;
}

std::vector<std::int32_t> JsonBody::integers_or(std::string_view name, std::vector<std::int32_t> fallback) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return fallback;
  std::vector<std::int32_t> out;
  if (const json::array* array = value->if_array()) {
    for (const json::value& element : *array) {
      const auto number = integer_of(element);
      if (!number || *number < INT32_MIN || *number > INT32_MAX) {
        state_->wrong("'{}' must be whole numbers: {} is none", name, json::serialize(element));
        return {};
      }
      out.push_back(static_cast<std::int32_t>(*number));
    }
    return out;
  }
  state_->wrong("'{}' must be an array of whole numbers, not {}", name, kind_of(*value));
  return out;
}

bool JsonBody::flag_or(std::string_view name, bool fallback) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return fallback;
  if (value->is_bool()) return value->get_bool();
  state_->wrong("'{}' must be true or false, not {}", name, kind_of(*value));
  return fallback;
}

std::vector<std::string> JsonBody::texts_or(std::string_view name, std::vector<std::string> fallback) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return fallback;
  std::vector<std::string> out;
  if (const json::array* array = value->if_array()) {
    for (const json::value& element : *array) {
      if (!element.is_string()) {
        state_->wrong("'{}' must be strings: one of them is {}", name, kind_of(element));
        return {};
      }
      out.emplace_back(element.get_string());
    }
    return out;
  }
  state_->wrong("'{}' must be an array of strings, not {}", name, kind_of(*value));
  return out;
}

std::string JsonBody::json_or_empty(std::string_view name, std::string_view kind) {
  const json::value* value = state_->find(name);
  if (value == nullptr) return {};
  if (kind_of(*value) != kind) {
    state_->wrong("'{}' must be {}, not {}", name, kind, kind_of(*value));
    return {};
  }
  return json::serialize(*value);
}

Status JsonBody::finish() {
  for (const auto& member : state_->object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(state_->asked, name) != state_->asked.end()) continue;
    std::ranges::sort(state_->asked);
    const auto repeated = std::ranges::unique(state_->asked);
    state_->asked.erase(repeated.begin(), repeated.end());
    state_->wrong("'{}' is not known here; known are: {}", name, fmt::join(state_->asked, ", "));
  }
  if (state_->error) return std::unexpected(*state_->error);
  return {};
}

}  // namespace chengying::doors
