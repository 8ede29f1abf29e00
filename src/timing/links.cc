#include "timing/links.h"

#include <algorithm>

#include "base/check.h"
#include "timing/cycles.h"

namespace chengying::timing {
namespace {

using isa::Space;

/// Rows (or columns) of the input that a window touches: fewer than all if it strides over some.
std::int64_t touched(std::int64_t input, std::int64_t output, std::int64_t kernel, std::int64_t stride) {
  return kernel < stride ? std::min(input, output * kernel) : input;
}

/// The share of an operation's first operand, in rows and columns, that its window touches.
struct TouchedVisitor {
  template <class Windowed>
  static isa::Access windowed(const Windowed& op, isa::Access access) {
    const auto rows = touched(op.input.shape[1], op.output.shape[1], op.window.kernel_h, op.window.stride_h);
    const auto columns =
        touched(op.input.shape[2], op.output.shape[2], op.window.kernel_w, op.window.stride_w);
    access.view.shape[1] = static_cast<std::int32_t>(rows);
    access.view.shape[2] = static_cast<std::int32_t>(columns);
    return access;
  }

  isa::Access operator()(const isa::Conv& op) const { return windowed(op, access); }
  isa::Access operator()(const isa::DepthwiseConv& op) const { return windowed(op, access); }
  isa::Access operator()(const isa::Pool& op) const { return windowed(op, access); }
  isa::Access operator()(const auto&) const { return access; }

  isa::Access access;
};

/// What of keys, values or a table the lengths of this run touch.
struct LengthVisitor {
  void operator()(const isa::Attention& op) const {
    const std::int64_t elements = isa::touched_rows(op, arguments) * op.keys.shape[1] * op.keys.shape[3];
    accesses[1].touched = accesses[2].touched = elements;
  }
  void operator()(const isa::Scan& op) const {
    accesses[1].touched = isa::touched_rows(op, arguments) * op.rows.shape[3];
  }
  void operator()(const auto&) const {}

  std::vector<isa::Access>& accesses;
  std::span<const std::int64_t> arguments;
};

/// A systolic array that fetches its weights ahead takes them in whole tiles, however few of it are used.
std::uint64_t bytes_of_tiles(const isa::Conv& conv, const isa::TensorEngine& tensor) {
  if (!tensor.systolic || tensor.weights_ahead_bytes == 0 || conv.input.dtype != DType::kU8) return 0;
  const auto up = [](std::int64_t size, std::int64_t step) { return (size + step - 1) / step * step; };
  const std::int64_t depth = std::int64_t{conv.window.kernel_h} * conv.window.kernel_w * conv.input.shape[3];
  return static_cast<std::uint64_t>(up(depth, tensor.u8->reduce)) *
         static_cast<std::uint64_t>(up(conv.output.shape[3], tensor.u8->columns));
}

std::uint64_t cycles_of_seconds(double seconds, double clock_hz) {
  return round_up(seconds * clock_hz);
}

}  // namespace

std::uint64_t bytes_of(const isa::Access& access) {
  const isa::View& view = access.view;
  std::uint64_t bytes = size_of(view.dtype);
  if (access.touched) return bytes * static_cast<std::uint64_t>(*access.touched);
  for (std::size_t d = 0; d < 4; ++d) {
    const std::int32_t count = d == 3 ? view.shape[d] - access.padding : view.shape[d];
    if (view.stride[d] != 0) bytes *= static_cast<std::uint64_t>(count);
  }
  return bytes;
}

/// Adds up what one instruction asks of each link.
struct Links::Collector {
  Traffic traffic;
  std::uint64_t weight_bytes = 0;                 // constants from DRAM
  bool dram = false, host = false, ring = false;  // whose latency to add

  void add(Link link, std::uint64_t bytes) {
    for (Demand& demand : traffic.demands)
      if (demand.link == link) {
        demand.bytes += bytes;
        return;
      }
    traffic.demands.push_back({link, bytes, 0});
  }
};

Links::Links(const isa::Program& program, const isa::ChipSpec& chip, std::uint16_t cores,
             std::span<const std::int64_t> arguments)
    : chip_(chip),
      cores_(cores),
      residences_(program.residences),
      arguments_(arguments.empty() ? program.highest_arguments()
                                   : std::vector(arguments.begin(), arguments.end())) {
  const isa::Memory& memory = chip.memory;
  const double share = static_cast<double>(cores) / static_cast<double>(chip.cores);
  dram_rate_ = memory.dram_bytes_per_second * share / chip.clock_hz;
  host_rate_ = chip.host_link.bytes_per_second * share / chip.clock_hz;
  cache_rate_ = memory.cache_bytes_per_second / chip.clock_hz;
  ring_rate_ = memory.ring_bytes_per_second / chip.clock_hz;
  // The cache holds everything, or what is written and read again, or nothing: it is not managed, and a
  // program that passes through more than it holds finds none of it when it comes round.
  const double cache = static_cast<double>(memory.cache_bytes) * share;
  std::uint64_t constants = 0;
  for (const isa::Residence& residence : program.residences)
    if (residence.space == Space::kDram) constants += residence.bytes;
  const std::uint64_t scratch = program.dram_bytes + (memory.engines_reach_host ? program.host_bytes() : 0);
  scratch_cached_ = static_cast<double>(scratch) <= cache && cache > 0;
  constants_cached_ = static_cast<double>(scratch + constants) <= cache && cache > 0;
}

std::uint64_t Links::cycles(Link link, std::uint64_t bytes) const {
  const auto at_rate = [&](double rate) { return round_up(static_cast<double>(bytes) / rate); };
  if (link == kDram) return at_rate(dram_rate_);
  if (link < kShared) return at_rate(host_rate_);
  switch ((link - kShared) % kPerCore) {
    case kSram:
      return ceil_div(bytes, static_cast<std::uint64_t>(chip_.memory.sram_bytes_per_cycle));
    case kCache:
      return at_rate(cache_rate_);
    default:
      return at_rate(ring_rate_);
  }
}

Limit Links::limit(Link link) const {
  if (link == kDram) return Limit::kDram;
  if (link < kShared) return Limit::kHostLink;
  switch ((link - kShared) % kPerCore) {
    case kSram:
      return Limit::kSram;
    case kCache:
      return Limit::kCache;
    default:
      return Limit::kRing;
  }
}

void Links::charge_dram(Collector& collector, std::uint16_t core, std::uint64_t bytes, bool cached) const {
  if (cached) return collector.add(of_core(core, kCache), bytes);
  collector.add(kDram, bytes);
  collector.dram = true;
  collector.traffic.dram_bytes += bytes;
  collector.traffic.picojoules += static_cast<double>(bytes) * chip_.power.dram_byte_pj;
}

void Links::charge_host(Collector& collector, std::uint16_t core, std::uint64_t bytes, bool write) const {
  collector.traffic.host_bytes += bytes;
  if (host_rate_ == 0) {  // the request's tensors lie in the chip's own memory
    charge_dram(collector, core, bytes, scratch_cached_);
    return;
  }
  collector.add(write ? kHostOut : kHostIn, bytes);
  collector.host = true;
  collector.traffic.picojoules += static_cast<double>(bytes) * chip_.power.host_byte_pj;
}

void Links::charge_sram(Collector& collector, std::uint16_t core, std::uint16_t owner, std::uint64_t bytes,
                        bool write) const {
  collector.add(of_core(owner, kSram), bytes);
  collector.traffic.picojoules += static_cast<double>(bytes) * chip_.power.sram_byte_pj;
  if (owner == core) return;
  collector.add(of_core(owner, write ? kRingIn : kRingOut), bytes);
  collector.add(of_core(core, write ? kRingOut : kRingIn), bytes);
  collector.ring = true;
  collector.traffic.ring_bytes += bytes;
  collector.traffic.picojoules += static_cast<double>(bytes) * chip_.power.ring_byte_pj;
}

void Links::charge(Collector& collector, std::uint16_t core, const isa::Address& at, std::uint64_t bytes,
                   bool write) const {
  switch (at.space) {
    case Space::kSram:
      return charge_sram(collector, core, at.core, bytes, write);
    case Space::kDram:
      return charge_dram(collector, core, bytes, scratch_cached_);
    case Space::kHost:
      return charge_host(collector, core, bytes, write);
    case Space::kConstant:
      CHECK(false);  // resolved to its residence before
  }
}

void Links::fetch_ahead(Collector& collector) const {
  const auto limit = static_cast<std::uint64_t>(chip_.tensor.weights_ahead_bytes);
  const std::uint64_t bytes = std::min(limit, collector.weight_bytes);
  for (Demand& demand : collector.traffic.demands)
    if (demand.link == kDram) demand.ahead_cycles = cycles(kDram, bytes);
}

Traffic Links::traffic_of(const isa::Instruction& instruction) const {
  Collector collector;
  std::vector<isa::Access> accesses = isa::accesses_of(instruction.operation);
  accesses.front() = std::visit(TouchedVisitor{accesses.front()}, instruction.operation);
  std::visit(LengthVisitor{accesses, arguments_}, instruction.operation);
  for (const isa::Access& access : accesses) {
    const isa::Address& at = access.view.at;
    std::uint64_t bytes = bytes_of(access);
    if (const auto* conv = std::get_if<isa::Conv>(&instruction.operation);
        conv != nullptr && at == conv->weights)
      bytes = std::max(bytes, bytes_of_tiles(*conv, chip_.tensor));
    if (at.space != Space::kConstant) {
      charge(collector, instruction.core, at, bytes, access.write);
      continue;
    }
    const auto place = residences_.find(instruction.core, at.offset, access.view.extent_bytes());
    CHECK(place.has_value());  // verify refuses programs whose constants are nowhere
    if (place->space == Space::kDram) {
      charge_dram(collector, instruction.core, bytes, constants_cached_);
      collector.weight_bytes += constants_cached_ ? 0 : bytes;
    } else {
      charge(collector, instruction.core, *place, bytes, false);
    }
  }
  if (isa::engine_of(instruction.operation) == isa::Engine::kTensor) fetch_ahead(collector);
  const auto latency = [&](double seconds) { return cycles_of_seconds(seconds, chip_.clock_hz); };
  Traffic& traffic = collector.traffic;
  if (collector.dram) traffic.latency_cycles += latency(chip_.memory.dram_latency_seconds);
  if (collector.ring) traffic.latency_cycles += latency(chip_.memory.ring_latency_seconds);
  if (collector.host) traffic.latency_cycles += latency(chip_.host_link.latency_seconds);
  return std::move(traffic);
}

}  // namespace chengying::timing
