// The Open Inference Protocol's handlers: metadata, readiness, and inference on tensors or on a photograph.
#include <boost/json.hpp>
#include <charconv>

#include "base/digest.h"
#include "cloud/doors/handlers.h"
#include "cloud/doors/inference_request.h"
#include "cloud/doors/json_of.h"
#include "cloud/doors/open_inference.h"
#include "cloud/signature_json.h"
#include "runtime/image.h"
#include "runtime/preprocessing.h"
#include "runtime/top_k.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;
using EndpointView = std::shared_ptr<const cloud::Endpoint>;  // shared: the cloud's own unchanging snapshot

constexpr std::int64_t kTopKDefault = 5;
constexpr std::int64_t kTopKMax = 1000;

Result<EndpointView> endpoint_of(const Services& services, const Call& call) {
  if (call.parameters.size() > 1 && call.parameters[1] != "1") {
    return fail(Code::kNotFound, "model '{}' has version 1 only", call.parameters[0]);
  }
  return services.cloud.endpoint(call.caller, call.parameters[0]);
}

template <class T>
std::optional<T> number_of(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool is_image(std::string_view media_type) {
  return media_type == "image/jpeg" || media_type == "image/png";
}

Result<InferBody> body_of_tensors(const Call& call) {
  std::optional<std::uint64_t> json_bytes;
  if (const auto length = call.request.head.header("Inference-Header-Content-Length")) {
    json_bytes = number_of<std::uint64_t>(*length);
    if (!json_bytes) {
      return fail(Code::kInvalidArgument, "Inference-Header-Content-Length must be a whole number, not '{}'",
                  *length);
    }
  }
  if (call.request.head.target.query_value("top_k")) {
    return fail(Code::kInvalidArgument,
                "?top_k= is for photographs; with tensors ask for parameters.classification of an output");
  }
  return parse_infer_body(call.request.body, json_bytes);
}

/// A photograph becomes the endpoint's one input.
Result<InferBody> body_of_image(const Call& call, const cloud::Endpoint& endpoint) {
  if (endpoint.preprocessing.empty()) {
    return fail(Code::kInvalidArgument,
                "endpoint '{}' knows no preprocessing, so it takes tensors only; give one when you create it",
                endpoint.name);
  }
  if (endpoint.signature.inputs.size() != 1) {
    return fail(Code::kInvalidArgument, "endpoint '{}' has {} inputs; a photograph can be only one",
                endpoint.name, endpoint.signature.inputs.size());
  }
  TRY_ASSIGN(const runtime::Preprocessing preprocessing,
             runtime::parse_preprocessing(endpoint.preprocessing));
  const std::string& bytes = call.request.body;
  auto image = runtime::decode_image(std::as_bytes(std::span(bytes)));
  if (!image) return within("the photograph", image.error());
  InferBody body;
  TRY_ASSIGN(Tensor tensor, runtime::preprocess(*image, preprocessing));
  body.inputs.push_back({endpoint.signature.inputs[0].name, std::move(tensor)});
  body.quote = call.request.head.header("Chengying-Quote").value_or("");
  return body;
}

Result<std::int64_t> top_k_of(const Target& target, const cloud::Endpoint& endpoint) {
  const auto text = target.query_value("top_k");
  if (!text) return endpoint.labels.empty() ? 0 : kTopKDefault;
  const auto k = number_of<std::int64_t>(*text);
  if (k && *k >= 0 && *k <= kTopKMax) return *k;
  return fail(Code::kInvalidArgument, "?top_k= must be a whole number from 0 to {}, not '{}'", kTopKMax,
              *text);
}

std::vector<std::string> labels_of(const cloud::Endpoint& endpoint) {
  json::error_code error;
  const json::value value = json::parse(endpoint.labels, error);
  std::vector<std::string> out;
  if (error || !value.is_array()) return out;
  for (const json::value& label : value.get_array()) {
    out.emplace_back(label.is_string() ? std::string_view(label.get_string()) : std::string_view());
  }
  return out;
}

std::string top_k_json(const Tensor& tensor, std::int64_t k, const std::vector<std::string>& labels) {
  json::array out;
  for (const runtime::TopK& best : runtime::top_k(row_as_floats(tensor, 0), static_cast<std::size_t>(k))) {
    json::object row{{"index", best.index}, {"score", best.value}};
    if (static_cast<std::size_t>(best.index) < labels.size()) row["label"] = labels[best.index];
    out.push_back(std::move(row));
  }
  return json::serialize(out);
}

}  // namespace

std::string media_type_of(const RequestHead& head) {
  const std::string_view type = head.header("Content-Type").value_or("application/json");
  std::string out(type.substr(0, type.find(';')));
  while (!out.empty() && out.back() == ' ') out.pop_back();
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Response answer_for(const PendingInference& pending, cloud::InferAnswer answer) {
  InferReply reply;
  reply.model_name = pending.endpoint->name;
  reply.id = pending.body.id;
  reply.outputs = std::move(answer.outputs);
  reply.parameters = json::serialize(json_of(answer.receipt));
  reply.labels = labels_of(*pending.endpoint);
  if (pending.top_k > 0 && !reply.outputs.empty()) {
    reply.top_k = top_k_json(reply.outputs[0].tensor, pending.top_k, reply.labels);
  }
  Response response = infer_response(reply, pending.body);
  response.headers.push_back({"Chengying-Price-Nano", std::to_string(answer.receipt.price.nano())});
  response.headers.push_back({"Chengying-Cycles", std::to_string(answer.receipt.cycles)});
  return response;
}

Result<cloud::InferRequest> prepare_inference(const Services& services, const Call& call,
                                              std::string_view media_type, PendingInference& pending) {
  TRY_ASSIGN(pending.endpoint, endpoint_of(services, call));
  if (is_image(media_type)) {
    TRY_ASSIGN(pending.top_k, top_k_of(call.request.head.target, *pending.endpoint));
    TRY_ASSIGN(pending.body, body_of_image(call, *pending.endpoint));
  } else {
    TRY_ASSIGN(pending.body, body_of_tensors(call));
  }
  TRY(check_outputs(pending.body, pending.endpoint->signature));
  cloud::InferRequest request;
  request.endpoint = pending.endpoint->name;
  request.request_id = idempotency_key(call);
  if (request.request_id.empty()) request.request_id = pending.body.id;
  if (!request.request_id.empty()) {
    Hasher hasher;
    hasher.update(media_type);
    hasher.update("\n");
    hasher.update(call.request.body);
    request.body = hasher.finish();
  }
  request.inputs = std::move(pending.body.inputs);
  for (const RequestedOutput& output : pending.body.outputs) request.outputs.push_back(output.name);
  request.quote = pending.body.quote;
  request.gone = call.request.gone;
  request.arguments = std::move(pending.body.arguments);
  if (pending.body.timeout_ms > 0) {
    request.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(pending.body.timeout_ms);
  }
  return request;
}

Result<Response> server_metadata(const Services&, Call&) {
  return json_response({{"name", "chengying"},
                        {"version", "0.1.0"},
                        {"extensions", json::array{"binary_tensor_data", "classification",
                                                   "chengying_receipt", "chengying_image"}}});
}

Result<Response> server_live(const Services&, Call&) {
  return json_response({{"live", true}});
}

Result<Response> server_ready(const Services& services, Call&) {
  const bool ready = services.cloud.ready() && !services.draining();
  return json_response({{"ready", ready}}, ready ? 200 : 503);
}

Result<Response> model_metadata(const Services& services, Call& call) {
  TRY_ASSIGN(const EndpointView endpoint, endpoint_of(services, call));
  json::object out{{"name", endpoint->name},
                   {"versions", json::array{"1"}},
                   {"platform", "chengying"},
                   {"inputs", json_of(endpoint->signature.inputs)},
                   {"outputs", json_of(endpoint->signature.outputs)}};
  if (!endpoint->signature.arguments.empty()) {
    out["parameters"] = json::object{{"arguments", cloud::arguments_to_json(endpoint->signature.arguments)}};
  }
  return json_response(std::move(out));
}

Result<Response> model_ready(const Services& services, Call& call) {
  TRY_ASSIGN(const EndpointView endpoint, endpoint_of(services, call));
  const bool ready = endpoint->state == cloud::EndpointState::kReady;
  return json_response({{"name", endpoint->name}, {"ready", ready}}, ready ? 200 : 503);
}

void infer(const Services& services, Call&& call, Reply reply) {
  const std::string media_type = media_type_of(call.request.head);
  if (!is_image(media_type) && media_type != "application/json" && media_type != "application/octet-stream") {
    return reply(
        error_answer(call.request.head, 415, "unsupported",
                     fmt::format("Content-Type '{}' is not taken; send application/json, "
                                 "application/octet-stream with Inference-Header-Content-Length, image/jpeg "
                                 "or image/png",
                                 media_type)));
  }
  // Shared because InferDone is copyable; only the one call of it uses it.
  auto pending = std::make_shared<PendingInference>();
  auto request = prepare_inference(services, call, media_type, *pending);
  if (request && pending->body.stream_batch > 0) {
    request = fail(Code::kInvalidArgument, "parameters.stream_batch is for .../infer_stream");
  }
  if (!request) return reply(error_answer(call.request.head, request.error()));
  pending->head = std::move(call.request.head);
  call.request.body = {};
  services.cloud.infer(
      call.caller, *std::move(request),
      [pending, reply, writers = services.writers](Result<cloud::InferAnswer> answer) {
        // Shared for the same reason: a job that is refused by a full queue is done here instead.
        auto done = std::make_shared<Result<cloud::InferAnswer>>(std::move(answer));
        const auto write = [pending, reply, done] {
          reply(*done ? answer_for(*pending, *std::move(*done)) : error_answer(pending->head, done->error()));
        };
        if (!writers->try_run(write)) write();
      });
}

}  // namespace chengying::doors
