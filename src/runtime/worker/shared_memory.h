// SharedMemory: memory of a slice that its service and its worker both see, and where the tensors of requests
// lie while they run. It takes pages only where it was used; what a burst took is given back once it is over.
// Any thread; the service hands out extents, the worker only looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "base/error.h"
#include "runtime/worker/channel.h"
#include "runtime/worker/frame.h"

namespace chengying::runtime::worker {

class SharedMemory {
 public:
  /// kResourceExhausted if the system has none.
  static Result<std::unique_ptr<SharedMemory>> make(std::uint64_t bytes);
  /// The other process's, by its file. kDataLoss if that is not `bytes` long.
  static Result<std::unique_ptr<SharedMemory>> open(Handle file, std::uint64_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  int fd() const { return file_.fd(); }
  std::uint64_t bytes() const { return bytes_; }
  /// What an extent of so many bytes takes.
  static std::uint64_t rounded(std::uint64_t bytes);
  /// nullopt if no room of this size is free. Its offset is a multiple of 64.
  std::optional<Extent> take(std::uint64_t bytes);
  void give_back(Extent extent);
  /// kDataLoss if it is not inside, or not at a multiple of 64.
  Result<std::span<std::byte>> at(Extent extent) const;

 private:
  SharedMemory(Handle file, std::byte* data, std::uint64_t bytes);
  static Result<std::unique_ptr<SharedMemory>> map(Handle file, std::uint64_t bytes);

  Handle file_;
  std::byte* data_;
  const std::uint64_t bytes_;
  std::mutex mutex_;                             // of the members below
  std::map<std::uint64_t, std::uint64_t> free_;  // offset, bytes; neighbours are joined
  std::uint64_t reached_ = 0;                    // how far it was used since it was last given back
};

}  // namespace chengying::runtime::worker
