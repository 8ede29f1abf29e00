#include <spdlog/spdlog.h>

#include "cloud/cloud.h"
#include "runtime/worker/worker_device.h"

namespace chengying::cloud {

namespace {
void log_event(const runtime::WorkerEvent& event) {
  using Kind = runtime::WorkerEvent::Kind;
  switch (event.kind) {
    case Kind::kServes:
      return spdlog::info("chip {}: worker {} serves, after {:.3f} s", event.chip, event.pid, event.seconds);
    case Kind::kEnded:
      return spdlog::warn("chip {}: a worker ended ({}); another is started", event.chip, event.what);
    case Kind::kFailed:
      return spdlog::error("chip {}: no worker could be started ({})", event.chip, event.what);
  }
}
}  // namespace

Machinery real_machinery() {
  return {
      .make_device =
          [](isa::ChipSpec chip, const runtime::DeviceOptions& options) {
            return runtime::make_engine_device(std::move(chip), options);
          },
      .compile = compiler::compile,
      .signature_of = compiler::signature_of,
      .faults = nullptr,
  };
}

Machinery machinery_of_workers() {
  runtime::WorkerOptions workers;
  workers.host_cores = std::make_shared<runtime::HostCores>();
  workers.on_event = log_event;
  Machinery machinery = real_machinery();
  machinery.make_device = [workers](isa::ChipSpec chip, const runtime::DeviceOptions& options) {
    return runtime::make_worker_device(std::move(chip), options, workers);
  };
  return machinery;
}

}  // namespace chengying::cloud
