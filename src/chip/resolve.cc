#include "chip/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "isa/packing.h"

namespace chengying::chip {
namespace {

using isa::Space;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 62;
constexpr std::uint64_t kBlockAlignment = 64;  // of weights, init, scale and table

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// a * b, or kMaxBytes where that is less.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > kMaxBytes / b ? kMaxBytes : a * b;
}

/// Bytes that a view spans, nullopt if its numbers are impossible; never overflows.
std::optional<std::uint64_t> span_of(const isa::View& view) {
  std::uint64_t last = size_of(view.dtype);
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] < 1 || view.stride[d] < 0) return std::nullopt;
    last +=
        product(static_cast<std::uint64_t>(view.shape[d] - 1), static_cast<std::uint64_t>(view.stride[d]));
    if (last > kMaxBytes) return std::nullopt;
  }
  return last;
}

bool fits(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

class Resolver {
 public:
  Resolver(const isa::Program& program, std::span<const std::byte> constants, const SliceMemory& memory)
      : program_(program), constants_(constants), memory_(memory) {}

  Resolved resolved;
  std::string fault;  // the first one; empty if none

  template <class... Args>
  void fail(fmt::format_string<Args...> format, Args&&... args) {
    if (fault.empty()) fault = fmt::format(format, std::forward<Args>(args)...);
  }

  /// `extra_bytes` behind the view may be read too.
  void input(const isa::View& view, std::uint64_t extra_bytes = 0) {
    resolved.operands.input = read(view, extra_bytes, "input", resolved.input);
  }
  void second(const isa::View& view) {
    resolved.operands.second = read(view, 0, "second input", resolved.second);
  }
  void third(const isa::View& view) {
    resolved.operands.third = read(view, 0, "third input", resolved.third);
  }
  void fourth(const isa::View& view) {
    resolved.operands.fourth = read(view, 0, "fourth input", resolved.fourth);
  }
  void output(const isa::View& view) {
    const auto bytes = span_of(view);
    if (!bytes) return fail("the output's shape or strides are impossible");
    switch (view.at.space) {
      case Space::kConstant:
        return fail("writes to constants");
      case Space::kSram:
      case Space::kDram:
        resolved.operands.output = scratch(view.at, *bytes, "output");
        return;
      case Space::kHost: {
        const auto place = host_place(view.at, *bytes, "output");
        if (place && place->binding < program_.inputs.size())
          return fail("writes to an input of the request");
        resolved.output = place;
        return;
      }
    }
    fail("the output names an unknown memory");
  }
  const std::byte* block(const isa::Address& at, std::uint64_t bytes, const char* what) {
    if (at.space != Space::kConstant || at.offset % kBlockAlignment != 0 ||
        !fits(at.offset, bytes, constants_.size())) {
      fail("{} ({} bytes) at {:#x} is not an aligned block inside of the constants", what, bytes, at.offset);
      return nullptr;
    }
    return constants_.data() + at.offset;
  }

 private:
  const std::byte* read(const isa::View& view, std::uint64_t extra_bytes, const char* what,
                        std::optional<HostPlace>& host) {
    const auto span = span_of(view);
    if (!span) {
      fail("the {}'s shape or strides are impossible", what);
      return nullptr;
    }
    const std::uint64_t bytes = *span + extra_bytes;
    switch (view.at.space) {
      case Space::kConstant:
        if (fits(view.at.offset, bytes, constants_.size())) return constants_.data() + view.at.offset;
        fail("the {} reads past the constants", what);
        return nullptr;
      case Space::kSram:
      case Space::kDram:
        return scratch(view.at, bytes, what);
      case Space::kHost:
        host = host_place(view.at, bytes, what);
        return nullptr;
    }
    fail("the {} names an unknown memory", what);
    return nullptr;
  }

  std::byte* scratch(const isa::Address& at, std::uint64_t bytes, const char* what) {
    if (at.space == Space::kSram && at.core >= memory_.sram.size()) {
      fail("the {} names core {} of a slice of {}", what, at.core, memory_.sram.size());
      return nullptr;
    }
    const std::span<std::byte> memory =
        at.space == Space::kDram ? memory_.dram.bytes() : memory_.sram[at.core].bytes();
    if (fits(at.offset, bytes, memory.size())) return memory.data() + at.offset;
    fail("the {} ({} bytes at {:#x}) passes the end of its memory of {} bytes", what, bytes, at.offset,
         memory.size());
    return nullptr;
  }

  std::optional<HostPlace> host_place(const isa::Address& at, std::uint64_t bytes, const char* what) {
    std::uint32_t index = 0;
    for (const auto* bindings : {&program_.inputs, &program_.outputs}) {
      for (const isa::Binding& binding : *bindings) {
        if (at.offset >= binding.offset && fits(at.offset - binding.offset, bytes, binding.bytes()))
          return HostPlace{index, at.offset - binding.offset};
        ++index;
      }
    }
    fail("the {} ({} bytes at host+{:#x}) does not lie in one tensor of the request", what, bytes, at.offset);
    return std::nullopt;
  }

  const isa::Program& program_;
  std::span<const std::byte> constants_;
  const SliceMemory& memory_;
};

/// Input channels are read in whole groups where they are u8.
std::uint64_t group_slack(const isa::View& input) {
  if (input.dtype != DType::kU8) return 0;
  const auto channels = static_cast<std::uint64_t>(std::max(input.shape[3], 1));
  return round_up(channels, isa::kReduceGroup) - channels;
}

void resolve_epilogue(Resolver& resolver, const isa::Epilogue& epilogue, bool is_u8, std::uint64_t channels) {
  const std::uint64_t bytes = round_up(channels, isa::kChannelBlock) * sizeof(float);
  if (is_u8) resolver.resolved.operands.scale = resolver.block(epilogue.scale, bytes, "scale");
  if (epilogue.residual) resolver.second(epilogue.residual->view);
}

/// Whether the weights can be counted at all: their size is computed from these numbers.
bool countable(const isa::Window& window, std::int32_t channels_out, std::int32_t channels_in) {
  constexpr std::int32_t kMaxKernel = 1 << 15;
  if (window.kernel_h < 1 || window.kernel_h > kMaxKernel || window.kernel_w < 1 ||
      window.kernel_w > kMaxKernel)
    return false;
  const auto places =
      static_cast<std::uint64_t>(window.kernel_h) * static_cast<std::uint64_t>(window.kernel_w);
  const std::uint64_t channels =
      product(static_cast<std::uint64_t>(channels_out), static_cast<std::uint64_t>(channels_in));
  return product(places, channels) < kMaxBytes / 64;
}

/// The lengths of a run stay within the operands, whatever it is given within the arguments' bounds.
bool lengths_fit(const isa::Attention& op, const isa::Program& program) {
  const std::uint64_t sequences = static_cast<std::uint64_t>(std::max(op.query.shape[0], 0));
  const std::uint64_t room = product(static_cast<std::uint64_t>(std::max(op.pages.shape[3], 0)),
                                     static_cast<std::uint64_t>(std::max(op.keys.shape[2], 0)));
  if (op.keys.shape[1] < 1 || op.pages.shape[2] != op.query.shape[0] ||
      op.query.shape[1] % op.keys.shape[1] != 0 || op.lengths > program.arguments.size() ||
      sequences > program.arguments.size() - op.lengths)
    return false;
  return std::ranges::all_of(
      std::span(program.arguments).subspan(op.lengths, sequences), [&](const isa::Argument& length) {
        return length.low >= op.query.shape[2] && static_cast<std::uint64_t>(length.high) <= room;
      });
}
bool lengths_fit(const isa::Scan& op, const isa::Program& program) {
  if (op.output.shape[3] > op.rows.shape[2]) return false;
  if (!op.count) return true;
  if (*op.count >= program.arguments.size()) return false;
  const isa::Argument& count = program.arguments[*op.count];
  return count.low >= op.output.shape[3] && count.high <= op.rows.shape[2];
}

}  // namespace

std::expected<Resolved, std::string> resolve(const isa::Operation& operation, const isa::Program& program,
                                             std::span<const std::byte> constants,
                                             const SliceMemory& memory) {
  Resolver to(program, constants, memory);
  const auto unary = [&](const auto& op) {
    to.input(op.input);
    to.output(op.output);
  };
  const auto visitor = Overloaded{
      [&](const isa::Conv& op) {
        to.input(op.input, group_slack(op.input));
        to.output(op.output);
        if (!to.fault.empty()) return;
        if (!countable(op.window, op.output.shape[3], op.input.shape[3]))
          return to.fail("the window is impossible");
        const bool is_u8 = op.input.dtype == DType::kU8;
        const isa::ConvWeightShape shape{op.output.shape[3], op.window.kernel_h, op.window.kernel_w,
                                         op.input.shape[3]};
        const auto channels = static_cast<std::uint64_t>(shape.k);
        to.resolved.operands.weights =
            to.block(op.weights, is_u8 ? isa::packed_conv_i8_bytes(shape) : isa::packed_conv_f32_bytes(shape),
                     "weights");
        to.resolved.operands.init = to.block(op.init, round_up(channels, isa::kChannelBlock) * 4, "init");
        resolve_epilogue(to, op.epilogue, is_u8, channels);
      },
      [&](const isa::DepthwiseConv& op) {
        to.input(op.input);
        to.output(op.output);
        if (!to.fault.empty()) return;
        if (!countable(op.window, op.output.shape[3], 1)) return to.fail("the window is impossible");
        const bool is_u8 = op.input.dtype == DType::kU8;
        const std::int32_t places = op.window.kernel_h * op.window.kernel_w;
        const std::int32_t channels = op.output.shape[3];
        to.resolved.operands.weights = to.block(op.weights,
                                                is_u8 ? isa::packed_depthwise_i8_bytes(channels, places)
                                                      : isa::packed_depthwise_f32_bytes(channels, places),
                                                "weights");
        const auto padded = round_up(static_cast<std::uint64_t>(channels), isa::kChannelBlock);
        to.resolved.operands.init = to.block(op.init, padded * 4, "init");
        resolve_epilogue(to, op.epilogue, is_u8, static_cast<std::uint64_t>(channels));
      },
      [&](const isa::Pool& op) { unary(op); },
      [&](const isa::Binary& op) {
        to.input(op.a);
        to.second(op.b);
        to.output(op.output);
      },
      [&](const isa::Unary& op) { unary(op); },
      [&](const isa::Lut& op) {
        unary(op);
        to.resolved.operands.table = to.block(op.table, 256, "table");
      },
      [&](const isa::Convert& op) { unary(op); },
      [&](const isa::Softmax& op) { unary(op); },
      [&](const isa::Reduce& op) { unary(op); },
      [&](const isa::MatMul& op) {
        to.input(op.a);
        to.second(op.b);
        if (op.addend) to.third(*op.addend);
        to.output(op.output);
      },
      [&](const isa::Compare& op) {
        to.input(op.a);
        to.second(op.b);
        to.output(op.output);
      },
      [&](const isa::Select& op) {
        to.input(op.condition);
        to.second(op.a);
        to.third(op.b);
        to.output(op.output);
      },
      [&](const isa::Gather& op) {
        to.input(op.data);
        to.second(op.indices);
        to.output(op.output);
      },
      [&](const isa::Scatter& op) {
        to.input(op.updates);
        to.second(op.indices);
        to.output(op.output);
      },
      [&](const isa::TopK& op) { unary(op); },
      [&](const isa::Norm& op) {
        unary(op);
        if (op.scale) to.second(*op.scale);
        if (op.shift) to.third(*op.shift);
      },
      [&](const isa::Rotary& op) {
        unary(op);
        to.second(op.cosine);
        to.third(op.sine);
      },
      [&](const isa::Resize& op) {
        unary(op);
        const auto taps = [](std::int32_t places, std::int32_t each) {
          return product(isa::kTapBytes, product(static_cast<std::uint64_t>(std::max(places, 0)),
                                                 static_cast<std::uint64_t>(std::max(each, 0))));
        };
        to.resolved.operands.weights =
            to.block(op.rows, taps(op.output.shape[1], op.taps_h), "table of rows");
        to.resolved.operands.table =
            to.block(op.columns, taps(op.output.shape[2], op.taps_w), "table of columns");
      },
      [&](const isa::GroupedMatMul& op) {
        unary(op);
        if (!to.fault.empty()) return;
        if (op.group < 1 || (op.bits != 4 && op.bits != 8) ||
            !countable({}, op.output.shape[3], op.input.shape[3]))
          return to.fail("the groups are impossible");
        const std::uint64_t padded =
            round_up(static_cast<std::uint64_t>(op.output.shape[3]), isa::kChannelBlock);
        const std::int32_t k = op.input.shape[3];
        Operands& operands = to.resolved.operands;
        operands.weights =
            to.block(op.weights, isa::packed_grouped_bytes(op.output.shape[3], k, op.bits), "weights");
        operands.init = to.block(op.init, padded * 4, "init");
        operands.scale = to.block(op.scale, static_cast<std::uint64_t>(k / op.group) * padded * 4, "scale");
      },
      [&](const isa::Sample& op) {
        unary(op);
        to.second(op.choice);
      },
      [&](const isa::Attention& op) {
        if (!lengths_fit(op, program)) return to.fail("an argument passes the operands");
        to.input(op.query);
        to.second(op.keys);
        to.third(op.values);
        to.fourth(op.pages);
        to.output(op.output);
      },
      [&](const isa::Scan& op) {
        if (!lengths_fit(op, program)) return to.fail("an argument passes the operands");
        to.input(op.query);
        to.second(op.rows);
        if (op.addend) to.third(*op.addend);
        to.output(op.output);
      },
      [&](const isa::Copy& op) {
        to.input(op.source);
        to.output(op.destination);
      },
  };
  std::visit(visitor, operation);
  if (!to.fault.empty()) return std::unexpected(std::move(to.fault));
  return std::move(to.resolved);
}

}  // namespace chengying::chip
