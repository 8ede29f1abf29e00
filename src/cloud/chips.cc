#include "cloud/chips.h"

#include <cmath>

namespace chengying::cloud {

std::uint64_t clock_hz_of(const isa::ChipSpec& chip) {
  return static_cast<std::uint64_t>(std::llround(chip.clock_hz));
}

Chips::Chips(std::vector<ChipConfig> chips, const Machinery& machinery) {
  for (ChipConfig& chip : chips)
    devices_.push_back(machinery.make_device(std::move(chip.spec), chip.options));
}

Result<runtime::Device*> Chips::device(std::string_view chip) const {
  for (const auto& device : devices_) {
    if (device->spec().name == chip) return device.get();
  }
  return fail(Code::kNotFound, "this service has no chip \"{}\"", chip);
}

std::vector<Chip> Chips::levels() const {
  std::vector<Chip> levels;
  for (const auto& device : devices_) {
    levels.push_back(Chip{device->spec(), device->spec().cores, device->free_cores()});
  }
  return levels;
}

Status Chips::place(const std::string& lease, std::string_view chip, std::uint16_t cores) {
  TRY_ASSIGN(runtime::Device * found, device(chip));
  TRY_ASSIGN(const runtime::SliceId slice, found->open_slice(cores));
  const std::lock_guard lock(mutex_);
  leases_.insert_or_assign(lease, Place{found, slice});
  return {};
}

Result<Place> Chips::of_lease(std::string_view lease) const {
  const std::lock_guard lock(mutex_);
  const auto it = leases_.find(lease);
  if (it == leases_.end()) return fail(Code::kUnavailable, "lease {} has no cores", lease);
  return it->second;
}

void Chips::give_back(std::string_view lease) {
  Place place;
  {
    const std::lock_guard lock(mutex_);
    const auto it = leases_.find(lease);
    if (it == leases_.end()) return;
    place = it->second;
    leases_.erase(it);
  }
  place.device->close_slice(place.slice);
}

Result<Place> Chips::pool(const billing::Offer& offer) {
  TRY_ASSIGN(runtime::Device * found, device(offer.chip));
  const std::lock_guard lock(mutex_);
  const auto it = pools_.find(offer.id);
  if (it != pools_.end()) return it->second;
  TRY_ASSIGN(const runtime::SliceId slice, found->open_slice(offer.cores));
  return pools_.emplace(offer.id, Place{found, slice}).first->second;
}

}  // namespace chengying::cloud
