// Door: the HTTP service over one Cloud: routes, keys, limits, workers, metrics. Holds no state of the
// rental. Its invariant: no io thread ever waits for the cloud. Any thread may call it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/error.h"
#include "cloud/cloud.h"
#include "cloud/doors/server.h"

namespace chengying::doors {

struct DoorOptions {
  ServerOptions server;            // spool_folder is the cloud's upload_folder if it is empty
  unsigned quick_workers = 0;      // 0: as many as the machine's cores, at least 2
  unsigned slow_workers = 2;       // for uploads and compilations
  std::size_t quick_queue = 1024;  // requests waiting for a worker; more are refused
  std::size_t slow_queue = 64;
};

class Door {
 public:
  /// Listens. `cloud` must outlive the door.
  static Result<std::unique_ptr<Door>> open(cloud::Cloud& cloud, DoorOptions options);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  std::uint16_t port() const;
  /// Not ready any more; no new connections; requests in flight are answered. True if all were within
  /// `limit`.
  bool drain(std::chrono::milliseconds limit);

 private:
  struct State;
  explicit Door(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chengying::doors
