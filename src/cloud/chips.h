// Chips: the devices that the service rents out, the slices that leases hold on them, and the shared pools.
// Knows nothing of money. Any thread; placing and giving back take a lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "billing/price_book.h"
#include "cloud/cloud.h"
#include "runtime/device.h"

namespace chengying::cloud {

/// A slice of a device, ready to load executables.
struct Place {
  runtime::Device* device = nullptr;
  runtime::SliceId slice;
};

class Chips {
 public:
  Chips(std::vector<ChipConfig> chips, const Machinery& machinery);

  /// kNotFound if the service has no such chip.
  Result<runtime::Device*> device(std::string_view chip) const;
  std::vector<Chip> levels() const;

  /// Opens a slice for a lease. kResourceExhausted if the cores are not free.
  Status place(const std::string& lease, std::string_view chip, std::uint16_t cores);
  /// kUnavailable if the lease has no slice.
  Result<Place> of_lease(std::string_view lease) const;
  void give_back(std::string_view lease);
  /// The pool of a shared offer; its slice is opened for its first endpoint and stays.
  Result<Place> pool(const billing::Offer& offer);

 private:
  std::vector<std::unique_ptr<runtime::Device>> devices_;
  mutable std::mutex mutex_;
  std::map<std::string, Place, std::less<>> leases_;
  std::map<std::string, Place, std::less<>> pools_;
};

/// The spec's clock as a whole number of Hz, which is what prices are computed with.
std::uint64_t clock_hz_of(const isa::ChipSpec& chip);

}  // namespace chengying::cloud
