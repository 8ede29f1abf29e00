// The JSON in which the store keeps signatures and metadata of models. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cloud/cloud.h"

namespace chengying::cloud {

boost::json::array arguments_to_json(const std::vector<isa::Argument>& arguments);
std::string to_json(const Signature& signature);
std::string to_json(const std::map<std::string, std::string>& metadata);
/// Of what to_json gave; kDataLoss for anything else.
Result<Signature> parse_signature(std::string_view json);
Result<std::map<std::string, std::string>> parse_metadata(std::string_view json);
/// kInvalidArgument unless `json` is an array of strings.
Status check_labels(std::string_view json);

}  // namespace chengying::cloud
