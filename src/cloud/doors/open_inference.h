// The Open Inference Protocol v2's bodies: a JSON head, and tensors in it or as raw bytes behind it (the
// binary tensor extension). Reading is strict: every count and size is checked against every other before
// memory is set aside. Pure; any thread. Failure: kInvalidArgument that names the tensor and the element;
// kUnsupported for what we lack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cloud/cloud.h"
#include "cloud/doors/http.h"

namespace chengying::doors {

struct RequestedOutput {
  std::string name;
  bool binary = false;
  std::int64_t classification = 0;  // > 0: so many best classes instead of the tensor
};

struct InferBody {
  std::string id;
  std::vector<cloud::NamedTensor> inputs;
  std::vector<RequestedOutput> outputs;  // empty: all of them
  bool binary_outputs = false;           // how outputs go that nothing else is said about
  std::string quote;                     // parameters.quote: a quote's token
  std::int64_t timeout_ms = 0;           // parameters.timeout_ms; 0: none
  std::int64_t stream_batch = 0;         // parameters.stream_batch: samples of a part of a stream; 0: none
  cloud::Arguments arguments;            // parameters.arguments: an object of whole numbers
};

/// `json_bytes`: the header Inference-Header-Content-Length; absent: all of the body is JSON.
Result<InferBody> parse_infer_body(std::string_view body, std::optional<std::uint64_t> json_bytes);

/// What goes back, before it is bytes.
struct InferReply {
  std::string model_name, id;
  std::vector<cloud::NamedTensor> outputs;
  std::string parameters;  // a JSON object
  std::string top_k;       // a JSON array, or "": none
  std::vector<std::string> labels;
};
/// JSON; with `Inference-Header-Content-Length` and raw bytes behind it if any output goes as binary.
Response infer_response(const InferReply& reply, const InferBody& body);

/// kInvalidArgument if an output that is FP16 or BF16 is wanted as JSON: better known before anything is
/// charged.
Status check_outputs(const InferBody& body, const cloud::Signature& signature);

/// The elements of one row of a tensor as f32, for classification.
std::vector<float> row_as_floats(const Tensor& tensor, std::int64_t row);

}  // namespace chengying::doors
