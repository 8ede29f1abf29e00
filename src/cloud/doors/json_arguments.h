// A request's arguments as JSON: {"length": 17}. Pure; any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/error.h"
#include "cloud/cloud.h"

namespace chengying::doors {

/// kInvalidArgument names the member, under `place`, that is not a whole number, or says that there are too
/// many.
Result<cloud::Arguments> arguments_from_json(const boost::json::object& object, std::string_view place);

}  // namespace chengying::doors
