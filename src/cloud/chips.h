// Chips: the devices of the fleet, and the slices that are open on them for leases and shared pools. Which
// chip a lease gets, the store decides (store/placement.h); here it is opened. Knows nothing of money. Any
// thread; opening and giving back take a lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cloud/cloud.h"
#include "runtime/device.h"

namespace chengying::cloud {

/// A slice of a device, ready to load executables.
struct Place {
  std::string chip;  // id in the fleet
  runtime::Device* device = nullptr;
  runtime::SliceId slice;
};

/// What a lease or a pool ("holder") has open: a slice on each of its chips.
struct Places {
  std::int64_t fence = 0;   // of the grant that they are for
  std::uint16_t cores = 1;  // of each slice
  std::vector<Place> places;
};

class Chips {
 public:
  /// `process`: the control process that they belong to, which is in their ids.
  Chips(const std::vector<ChipConfig>& chips, const Machinery& machinery, const std::string& process);

  struct Slot {
    std::string id;  // "hanguang800.3", of a control process "a": "a/hanguang800.3"
    std::int64_t position = 0;
    std::unique_ptr<runtime::Device> device;
  };
  std::span<const Slot> slots() const { return slots_; }
  /// Whether all of these are here.
  bool have(const std::vector<std::string>& chips) const;
  /// A device of this kind, for its spec. kNotFound if the service has none.
  Result<runtime::Device*> of_kind(std::string_view chip) const;

  /// Opens a slice on each chip, or none. kResourceExhausted if the last holder's slice is still closing: try
  /// again.
  Status place(const std::string& holder, std::int64_t fence, const std::vector<std::string>& chips,
               std::uint16_t cores);
  /// kUnavailable if it has nothing open.
  Result<Places> of(std::string_view holder) const;
  /// Closes its slices; waits for what runs there.
  void give_back(std::string_view holder);
  /// All that have something open.
  std::map<std::string, Places, std::less<>> open() const;

 private:
  std::vector<Slot> slots_;
  mutable std::mutex mutex_;
  std::map<std::string, Places, std::less<>> open_;
};

/// The spec's clock as a whole number of Hz, which is what prices are computed with.
std::uint64_t clock_hz_of(const isa::ChipSpec& chip);

}  // namespace chengying::cloud
