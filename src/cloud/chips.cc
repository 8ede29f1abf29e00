#include "cloud/chips.h"

#include <algorithm>
#include <cmath>

#include "cloud/faulty_device.h"

namespace chengying::cloud {

std::uint64_t clock_hz_of(const isa::ChipSpec& chip) {
  return static_cast<std::uint64_t>(std::llround(chip.clock_hz));
}

Chips::Chips(const std::vector<ChipConfig>& chips, const Machinery& machinery, const std::string& process) {
  for (const ChipConfig& chip : chips) {
    for (std::int64_t i = 0; i < chip.count; ++i) {
      const auto position = static_cast<std::int64_t>(slots_.size());
      std::string id = fmt::format("{}{}{}.{}", process, process.empty() ? "" : "/", chip.spec.name, i);
      runtime::DeviceOptions options = chip.options;
      options.name = id;
      auto device = machinery.make_device(chip.spec, options);
      if (machinery.faults != nullptr) device = make_faulty_device(std::move(device), id, machinery.faults);
      slots_.push_back({std::move(id), position, std::move(device)});
    }
  }
}

bool Chips::have(const std::vector<std::string>& chips) const {
  return std::ranges::all_of(chips, [&](const std::string& chip) {
    return std::ranges::find(slots_, chip, &Slot::id) != slots_.end();
  });
}

Result<runtime::Device*> Chips::of_kind(std::string_view chip) const {
  for (const Slot& slot : slots_) {
    if (slot.device->spec().name == chip) return slot.device.get();
  }
  return fail(Code::kNotFound, "this service has no chip \"{}\"", chip);
}

Status Chips::place(const std::string& holder, std::int64_t fence, const std::vector<std::string>& chips,
                    std::uint16_t cores) {
  Places placed{fence, cores, {}};
  Status opened;
  for (const std::string& chip : chips) {
    const auto slot = std::ranges::find(slots_, chip, &Slot::id);
    if (slot == slots_.end()) {
      opened = fail(Code::kUnavailable, "{}: not configured any more", chip);
      break;
    }
    const auto slice = slot->device->open_slice(cores, fence);
    if (!slice) {
      opened = within(chip, slice.error());
      break;
    }
    placed.places.push_back({chip, slot->device.get(), *slice});
  }
  if (!opened) {
    for (const Place& place : placed.places) place.device->close_slice(place.slice);
    return opened;
  }
  const std::lock_guard lock(mutex_);
  open_.insert_or_assign(holder, std::move(placed));
  return {};
}

Result<Places> Chips::of(std::string_view holder) const {
  const std::lock_guard lock(mutex_);
  const auto it = open_.find(holder);
  if (it == open_.end()) return fail(Code::kUnavailable, "{} has no cores now", holder);
  return it->second;
}

void Chips::give_back(std::string_view holder) {
  Places places;
  {
    const std::lock_guard lock(mutex_);
    const auto it = open_.find(holder);
    if (it == open_.end()) return;
    places = std::move(it->second);
    open_.erase(it);
  }
  for (const Place& place : places.places) place.device->close_slice(place.slice);
}

std::map<std::string, Places, std::less<>> Chips::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace chengying::cloud
