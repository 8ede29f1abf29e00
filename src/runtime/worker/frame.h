// Frames: what a service and a worker say to each other, one packet each: a fixed head, then fields one after
// another as they lie in memory (both ends are the same binary on the same machine). A Reader never reads
// past its packet: what is missing is said once, at the end. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "isa/spec.h"
#include "runtime/device.h"

namespace chengying::runtime::worker {

inline constexpr std::size_t kFrameBytesMost = 64 << 10;

enum class Kind : std::uint32_t {
  // to the worker
  kOpen = 1,  // the slice that it is; with the shared memory
  kLoad,      // an executable; with its file
  kUnload,
  kRun,
  kClose,  // running work finishes, queued work ends, the worker ends
  // from the worker
  kOpened,
  kLoaded,
  kDone,
};
inline constexpr Kind kLastKind = Kind::kDone;

/// A part of the shared memory.
struct Extent {
  std::uint64_t offset = 0, bytes = 0;
};

struct OpenFrame {
  isa::ChipSpec chip;
  std::uint16_t cores = 1;
  std::int64_t fence = 0;
  std::uint64_t queue_capacity = 0, shared_bytes = 0;
  std::uint32_t threads = 0;
  std::int64_t batch_delay_us = 0;
  std::int32_t nice = 0;
  std::vector<std::uint32_t> host_cores;  // that it may run on; none: wherever it likes
};
struct LoadFrame {
  std::uint64_t id = 0;
  Digest digest;  // that the file must have; all zero: whatever it has
};
struct UnloadFrame {
  std::uint64_t id = 0;
};
struct RunFrame {
  std::uint64_t request = 0, loaded = 0;
  std::int32_t batch = 1;
  std::int64_t fence = 0, deadline_ns = 0;  // of the steady clock, which all processes share
  std::vector<Extent> inputs, outputs;
  std::vector<std::int64_t> arguments;
};
struct CloseFrame {};
struct OpenedFrame {};
struct LoadedFrame {
  std::uint64_t id = 0;
  Status status;
};
struct DoneFrame {
  std::uint64_t request = 0;
  Status status;
  RunCost cost;
};

template <class Frame>
std::vector<std::byte> encode(const Frame& frame);
/// What a packet is; kDataLoss for what is no frame.
Result<Kind> kind_of(std::span<const std::byte> packet);
/// The frame in a packet; kDataLoss, saying what was found, for one of another kind, too short or too long.
template <class Frame>
Result<Frame> decode(std::span<const std::byte> packet);

}  // namespace chengying::runtime::worker
