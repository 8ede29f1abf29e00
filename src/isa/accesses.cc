// What each opcode touches, in one place: verify, the timing walk and the engine all read this.
#include <algorithm>
#include <utility>

#include "isa/instruction.h"
#include "isa/packing.h"

namespace chengying::isa {
namespace {

constexpr std::int32_t kTableBytes = 256;

std::int32_t round_up(std::int32_t value, std::int32_t step) {
  return (value + step - 1) / step * step;
}

/// A block of `bytes` dense bytes at `at`, as a view of [1, 1, rows, columns]: a block may be longer than one
/// dimension of a view can say.
View block(Address at, DType dtype, std::size_t bytes, std::int32_t rows) {
  const std::size_t size = size_of(dtype);
  const auto columns = static_cast<std::int32_t>(bytes / size / static_cast<std::size_t>(rows));
  return dense_view(at, dtype, {1, 1, rows, columns}, static_cast<std::int64_t>(columns * size));
}

/// A table of Resize: `taps` entries for each of `places`.
View taps(Address at, std::int32_t places, std::int32_t taps) {
  const std::int32_t row_bytes = taps * kTapBytes;
  return dense_view(at, DType::kU8, {1, 1, places, row_bytes}, row_bytes);
}

class Collector {
 public:
  void read(const View& view, std::int32_t padding = 0) { accesses_.push_back({view, false, padding}); }
  void write(const View& view) { accesses_.push_back({view, true, 0}); }

  void read_epilogue(const Epilogue& epilogue, DType dtype, std::int32_t channels) {
    if (dtype == DType::kU8) read(block(epilogue.scale, DType::kF32, channels * sizeof(float), 1));
    if (epilogue.residual) read(epilogue.residual->view);
  }

  void operator()(const Conv& op) {
    const bool u8 = op.input.dtype == DType::kU8;
    const ConvWeightShape weights{op.output.shape[3], op.window.kernel_h, op.window.kernel_w,
                                  op.input.shape[3]};
    const std::int32_t channels = round_up(op.output.shape[3], kChannelBlock);
    View input = op.input;
    if (u8) input.shape[3] = round_up(input.shape[3], kReduceGroup);
    read(input, input.shape[3] - op.input.shape[3]);
    read(u8 ? block(op.weights, DType::kI8, packed_conv_i8_bytes(weights), channels)
            : block(op.weights, DType::kF32, packed_conv_f32_bytes(weights), channels));
    read(block(op.init, u8 ? DType::kI32 : DType::kF32, channels * sizeof(float), 1));
    read_epilogue(op.epilogue, op.input.dtype, channels);
    write(op.output);
  }

  void operator()(const DepthwiseConv& op) {
    const bool u8 = op.input.dtype == DType::kU8;
    const std::int32_t places = op.window.kernel_h * op.window.kernel_w;
    const std::int32_t channels = round_up(op.output.shape[3], kChannelBlock);
    read(op.input);
    read(u8 ? block(op.weights, DType::kI8, packed_depthwise_i8_bytes(op.output.shape[3], places), channels)
            : block(op.weights, DType::kF32, packed_depthwise_f32_bytes(op.output.shape[3], places),
                    channels));
    read(block(op.init, u8 ? DType::kI32 : DType::kF32, channels * sizeof(float), 1));
    read_epilogue(op.epilogue, op.input.dtype, channels);
    write(op.output);
  }

  void operator()(const Binary& op) {
    read(op.a);
    read(op.b);
    write(op.output);
  }

  void operator()(const Lut& op) {
    read(op.input);
    read(block(op.table, DType::kU8, kTableBytes, 1));
    write(op.output);
  }

  void operator()(const MatMul& op) {
    read(op.a);
    read(op.b);
    if (op.addend) read(*op.addend);
    write(op.output);
  }

  void operator()(const Compare& op) {
    read(op.a);
    read(op.b);
    write(op.output);
  }

  void operator()(const Select& op) {
    read(op.condition);
    read(op.a);
    read(op.b);
    write(op.output);
  }

  void operator()(const Gather& op) {
    read(op.data);
    accesses_.back().touched = std::min(op.data.elements(), op.output.elements());
    read(op.indices);
    write(op.output);
  }

  void operator()(const Scatter& op) {
    read(op.updates);
    read(op.indices);
    read(op.output);  // what no index names stays
    accesses_.back().touched = 0;
    write(op.output);
    accesses_.back().touched = op.updates.elements();
  }

  void operator()(const TopK& op) { one_to_one(op); }

  void operator()(const Norm& op) {
    read(op.input);
    if (op.scale) read(*op.scale);
    if (op.shift) read(*op.shift);
    write(op.output);
  }

  void operator()(const Rotary& op) {
    read(op.input);
    read(op.cosine);
    read(op.sine);
    write(op.output);
  }

  void operator()(const Resize& op) {
    read(op.input);
    read(taps(op.rows, op.output.shape[1], op.taps_h));
    read(taps(op.columns, op.output.shape[2], op.taps_w));
    write(op.output);
  }

  void operator()(const GroupedMatMul& op) {
    const std::int32_t channels = round_up(op.output.shape[3], kChannelBlock), k = op.input.shape[3];
    read(op.input);
    read(block(op.weights, DType::kU8, packed_grouped_bytes(channels, k, op.bits), channels));
    read(block(op.init, DType::kF32, channels * sizeof(float), 1));
    read(block(op.scale, DType::kF32, channels * sizeof(float) * static_cast<std::size_t>(k / op.group),
               k / op.group));
    write(op.output);
  }

  void operator()(const Sample& op) {
    read(op.input);
    read(op.choice);
    write(op.output);
  }

  void operator()(const Attention& op) {
    read(op.query);
    read(op.keys);
    read(op.values);
    read(op.pages);
    write(op.output);
  }

  void operator()(const Scan& op) {
    read(op.query);
    read(op.rows);
    if (op.addend) read(*op.addend);
    write(op.output);
  }

  void operator()(const Copy& op) {
    read(op.source);
    write(op.destination);
  }

  void operator()(const Pool& op) { one_to_one(op); }
  void operator()(const Unary& op) { one_to_one(op); }
  void operator()(const Convert& op) { one_to_one(op); }
  void operator()(const Softmax& op) { one_to_one(op); }
  void operator()(const Reduce& op) { one_to_one(op); }

  std::vector<Access> take() { return std::move(accesses_); }

 private:
  template <class Op>
  void one_to_one(const Op& op) {
    read(op.input);
    write(op.output);
  }

  std::vector<Access> accesses_;
};

}  // namespace

std::vector<Access> accesses_of(const Operation& operation) {
  Collector collector;
  std::visit(collector, operation);
  return collector.take();
}

std::int64_t touched_rows(const Attention& op, std::span<const std::int64_t> arguments) {
  std::int64_t rows = 0;
  for (std::int32_t s = 0; s < op.query.shape[0]; ++s)
    rows += arguments[op.lengths + static_cast<std::size_t>(s)];
  return rows;
}

std::int64_t touched_rows(const Scan& op, std::span<const std::int64_t> arguments) {
  return op.count ? arguments[*op.count] : op.rows.shape[2];
}

}  // namespace chengying::isa
