// Text of programs: one instruction a line, every field that matters, stable, made for diffs and golden
// files.
#include <fmt/ranges.h>

#include <iterator>

#include "isa/program.h"

namespace chengying::isa {
namespace {

/// Appends " name=value" pairs to a line.
class Line {
 public:
  explicit Line(std::string& text) : text_(text) {}

  template <class T>
  void add(std::string_view name, const T& value) {
    fmt::format_to(std::back_inserter(text_), " {}={}", name, value);
  }
  void add(std::string_view name, const View& view) { add(name, to_string(view)); }
  void add(std::string_view name, const Address& address) { add(name, to_string(address)); }

  void clamp(float low, float high) {
    if (low != -kInfinity) add("low", low);
    if (high != kInfinity) add("high", high);
  }

  void window(const Window& window, int pad_value) {
    add("window",
        fmt::format("{}x{}/{}x{}", window.kernel_h, window.kernel_w, window.stride_h, window.stride_w));
    if (window.dilation_h != 1 || window.dilation_w != 1)
      add("dilation", fmt::format("{}x{}", window.dilation_h, window.dilation_w));
    add("pad", fmt::format("{},{}", window.pad_top, window.pad_left));
    if (pad_value != 0) add("pad_value", pad_value);
  }

  void epilogue(const Epilogue& epilogue, bool u8) {
    if (u8) add("scale", epilogue.scale);
    if (epilogue.inner)
      add("inner", fmt::format("(zero={} rescale={})", epilogue.inner->zero_point, epilogue.inner->rescale));
    if (epilogue.residual)
      add("residual", fmt::format("({} zero={} scale={})", to_string(epilogue.residual->view),
                                  epilogue.residual->zero_point, epilogue.residual->scale));
    clamp(epilogue.low, epilogue.high);
    if (u8) add("zero", epilogue.output_zero_point);
  }

  template <class Convolution>
  void convolution(const Convolution& op) {
    add("in", op.input);
    add("out", op.output);
    add("weights", op.weights);
    add("init", op.init);
    window(op.window, op.pad_value);
    epilogue(op.epilogue, op.input.dtype == DType::kU8);
  }

  void operator()(const Conv& op) { convolution(op); }
  void operator()(const DepthwiseConv& op) { convolution(op); }

  void operator()(const Pool& op) {
    add("kind", name_of(op.kind));
    add("in", op.input);
    add("out", op.output);
    window(op.window, 0);
    if (op.input.dtype != DType::kU8) return;
    add("in_zero", op.input_zero_point);
    add("scale", op.scale);
    add("zero", op.output_zero_point);
  }

  void operator()(const Binary& op) {
    add("kind", name_of(op.kind));
    add("a", op.a);
    add("b", op.b);
    add("out", op.output);
    if (op.output.dtype == DType::kU8) {
      add("a_zero", op.a_zero_point);
      add("a_scale", op.a_scale);
      add("b_zero", op.b_zero_point);
      add("b_scale", op.b_scale);
      add("zero", op.output_zero_point);
    }
    clamp(op.low, op.high);
  }

  void operator()(const Unary& op) {
    add("kind", name_of(op.kind));
    add("in", op.input);
    add("out", op.output);
    if (op.alpha != 0) add("alpha", op.alpha);
    if (op.beta != 0) add("beta", op.beta);
  }

  void operator()(const Lut& op) {
    add("in", op.input);
    add("out", op.output);
    add("table", op.table);
  }

  void operator()(const Convert& op) {
    add("in", op.input);
    add("out", op.output);
    add("scale", op.scale);
    add("zero", op.zero_point);
  }

  void operator()(const Softmax& op) {
    add("in", op.input);
    add("out", op.output);
    if (op.log) add("log", true);
  }

  void operator()(const Reduce& op) {
    add("kind", name_of(op.kind));
    add("in", op.input);
    add("out", op.output);
  }

  void operator()(const MatMul& op) {
    add("a", op.a);
    add("b", op.b);
    if (op.addend) add("addend", *op.addend);
    add("out", op.output);
    if (op.a.dtype == DType::kU8) {
      add("a_zero", op.a_zero_point);
      add("b_zero", op.b_zero_point);
    }
    add("scale", op.scale);
    clamp(op.low, op.high);
    if (op.output.dtype == DType::kU8) add("zero", op.output_zero_point);
  }

  void operator()(const Compare& op) {
    add("kind", name_of(op.kind));
    add("a", op.a);
    add("b", op.b);
    add("out", op.output);
  }

  void operator()(const Select& op) {
    add("condition", op.condition);
    add("a", op.a);
    add("b", op.b);
    add("out", op.output);
  }

  void operator()(const Gather& op) {
    add("data", op.data);
    add("indices", op.indices);
    add("out", op.output);
  }

  void operator()(const Scatter& op) {
    add("updates", op.updates);
    add("indices", op.indices);
    add("out", op.output);
  }

  void operator()(const TopK& op) {
    add("in", op.input);
    add("out", op.output);
    if (op.smallest) add("smallest", true);
  }

  void operator()(const Norm& op) {
    add("kind", name_of(op.kind));
    add("in", op.input);
    if (op.scale) add("scale", *op.scale);
    if (op.shift) add("shift", *op.shift);
    add("out", op.output);
    add("epsilon", op.epsilon);
  }

  void operator()(const Rotary& op) {
    add("in", op.input);
    add("cosine", op.cosine);
    add("sine", op.sine);
    add("out", op.output);
    if (op.interleaved) add("interleaved", true);
  }

  void operator()(const Resize& op) {
    add("in", op.input);
    add("out", op.output);
    add("rows", op.rows);
    add("columns", op.columns);
    add("taps", fmt::format("{}x{}", op.taps_h, op.taps_w));
  }

  void operator()(const GroupedMatMul& op) {
    add("in", op.input);
    add("out", op.output);
    add("weights", op.weights);
    add("scale", op.scale);
    add("init", op.init);
    add("group", op.group);
    add("bits", op.bits);
    clamp(op.low, op.high);
  }

  void operator()(const Sample& op) {
    add("in", op.input);
    add("choice", op.choice);
    add("out", op.output);
  }

  void operator()(const Attention& op) {
    add("query", op.query);
    add("keys", op.keys);
    add("values", op.values);
    add("pages", op.pages);
    add("out", op.output);
    add("lengths", fmt::format("arg{}", op.lengths));
    add("scale", op.scale);
    if (op.causal) add("causal", true);
  }

  void operator()(const Scan& op) {
    add("query", op.query);
    add("rows", op.rows);
    if (op.addend) add("addend", *op.addend);
    add("out", op.output);
    if (op.count) add("count", fmt::format("arg{}", *op.count));
    add("scale", op.scale);
    if (op.query.dtype != DType::kU8) return;
    add("query_zero", op.query_zero_point);
    add("rows_zero", op.rows_zero_point);
  }

  void operator()(const Copy& op) {
    add("from", op.source);
    add("to", op.destination);
  }

 private:
  std::string& text_;
};

void print_binding(std::string& text, std::string_view role, const Binding& binding) {
  fmt::format_to(std::back_inserter(text), "{} {} {}{} host+{:#x}\n", role, binding.name,
                 name_of(binding.dtype), chengying::to_string(binding.shape), binding.offset);
}

void print_residence(std::string& text, const Residence& residence) {
  fmt::format_to(std::back_inserter(text), "residence const+{:#x} bytes={} at {}\n",
                 residence.constant_offset, residence.bytes,
                 to_string(Address{residence.space, residence.core, residence.offset}));
}

}  // namespace

std::string print(const Instruction& instruction, std::uint32_t index) {
  std::string text = fmt::format("{:>5} core{} {} {} layer={}", index, instruction.core,
                                 name_of(engine_of(instruction.operation)), name_of(instruction.operation),
                                 instruction.layer);
  Line line(text);
  if (!instruction.waits.empty()) line.add("waits", fmt::format("[{}]", fmt::join(instruction.waits, ",")));
  std::visit(line, instruction.operation);
  return text;
}

std::string print(const Program& program, const std::vector<Layer>& layers) {
  std::string text =
      fmt::format("program batch={} dram={} sram=[{}] instructions={}\n", program.batch, program.dram_bytes,
                  fmt::join(program.sram_bytes, ","), program.instructions.size());
  if (program.state_bytes > 0) text += fmt::format("state {}\n", program.state_bytes);
  for (std::size_t i = 0; i < program.arguments.size(); ++i) {
    const Argument& argument = program.arguments[i];
    text += fmt::format("argument {} arg{} {}..{}\n", argument.name, i, argument.low, argument.high);
  }
  for (const Binding& input : program.inputs) print_binding(text, "input", input);
  for (const Binding& output : program.outputs) print_binding(text, "output", output);
  for (const Residence& residence : program.residences) print_residence(text, residence);
  for (std::uint32_t i = 0; i < program.instructions.size(); ++i) {
    const std::uint32_t layer = program.instructions[i].layer;
    const bool starts_layer = i == 0 || layer != program.instructions[i - 1].layer;
    if (starts_layer && layer < layers.size())
      text += fmt::format("# layer {} {} ({})\n", layer, layers[layer].name, layers[layer].operation);
    text += print(program.instructions[i], i);
    text += '\n';
  }
  return text;
}

std::string print(const Executable& executable) {
  std::string text = fmt::format("executable chip={} cores={} constants={}\n", executable.chip,
                                 executable.cores, executable.constants.size());
  for (const Program& program : executable.programs) text += print(program, executable.layers);
  return text;
}

}  // namespace chengying::isa
