#include "cloud/cloud.h"

namespace chengying::cloud {

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

}  // namespace chengying::cloud
