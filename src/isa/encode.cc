// Executable to bytes. Deterministic: no map without an order, no address, no time goes in.
#include <executable_generated.h>

#include <algorithm>
#include <future>

#include "base/check.h"
#include "base/file.h"
#include "isa/executable_header.h"
#include "isa/program.h"
#include "tensor/tensor.h"

namespace chengying::isa {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

file::Address convert(const Address& address) {
  return {address.offset, address.core, static_cast<std::uint8_t>(address.space)};
}

file::View convert(const View& view) {
  return {convert(view.at), flatbuffers::span<const std::int64_t, 4>(view.stride.data(), 4),
          flatbuffers::span<const std::int32_t, 4>(view.shape.data(), 4),
          static_cast<std::uint8_t>(view.dtype)};
}

file::Window convert(const Window& w) {
  return {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top, w.pad_left};
}

/// Encodes an operation; gives the type of the union and its table.
class OperationEncoder {
 public:
  explicit OperationEncoder(FlatBufferBuilder& builder) : builder_(builder) {}
  using Encoded = std::pair<file::Operation, Offset<void>>;

  Encoded operator()(const Conv& op) { return {file::Operation::conv, convolution(op)}; }
  Encoded operator()(const DepthwiseConv& op) { return {file::Operation::depthwise_conv, convolution(op)}; }

  Encoded operator()(const Pool& op) {
    const auto input = convert(op.input), output = convert(op.output);
    const auto window = convert(op.window);
    return {file::Operation::pool,
            file::CreatePool(builder_, static_cast<std::uint8_t>(op.kind), &input, &output, &window,
                             op.input_zero_point, op.scale, op.output_zero_point)
                .Union()};
  }

  Encoded operator()(const Binary& op) {
    const auto a = convert(op.a), b = convert(op.b), output = convert(op.output);
    return {file::Operation::binary,
            file::CreateBinary(builder_, static_cast<std::uint8_t>(op.kind), &a, &b, &output, op.a_scale,
                               op.b_scale, op.a_zero_point, op.b_zero_point, op.output_zero_point, op.low,
                               op.high)
                .Union()};
  }

  Encoded operator()(const Unary& op) {
    const auto input = convert(op.input), output = convert(op.output);
    return {file::Operation::unary, file::CreateUnary(builder_, static_cast<std::uint8_t>(op.kind), &input,
                                                      &output, op.alpha, op.beta)
                                        .Union()};
  }

  Encoded operator()(const Lut& op) {
    const auto input = convert(op.input), output = convert(op.output);
    const auto table = convert(op.table);
    return {file::Operation::lut, file::CreateLut(builder_, &input, &output, &table).Union()};
  }

  Encoded operator()(const Convert& op) {
    const auto input = convert(op.input), output = convert(op.output);
    return {file::Operation::convert,
            file::CreateConvert(builder_, &input, &output, op.scale, op.zero_point).Union()};
  }

  Encoded operator()(const Softmax& op) {
    const auto input = convert(op.input), output = convert(op.output);
    return {file::Operation::softmax, file::CreateSoftmax(builder_, &input, &output, op.log).Union()};
  }

  Encoded operator()(const Reduce& op) {
    const auto input = convert(op.input), output = convert(op.output);
    return {file::Operation::reduce,
            file::CreateReduce(builder_, static_cast<std::uint8_t>(op.kind), &input, &output).Union()};
  }

  Encoded operator()(const MatMul& op) {
    const auto a = convert(op.a), b = convert(op.b), output = convert(op.output);
    file::View addend;
    if (op.addend) addend = convert(*op.addend);
    return {file::Operation::matmul,
            file::CreateMatMul(builder_, &a, &b, op.addend ? &addend : nullptr, &output, op.scale, op.low,
                               op.high, op.a_zero_point, op.b_zero_point, op.output_zero_point)
                .Union()};
  }

  Encoded operator()(const Compare& op) {
    const auto a = convert(op.a), b = convert(op.b), output = convert(op.output);
    return {file::Operation::compare,
            file::CreateCompare(builder_, static_cast<std::uint8_t>(op.kind), &a, &b, &output).Union()};
  }

  Encoded operator()(const Select& op) {
    const auto condition = convert(op.condition), a = convert(op.a), b = convert(op.b);
    const auto output = convert(op.output);
    return {file::Operation::select, file::CreateSelect(builder_, &condition, &a, &b, &output).Union()};
  }

  Encoded operator()(const Gather& op) {
    const auto data = convert(op.data), indices = convert(op.indices), output = convert(op.output);
    return {file::Operation::gather, file::CreateGather(builder_, &data, &indices, &output).Union()};
  }

  Encoded operator()(const Scatter& op) {
    const auto updates = convert(op.updates), indices = convert(op.indices), output = convert(op.output);
    return {file::Operation::scatter, file::CreateScatter(builder_, &updates, &indices, &output).Union()};
  }

  Encoded operator()(const TopK& op) {
    const auto input = convert(op.input), output = convert(op.output);
    return {file::Operation::topk, file::CreateTopK(builder_, &input, &output, op.smallest).Union()};
  }

  Encoded operator()(const Norm& op) {
    const auto input = convert(op.input), output = convert(op.output);
    file::View scale, shift;
    if (op.scale) scale = convert(*op.scale);
    if (op.shift) shift = convert(*op.shift);
    return {file::Operation::norm,
            file::CreateNorm(builder_, static_cast<std::uint8_t>(op.kind), &input,
                             op.scale ? &scale : nullptr, op.shift ? &shift : nullptr, &output, op.epsilon)
                .Union()};
  }

  Encoded operator()(const Rotary& op) {
    const auto input = convert(op.input), cosine = convert(op.cosine), sine = convert(op.sine);
    const auto output = convert(op.output);
    return {file::Operation::rotary,
            file::CreateRotary(builder_, &input, &cosine, &sine, &output, op.interleaved).Union()};
  }

  Encoded operator()(const Resize& op) {
    const auto input = convert(op.input), output = convert(op.output);
    const auto rows = convert(op.rows), columns = convert(op.columns);
    return {file::Operation::resize,
            file::CreateResize(builder_, &input, &output, &rows, &columns, op.taps_h, op.taps_w).Union()};
  }

  Encoded operator()(const GroupedMatMul& op) {
    const auto input = convert(op.input), output = convert(op.output);
    const auto weights = convert(op.weights), scale = convert(op.scale), init = convert(op.init);
    return {file::Operation::grouped_matmul,
            file::CreateGroupedMatMul(builder_, &input, &output, &weights, &scale, &init, op.group, op.bits,
                                      op.low, op.high)
                .Union()};
  }

  Encoded operator()(const Sample& op) {
    const auto input = convert(op.input), choice = convert(op.choice), output = convert(op.output);
    return {file::Operation::sample, file::CreateSample(builder_, &input, &choice, &output).Union()};
  }

  Encoded operator()(const Attention& op) {
    const auto query = convert(op.query), keys = convert(op.keys), values = convert(op.values);
    const auto pages = convert(op.pages), output = convert(op.output);
    return {file::Operation::attention, file::CreateAttention(builder_, &query, &keys, &values, &pages,
                                                              &output, op.lengths, op.scale, op.causal)
                                            .Union()};
  }

  Encoded operator()(const Scan& op) {
    const auto query = convert(op.query), rows = convert(op.rows), output = convert(op.output);
    file::View addend;
    if (op.addend) addend = convert(*op.addend);
    return {file::Operation::scan, file::CreateScan(builder_, &query, &rows, op.addend ? &addend : nullptr,
                                                    &output, op.count.has_value(), op.count.value_or(0),
                                                    op.scale, op.query_zero_point, op.rows_zero_point)
                                       .Union()};
  }

  Encoded operator()(const Copy& op) {
    const auto source = convert(op.source), destination = convert(op.destination);
    return {file::Operation::copy, file::CreateCopy(builder_, &source, &destination).Union()};
  }

 private:
  template <class Convolution>
  Offset<void> convolution(const Convolution& op) {
    const auto input = convert(op.input), output = convert(op.output);
    const auto weights = convert(op.weights), init = convert(op.init), scale = convert(op.epilogue.scale);
    const auto window = convert(op.window);
    file::InnerQuantise inner;
    if (op.epilogue.inner) inner = {op.epilogue.inner->zero_point, op.epilogue.inner->rescale};
    file::Residual residual;
    if (op.epilogue.residual)
      residual = {convert(op.epilogue.residual->view), op.epilogue.residual->scale,
                  op.epilogue.residual->zero_point};
    return file::CreateConvolution(builder_, &input, &output, &weights, &init, &window, op.pad_value, &scale,
                                   op.epilogue.inner ? &inner : nullptr,
                                   op.epilogue.residual ? &residual : nullptr, op.epilogue.low,
                                   op.epilogue.high, op.epilogue.output_zero_point)
        .Union();
  }

  FlatBufferBuilder& builder_;
};

template <class T, class Encode>
auto encode_all(FlatBufferBuilder& builder, const std::vector<T>& items, Encode encode_one) {
  std::vector<decltype(encode_one(items.front()))> offsets;
  offsets.reserve(items.size());
  for (const T& item : items) offsets.push_back(encode_one(item));
  return builder.CreateVector(offsets);
}

Offset<file::Instruction> encode_instruction(FlatBufferBuilder& builder, const Instruction& instruction) {
  const auto waits = builder.CreateVector(instruction.waits);
  const auto [type, operation] = std::visit(OperationEncoder(builder), instruction.operation);
  return file::CreateInstruction(builder, instruction.core, instruction.layer, waits, type, operation);
}

Offset<file::Binding> encode_binding(FlatBufferBuilder& builder, const Binding& binding) {
  const auto name = builder.CreateString(binding.name);
  const auto shape = builder.CreateVector(binding.shape);
  return file::CreateBinding(builder, name, static_cast<std::uint8_t>(binding.dtype), shape, binding.offset);
}

Offset<file::Program> encode_program(FlatBufferBuilder& builder, const Program& program) {
  const auto binding = [&](const Binding& item) { return encode_binding(builder, item); };
  const auto instruction = [&](const Instruction& item) { return encode_instruction(builder, item); };
  const auto inputs = encode_all(builder, program.inputs, binding);
  const auto outputs = encode_all(builder, program.outputs, binding);
  const auto instructions = encode_all(builder, program.instructions, instruction);
  const auto sram_bytes = builder.CreateVector(program.sram_bytes);
  std::vector<file::Residence> residences;
  for (const Residence& r : program.residences)
    residences.emplace_back(r.constant_offset, r.bytes, r.offset, r.core, static_cast<std::uint8_t>(r.space));
  const auto placed = builder.CreateVectorOfStructs(residences);
  const auto arguments = encode_all(builder, program.arguments, [&](const Argument& item) {
    return file::CreateArgument(builder, builder.CreateString(item.name), item.low, item.high);
  });
  return file::CreateProgram(builder, program.batch, inputs, outputs, program.dram_bytes, sram_bytes, placed,
                             instructions, arguments, program.state_bytes);
}

Offset<file::Executable> encode_executable(FlatBufferBuilder& builder, const Executable& executable) {
  const auto layers = encode_all(builder, executable.layers, [&](const Layer& layer) {
    const auto name = builder.CreateString(layer.name);
    return file::CreateLayer(builder, name, builder.CreateString(layer.operation), layer.macs);
  });
  const auto programs = encode_all(builder, executable.programs,
                                   [&](const Program& program) { return encode_program(builder, program); });
  std::vector<Offset<file::Entry>> entries;
  for (const auto& [key, value] : executable.metadata) {
    const auto key_text = builder.CreateString(key);
    entries.push_back(file::CreateEntry(builder, key_text, builder.CreateString(value)));
  }
  const auto metadata = builder.CreateVector(entries);
  const auto chip = builder.CreateString(executable.chip);
  const auto& digest = executable.chip_digest.bytes;
  const auto chip_digest = builder.CreateVector(digest.data(), digest.size());
  return file::CreateExecutable(builder, chip, chip_digest, executable.cores, layers, programs, metadata);
}

}  // namespace

namespace {

/// The file in memory of this kind, which is made zeroed with its size.
template <class Bytes>
Bytes file_of(const Executable& executable) {
  FlatBufferBuilder builder(1 << 20);
  builder.ForceDefaults(true);  // a default that is left out would come back as +0 where -0 went in
  builder.Finish(encode_executable(builder, executable));
  ExecutableHeader header;
  header.program_bytes = builder.GetSize();
  header.constant_bytes = executable.constants.size();
  Bytes bytes(header.file_bytes());
  const std::span<std::byte> file(bytes.data(), bytes.size());
  std::ranges::copy(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())),
                    file.begin() + kHeaderBytes);
  std::ranges::copy(executable.constants,
                    file.begin() + static_cast<std::ptrdiff_t>(header.constant_offset()));
  write_header(header, file);
  return bytes;
}

}  // namespace

std::vector<std::byte> encode(const Executable& executable) {
  return file_of<std::vector<std::byte>>(executable);
}

Status save_executable(Executable& executable, const std::filesystem::path& path) {
  const auto file = file_of<AlignedBytes>(executable);
  // Both take as long as the file is large.
  auto digest = std::async(std::launch::async, [&] { return sha256(file.span()); });
  TRY(write_file_atomically(path, file.span()));
  executable.digest = digest.get();
  return {};
}

}  // namespace chengying::isa
