#include "cloud/signature_json.h"

#include <boost/json.hpp>

namespace chengying::cloud {

namespace json = boost::json;

namespace {
json::array ports_to_json(const std::vector<Port>& ports) {
  json::array out;
  for (const Port& port : ports) {
    out.push_back(
        {{"name", port.name}, {"dtype", name_of(port.dtype)}, {"shape", json::value_from(port.shape)}});
  }
  return out;
}

std::unexpected<Error> broken(std::string_view what) {
  return fail(Code::kDataLoss, "the store's text of a model's {} can't be read", what);
}

bool read_ports(const json::object& object, std::string_view key, std::vector<Port>& ports) {
  const json::value* array = object.if_contains(key);
  if (array == nullptr || !array->is_array()) return false;
  for (const json::value& each : array->get_array()) {
    const auto* item = each.if_object();
    if (item == nullptr || !item->contains("name") || !item->contains("dtype") || !item->contains("shape"))
      return false;
    const auto* name = item->at("name").if_string();
    const auto* dtype = item->at("dtype").if_string();
    if (name == nullptr || dtype == nullptr || !item->at("shape").is_array()) return false;
    const auto known = dtype_from_name(std::string_view(*dtype));
    if (!known) return false;
    Port& port = ports.emplace_back(Port{std::string(*name), *known, {}});
    for (const json::value& dimension : item->at("shape").get_array()) {
      if (!dimension.is_int64()) return false;
      port.shape.push_back(dimension.get_int64());
    }
  }
  return true;
}

/// Absent in texts from before there were arguments, and where there are none.
bool read_arguments(const json::object& object, std::vector<isa::Argument>& arguments) {
  const json::value* array = object.if_contains("arguments");
  if (array == nullptr) return true;
  if (!array->is_array()) return false;
  for (const json::value& each : array->get_array()) {
    const auto* item = each.if_object();
    if (item == nullptr || !item->contains("name") || !item->contains("low") || !item->contains("high"))
      return false;
    if (!item->at("name").is_string() || !item->at("low").is_int64() || !item->at("high").is_int64())
      return false;
    arguments.push_back({std::string(item->at("name").get_string()), item->at("low").get_int64(),
                         item->at("high").get_int64()});
  }
  return true;
}
}  // namespace

json::array arguments_to_json(const std::vector<isa::Argument>& arguments) {
  json::array out;
  for (const isa::Argument& each : arguments) {
    out.push_back({{"name", each.name}, {"low", each.low}, {"high", each.high}});
  }
  return out;
}

std::string to_json(const Signature& signature) {
  json::object out{{"inputs", ports_to_json(signature.inputs)},
                   {"outputs", ports_to_json(signature.outputs)}};
  if (!signature.arguments.empty()) out["arguments"] = arguments_to_json(signature.arguments);
  return json::serialize(out);
}

std::string to_json(const std::map<std::string, std::string>& metadata) {
  return json::serialize(json::value_from(metadata));
}

Result<Signature> parse_signature(std::string_view text) {
  boost::system::error_code fault;
  const json::value root = json::parse(text, fault);
  Signature signature;
  if (fault || !root.is_object() || !read_ports(root.get_object(), "inputs", signature.inputs) ||
      !read_ports(root.get_object(), "outputs", signature.outputs) ||
      !read_arguments(root.get_object(), signature.arguments)) {
    return broken("signature");
  }
  return signature;
}

Result<std::map<std::string, std::string>> parse_metadata(std::string_view text) {
  boost::system::error_code fault;
  const json::value root = json::parse(text, fault);
  if (fault || !root.is_object()) return broken("metadata");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : root.get_object()) {
    if (!value.is_string()) return broken("metadata");
    metadata.emplace(key, value.get_string());
  }
  return metadata;
}

Status check_labels(std::string_view text) {
  boost::system::error_code fault;
  const json::value root = json::parse(text, fault);
  const auto all_strings = [](const json::array& array) {
    return std::ranges::all_of(array, [](const json::value& value) { return value.is_string(); });
  };
  if (fault || !root.is_array() || !all_strings(root.get_array())) {
    return fail(Code::kInvalidArgument, "labels must be a JSON array of strings{}",
                fault ? ": " + fault.message() : "");
  }
  return {};
}

}  // namespace chengying::cloud
