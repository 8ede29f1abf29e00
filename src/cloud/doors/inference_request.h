// What the handlers of inference share: from a request to what the cloud is asked, and from its answer to
// what the client gets. Internal to the door.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "cloud/doors/open_inference.h"
#include "cloud/doors/routes.h"

namespace chengying::doors {

/// A request on its way through the cloud, with what its answer will need.
struct PendingInference {
  RequestHead head;
  InferBody body;
  std::shared_ptr<const cloud::Endpoint> endpoint;  // shared: the cloud's own unchanging snapshot
  std::int64_t top_k = 0;                           // 0: none
};

/// Everything up to the cloud: the request for it, and what the answer will need.
Result<cloud::InferRequest> prepare_inference(const Services& services, const Call& call,
                                              std::string_view media_type, PendingInference& pending);
Response answer_for(const PendingInference& pending, cloud::InferAnswer answer);
std::string media_type_of(const RequestHead& head);

}  // namespace chengying::doors
