#include "cloud/doors/json_arguments.h"

#include <boost/json.hpp>

namespace chengying::doors {

namespace json = boost::json;

namespace {
constexpr std::size_t kArgumentsMax = 4096;  // more than any program has (isa/limits.h)
}

Result<cloud::Arguments> arguments_from_json(const json::object& object, std::string_view place) {
  if (object.size() > kArgumentsMax)
    return fail(Code::kInvalidArgument, "{} has {} members; at most {} are taken", place, object.size(),
                kArgumentsMax);
  cloud::Arguments arguments;
  for (const auto& [key, value] : object) {
    json::error_code error;
    const std::int64_t number = value.is_number() ? value.to_number<std::int64_t>(error) : 0;
    if (!value.is_number() || error)
      return fail(Code::kInvalidArgument, "{}.{} must be a whole number, not {}", place,
                  std::string_view(key).substr(0, 128), json::serialize(value));
    arguments.emplace(key, number);
  }
  return arguments;
}

}  // namespace chengying::doors
