#include "cloud/doors/open_inference.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "base/check.h"
#include "cloud/doors/answers.h"
#include "cloud/doors/json_arguments.h"
#include "cloud/doors/json_body.h"
#include "cloud/doors/json_tensor.h"
#include "runtime/top_k.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

constexpr std::size_t kRankMax = 8;
constexpr std::size_t kTensorsMax = 64;
constexpr std::int64_t kTimeoutMsMax = 3'600'000;
constexpr std::int64_t kStreamBatchMax = 1024;

template <class... Args>
std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::kInvalidArgument, format, std::forward<Args>(args)...);
}

/// nullptr if there is no such parameter.
const json::value* parameter(const json::object& object, std::string_view name) {
  const json::value* parameters = object.if_contains("parameters");
  if (parameters == nullptr || !parameters->is_object()) return nullptr;
  return parameters->get_object().if_contains(name);
}

Result<bool> flag_parameter(const json::object& object, std::string_view name, bool fallback) {
  const json::value* value = parameter(object, name);
  if (value == nullptr) return fallback;
  if (!value->is_bool())
    return wrong("parameters.{} must be true or false, not {}", name, json::serialize(*value));
  return value->get_bool();
}

Result<std::int64_t> number_parameter(const json::object& object, std::string_view name, std::int64_t low,
                                      std::int64_t high) {
  const json::value* value = parameter(object, name);
  if (value == nullptr) return 0;
  json::error_code error;
  const std::int64_t number = value->is_number() ? value->to_number<std::int64_t>(error) : 0;
  if (!value->is_number() || error || number < low || number > high) {
    return wrong("parameters.{} must be a whole number from {} to {}, not {}", name, low, high,
                 json::serialize(*value));
  }
  return number;
}

Result<std::string> text_parameter(const json::object& object, std::string_view name) {
  const json::value* value = parameter(object, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return wrong("parameters.{} must be a string", name);
  return std::string(value->get_string());
}

/// Names and whole numbers.
Result<cloud::Arguments> arguments_parameter(const json::object& object) {
  const json::value* value = parameter(object, "arguments");
  if (value == nullptr) return cloud::Arguments{};
  if (!value->is_object()) return wrong("parameters.arguments must be an object");
  return arguments_from_json(value->get_object(), "parameters.arguments");
}

Result<std::string> name_member(const json::object& object) {
  const json::value* name = object.if_contains("name");
  if (name == nullptr || !name->is_string() || name->get_string().empty()) {
    return wrong("'name' is missing: it must be a string");
  }
  return std::string(name->get_string());
}

Result<DType> datatype_of(const json::object& object) {
  const json::value* datatype = object.if_contains("datatype");
  if (datatype == nullptr || !datatype->is_string()) return wrong("'datatype' is missing: such as \"FP32\"");
  const std::string_view name(datatype->get_string());
  const auto dtype = dtype_from_protocol_name(name);
  if (!dtype) {
    return wrong(
        "datatype '{}' is not served; BOOL, UINT8, INT8, INT16, INT32, INT64, FP16, BF16, FP32 and FP64 are",
        name);
  }
  return *dtype;
}

Result<Shape> shape_of(const json::object& object) {
  const json::value* member = object.if_contains("shape");
  if (member == nullptr || !member->is_array()) return wrong("'shape' is missing: it must be an array");
  const json::array& array = member->get_array();
  if (array.size() > kRankMax)
    return wrong("shape has {} dimensions; at most {} are taken", array.size(), kRankMax);
  Shape shape;
  for (const json::value& value : array) {
    json::error_code error;
    const std::int64_t size = value.is_number() ? value.to_number<std::int64_t>(error) : 0;
    if (error || size < 1) {
      return wrong("shape {} is wrong: each dimension is a whole number of at least 1",
                   json::serialize(array));
    }
    shape.push_back(size);
  }
  return shape;
}

/// The bytes behind the JSON head, given out in order.
class BinaryTail {
 public:
  explicit BinaryTail(std::string_view bytes) : rest_(bytes) {}
  Result<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) {
      return wrong("parameters.binary_data_size is {}, but only {} bytes of the body are left", size,
                   rest_.size());
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

Result<Tensor> input_tensor(const json::object& object, BinaryTail& tail, std::size_t body_bytes) {
  TRY_ASSIGN(const DType dtype, datatype_of(object));
  TRY_ASSIGN(const Shape shape, shape_of(object));
  TRY_ASSIGN(const std::int64_t elements, element_count(shape));
  if (parameter(object, "shared_memory_region") != nullptr) {
    return fail(Code::kUnsupported, "shared memory is not offered; send the tensor itself");
  }
  const json::value* data = object.if_contains("data");
  if (parameter(object, "binary_data_size") == nullptr) {
    if (data == nullptr || !data->is_array())
      return wrong("it has neither 'data' nor parameters.binary_data_size");
    if (static_cast<std::uint64_t>(elements) > body_bytes) {  // each takes at least a byte of JSON
      return wrong("data cannot hold the {} elements of shape {}", elements, to_string(shape));
    }
    return tensor_from_json(dtype, shape, data->get_array());
  }
  if (data != nullptr) return wrong("it has both 'data' and parameters.binary_data_size");
  TRY_ASSIGN(const std::int64_t size, number_parameter(object, "binary_data_size", 0, INT64_MAX));
  const auto element_bytes = static_cast<std::int64_t>(size_of(dtype));
  if (size / element_bytes != elements || size % element_bytes != 0) {
    return wrong("parameters.binary_data_size is {}, but shape {} of {} has {} elements of {} bytes", size,
                 to_string(shape), protocol_name_of(dtype), elements, element_bytes);
  }
  TRY_ASSIGN(const std::string_view bytes, tail.take(static_cast<std::uint64_t>(size)));
  Tensor tensor(dtype, shape);
  CHECK(tensor.bytes().size() == bytes.size());
  std::memcpy(tensor.bytes().data(), bytes.data(), bytes.size());
  return tensor;
}

/// The elements of an array member that are objects, with the name that messages have for each.
template <class Use>
Status for_each_object(const json::object& head, std::string_view member, Use use) {
  const json::value* value = head.if_contains(member);
  if (value == nullptr) return {};
  if (!value->is_array()) return wrong("'{}' must be an array", member);
  const json::array& array = value->get_array();
  if (array.size() > kTensorsMax) return wrong("'{}' has more than {} tensors", member, kTensorsMax);
  for (std::size_t i = 0; i < array.size(); ++i) {
    std::string place = fmt::format("{}[{}]", member, i);
    const json::object* object = array[i].if_object();
    if (object == nullptr) return wrong("{} must be an object", place);
    auto name = name_member(*object);
    if (!name) return within(place, name.error());
    if (Status status = use(*object, *name); !status)
      return within(fmt::format("{} '{}'", place, *name), status.error());
  }
  return {};
}

Status take_inputs(const json::object& head, BinaryTail& tail, std::size_t body_bytes, InferBody& out) {
  TRY(for_each_object(head, "inputs", [&](const json::object& object, const std::string& name) -> Status {
    if (std::ranges::find(out.inputs, name, &cloud::NamedTensor::name) != out.inputs.end()) {
      return wrong("the name is there twice");
    }
    TRY_ASSIGN(Tensor tensor, input_tensor(object, tail, body_bytes));
    out.inputs.push_back({name, std::move(tensor)});
    return {};
  }));
  if (out.inputs.empty()) return wrong("'inputs' is missing: it must be an array of at least one tensor");
  if (tail.left() > 0) return wrong("{} bytes are left behind the last binary tensor", tail.left());
  return {};
}

Status take_outputs(const json::object& head, InferBody& out) {
  return for_each_object(head, "outputs", [&](const json::object& object, const std::string& name) -> Status {
    if (std::ranges::find(out.outputs, name, &RequestedOutput::name) != out.outputs.end()) {
      return wrong("the name is there twice");
    }
    if (parameter(object, "shared_memory_region") != nullptr) {
      return fail(Code::kUnsupported, "shared memory is not offered; take the tensor itself");
    }
    RequestedOutput output{.name = name};
    TRY_ASSIGN(output.binary, flag_parameter(object, "binary_data", out.binary_outputs));
    TRY_ASSIGN(output.classification, number_parameter(object, "classification", 1, 100'000));
    out.outputs.push_back(std::move(output));
    return {};
  });
}

RequestedOutput wish_for(const std::string& name, const InferBody& body) {
  const auto found = std::ranges::find(body.outputs, name, &RequestedOutput::name);
  return found != body.outputs.end() ? *found : RequestedOutput{.name = name, .binary = body.binary_outputs};
}

/// "0.91:281:tabby" for the k best of each row, as the protocol's classification extension has it.
std::string classes_json(const Tensor& tensor, std::int64_t k, const std::vector<std::string>& labels) {
  std::string out = "[";
  const std::int64_t rows = tensor.shape().size() > 1 ? tensor.shape()[0] : 1;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (const runtime::TopK& best :
         runtime::top_k(row_as_floats(tensor, row), static_cast<std::size_t>(k))) {
      std::string text = fmt::format("{}:{}", best.value, best.index);
      if (static_cast<std::size_t>(best.index) < labels.size()) text += ":" + labels[best.index];
      if (out.size() > 1) out += ',';
      out += json_quoted(text);
    }
  }
  return out += ']';
}

void append_output(std::string& head, std::string& tail, const cloud::NamedTensor& output,
                   const InferReply& reply, const RequestedOutput& wish) {
  const Tensor& tensor = output.tensor;
  head += fmt::format("{{\"name\":{},", json_quoted(output.name));
  if (wish.classification > 0) {
    const std::int64_t rows = tensor.shape().size() > 1 ? tensor.shape()[0] : 1;
    const std::int64_t k = std::min(wish.classification, rows > 0 ? tensor.elements() / rows : 0);
    head += fmt::format("\"datatype\":\"BYTES\",\"shape\":[{},{}],\"data\":{}}}", rows, k,
                        classes_json(tensor, k, reply.labels));
    return;
  }
  head += fmt::format("\"datatype\":\"{}\",\"shape\":{},", protocol_name_of(tensor.dtype()),
                      to_string(tensor.shape()));
  if (!wish.binary) {
    head += "\"data\":";
    append_json(head, tensor);
    head += '}';
    return;
  }
  const auto bytes = tensor.bytes();
  head += fmt::format("\"parameters\":{{\"binary_data_size\":{}}}}}", bytes.size());
  tail.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

template <class T>
std::vector<float> floats_of(std::span<const T> values) {
  std::vector<float> out;
  out.reserve(values.size());
  for (const T value : values) out.push_back(static_cast<float>(value));
  return out;
}

}  // namespace

Result<InferBody> parse_infer_body(std::string_view body, std::optional<std::uint64_t> json_bytes) {
  if (json_bytes && *json_bytes > body.size()) {
    return wrong("Inference-Header-Content-Length is {}, but the body has only {} bytes", *json_bytes,
                 body.size());
  }
  const std::string_view text = body.substr(0, json_bytes.value_or(body.size()));
  json::monotonic_resource memory;
  json::error_code error;
  const json::value value =
      json::parse(text, error, &memory, json::parse_options{.max_depth = kJsonDepthMax});
  if (error)
    return wrong("the {} is not valid JSON: {}", json_bytes ? "inference header" : "body", error.message());
  if (!value.is_object()) return wrong("the request must be a JSON object");
  const json::object& head = value.get_object();
  InferBody out;
  if (const json::value* id = head.if_contains("id")) {
    if (!id->is_string()) return wrong("'id' must be a string");
    out.id = id->get_string();
  }
  if (const json::value* parameters = head.if_contains("parameters");
      parameters && !parameters->is_object()) {
    return wrong("'parameters' must be an object");
  }
  TRY_ASSIGN(out.binary_outputs, flag_parameter(head, "binary_data_output", false));
  TRY_ASSIGN(out.quote, text_parameter(head, "quote"));
  TRY_ASSIGN(out.arguments, arguments_parameter(head));
  TRY_ASSIGN(out.stream_batch, number_parameter(head, "stream_batch", 1, kStreamBatchMax));
  TRY_ASSIGN(out.timeout_ms, number_parameter(head, "timeout_ms", 1, kTimeoutMsMax));
  BinaryTail tail(body.substr(text.size()));
  TRY(take_inputs(head, tail, text.size(), out));
  TRY(take_outputs(head, out));
  return out;
}

Status check_outputs(const InferBody& body, const cloud::Signature& signature) {
  for (const cloud::Port& port : signature.outputs) {
    if (!body.outputs.empty() &&
        std::ranges::find(body.outputs, port.name, &RequestedOutput::name) == body.outputs.end()) {
      continue;
    }
    const RequestedOutput wish = wish_for(port.name, body);
    if (json_carries(port.dtype)) continue;
    if (wish.classification > 0)
      return wrong("output '{}' is {}: it has no classes to list", port.name, protocol_name_of(port.dtype));
    if (wish.binary) continue;
    return wrong(
        "output '{}' is {}, which travels as binary data only: ask with parameters.binary_data_output",
        port.name, protocol_name_of(port.dtype));
  }
  return {};
}

Response infer_response(const InferReply& reply, const InferBody& body) {
  std::string head =
      fmt::format("{{\"model_name\":{},\"model_version\":\"1\"", json_quoted(reply.model_name));
  if (!reply.id.empty()) head += fmt::format(",\"id\":{}", json_quoted(reply.id));
  head += ",\"parameters\":" + reply.parameters;
  if (!reply.top_k.empty()) head += ",\"top_k\":" + reply.top_k;
  head += ",\"outputs\":[";
  std::string tail;
  for (std::size_t i = 0; i < reply.outputs.size(); ++i) {
    if (i > 0) head += ',';
    append_output(head, tail, reply.outputs[i], reply, wish_for(reply.outputs[i].name, body));
  }
  head += "]}";
  Response response;
  if (tail.empty()) {
    response.body = std::move(head);
    return response;
  }
  response.headers.push_back({"Inference-Header-Content-Length", std::to_string(head.size())});
  response.content_type = "application/octet-stream";
  response.body = std::move(head) + tail;
  return response;
}

std::vector<float> row_as_floats(const Tensor& tensor, std::int64_t row) {
  const std::int64_t rows = tensor.shape().size() > 1 ? tensor.shape()[0] : 1;
  const std::int64_t columns = rows > 0 ? tensor.elements() / rows : 0;
  const auto part = [&](auto values) {
    return floats_of(
        values.subspan(static_cast<std::size_t>(row * columns), static_cast<std::size_t>(columns)));
  };
  switch (tensor.dtype()) {
    case DType::kF32:
      return part(tensor.as<float>());
    case DType::kF64:
      return part(tensor.as<double>());
    case DType::kU8:
      return part(tensor.as<std::uint8_t>());
    case DType::kI8:
      return part(tensor.as<std::int8_t>());
    case DType::kI16:
      return part(tensor.as<std::int16_t>());
    case DType::kI32:
      return part(tensor.as<std::int32_t>());
    case DType::kI64:
      return part(tensor.as<std::int64_t>());
    case DType::kBool:
      return part(tensor.as<std::uint8_t>());
    case DType::kF16:
    case DType::kBF16:
      return {};
  }
  return {};
}

}  // namespace chengying::doors
