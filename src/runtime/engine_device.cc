// A Device over chip::Engine: each slice a thread of this process.
#include "runtime/device_of_slices.h"
#include "runtime/slice.h"

namespace chengying::runtime {

std::unique_ptr<Device> make_engine_device(isa::ChipSpec chip, const DeviceOptions& options) {
  return std::make_unique<DeviceOfSlices<Slice>>(
      std::move(chip),
      [options](const isa::ChipSpec& spec, std::uint16_t cores, std::int64_t fence)
          -> Result<std::shared_ptr<Slice>> { return std::make_shared<Slice>(spec, cores, fence, options); });
}

}  // namespace chengying::runtime
