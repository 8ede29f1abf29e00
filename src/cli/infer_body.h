// InferBody: the client's half of the Open Inference Protocol: tensors to a body with raw bytes behind its
// JSON head, and an answer's outputs back to tensors. Pure; any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/http_client.h"
#include "cli/named_tensor.h"

namespace chengying::cli {

struct InferMessage {
  std::string body;
  std::size_t json_bytes = 0;
};

/// Asks for raw bytes back. `quote`, `id` and `arguments` may be empty.
InferMessage infer_message(std::span<const NamedTensor> inputs, std::string_view id, std::string_view quote,
                           const std::map<std::string, std::int64_t>& arguments = {});

struct InferResult {
  std::vector<NamedTensor> outputs;
  std::string head;  // the answer's JSON
};
/// kInternal if the answer is not what the protocol says.
Result<InferResult> read_infer_reply(const HttpReply& reply);

}  // namespace chengying::cli
