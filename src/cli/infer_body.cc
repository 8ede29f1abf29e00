#include "cli/infer_body.h"

#include <boost/json.hpp>
#include <charconv>
#include <cstring>

#include "cloud/doors/json_tensor.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

std::unexpected<Error> broken(std::string_view what) {
  return fail(Code::kInternal, "the service's answer is not what the protocol says: {}", what);
}

/// One output; its raw bytes, if it has some, are taken off `tail`.
Result<NamedTensor> output_of(const json::object& object, std::string_view& tail) {
  const json::value* name = object.if_contains("name");
  const json::value* datatype = object.if_contains("datatype");
  const json::value* dimensions = object.if_contains("shape");
  if (!name || !datatype || !dimensions || !name->is_string() || !datatype->is_string() ||
      !dimensions->is_array()) {
    return broken("an output lacks name, datatype or shape");
  }
  const auto dtype = dtype_from_protocol_name(std::string_view(datatype->get_string()));
  if (!dtype) return broken("an unknown datatype");
  Shape shape;
  for (const json::value& dimension : dimensions->get_array()) {
    if (!dimension.is_int64()) return broken("a shape");
    shape.push_back(dimension.get_int64());
  }
  TRY_ASSIGN(const std::int64_t elements, element_count(shape));
  NamedTensor out{.name = std::string(name->get_string()), .tensor = {}};
  if (const json::value* data = object.if_contains("data"); data != nullptr && data->is_array()) {
    TRY_ASSIGN(out.tensor, doors::tensor_from_json(*dtype, shape, data->get_array()));
    return out;
  }
  const std::uint64_t size = static_cast<std::uint64_t>(elements) * size_of(*dtype);
  if (size > tail.size()) return broken("too few bytes behind its head");
  out.tensor = Tensor(*dtype, shape);
  std::memcpy(out.tensor.bytes().data(), tail.data(), size);
  tail.remove_prefix(size);
  return out;
}

}  // namespace

InferMessage infer_message(std::span<const NamedTensor> inputs, std::string_view id, std::string_view quote,
                           const std::map<std::string, std::int64_t>& arguments) {
  json::object head;
  if (!id.empty()) head["id"] = id;
  json::object parameters{{"binary_data_output", true}};
  if (!quote.empty()) parameters["quote"] = quote;
  if (!arguments.empty()) parameters["arguments"] = json::value_from(arguments);
  head["parameters"] = std::move(parameters);
  json::array list;
  std::string tail;
  for (const NamedTensor& input : inputs) {
    const auto bytes = input.tensor.bytes();
    list.push_back(
        json::object{{"name", input.name},
                     {"datatype", protocol_name_of(input.tensor.dtype())},
                     {"shape", json::array(input.tensor.shape().begin(), input.tensor.shape().end())},
                     {"parameters", json::object{{"binary_data_size", bytes.size()}}}});
    tail.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  head["inputs"] = std::move(list);
  InferMessage out;
  out.body = json::serialize(head);
  out.json_bytes = out.body.size();
  out.body += tail;
  return out;
}

Result<InferResult> read_infer_reply(const HttpReply& reply) {
  std::size_t json_bytes = reply.body.size();
  if (const auto length = reply.header("Inference-Header-Content-Length")) {
    std::from_chars(length->data(), length->data() + length->size(), json_bytes);
    if (json_bytes > reply.body.size()) return broken("Inference-Header-Content-Length");
  }
  InferResult out;
  out.head = reply.body.substr(0, json_bytes);
  std::string_view tail = std::string_view(reply.body).substr(json_bytes);
  json::error_code failed;
  const json::value value = json::parse(out.head, failed);
  const json::value* outputs =
      failed || !value.is_object() ? nullptr : value.get_object().if_contains("outputs");
  if (outputs == nullptr || !outputs->is_array()) return broken("no outputs");
  for (const json::value& output : outputs->get_array()) {
    if (!output.is_object()) return broken("an output is no object");
    TRY_ASSIGN(NamedTensor named, output_of(output.get_object(), tail));
    out.outputs.push_back(std::move(named));
  }
  return out;
}

}  // namespace chengying::cli
