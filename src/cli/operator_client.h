// OperatorClient: the control API with the operator's key, by the data folder alone: of the service that runs
// on it, or, if none does, of one that lives in this process for as long as this value. One thread.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "cli/service_client.h"
#include "cli/service_config.h"
#include "cloud/doors/door.h"

namespace chengying::cli {

class OperatorClient {
 public:
  /// With an empty `data`: the service and key of `client`.
  static Result<OperatorClient> open(const std::string& data, const ClientConfig& client);
  ServiceClient& service() { return service_; }

 private:
  OperatorClient(std::unique_ptr<cloud::Cloud> cloud, std::unique_ptr<doors::Door> door,
                 ServiceClient service)
      : cloud_(std::move(cloud)), door_(std::move(door)), service_(std::move(service)) {}
  std::unique_ptr<cloud::Cloud> cloud_;  // both null if the service runs elsewhere
  std::unique_ptr<doors::Door> door_;
  ServiceClient service_;
};

}  // namespace chengying::cli
