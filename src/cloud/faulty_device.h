// FaultyDevice: a virtual chip that is made to fail, for drills: it gets stuck, answers wrongly or slowly, or
// is gone. The rest of the service doesn't know it from one that fails by itself. Thread-safe, as the Device
// behind it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/device.h"

namespace chengying::cloud {

enum class Fault : std::uint8_t {
  kNone,
  kStuck,  // takes work and never finishes it
  kWrong,  // a bit of each answer is another
  kSlow,   // each answer takes much longer
  kGone,   // takes nothing
};
std::string_view name_of(Fault fault);  // "none", "stuck", "wrong", "slow", "gone"
Result<Fault> parse_fault(std::string_view name);

/// Which chips have which fault now. Any thread.
class Faults {
 public:
  void set(const std::string& chip, Fault fault);
  Fault of(const std::string& chip) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Fault> faults_;
};

/// `chip`: its id in the fleet, by which `faults` knows it.
std::unique_ptr<runtime::Device> make_faulty_device(std::unique_ptr<runtime::Device> inner, std::string chip,
                                                    std::shared_ptr<const Faults> faults);

}  // namespace chengying::cloud
