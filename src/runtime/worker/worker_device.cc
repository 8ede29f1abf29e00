#include "runtime/worker/worker_device.h"

#include <utility>

#include "runtime/device_of_slices.h"
#include "runtime/worker/worker_slice.h"

namespace chengying::runtime {

std::unique_ptr<Device> make_worker_device(isa::ChipSpec chip, const DeviceOptions& options,
                                           const WorkerOptions& workers) {
  return std::make_unique<DeviceOfSlices<WorkerSlice>>(
      std::move(chip),
      [options, workers](const isa::ChipSpec& spec, std::uint16_t cores, std::int64_t fence) {
        return WorkerSlice::open(spec, cores, fence, options, workers);
      });
}

}  // namespace chengying::runtime
