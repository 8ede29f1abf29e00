#include "compiler/export/write_onnx.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>

#include "base/check.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kOpset = 13;
constexpr std::int64_t kIrVersion = 8;

onnx::TensorProto::DataType type_of(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return onnx::TensorProto::UINT8;
    case DType::kI8:
      return onnx::TensorProto::INT8;
    case DType::kI16:
      return onnx::TensorProto::INT16;
    case DType::kI32:
      return onnx::TensorProto::INT32;
    case DType::kI64:
      return onnx::TensorProto::INT64;
    case DType::kBool:
      return onnx::TensorProto::BOOL;
    case DType::kF16:
      return onnx::TensorProto::FLOAT16;
    case DType::kBF16:
      return onnx::TensorProto::BFLOAT16;
    default:
      CHECK(dtype == DType::kF32);
      return onnx::TensorProto::FLOAT;
  }
}

std::vector<std::int64_t> widened(std::span<const std::int32_t> values) {
  return {values.begin(), values.end()};
}

class Writer {
 public:
  Writer(const Graph& graph, const OnnxFile& file) : graph_(graph), file_(file) {}

  std::string write() {
    proto_.set_ir_version(kIrVersion);
    proto_.set_producer_name("chengying");
    proto_.add_opset_import()->set_version(kOpset);
    for (const auto& [key, value] : file_.metadata) {
      auto* entry = proto_.add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    }
    out_ = proto_.mutable_graph();
    out_->set_name(graph_.name.empty() ? "model" : graph_.name);
    name_values();
    for (const ValueId id : graph_.inputs) describe(id, *out_->add_input());
    for (const ValueId id : graph_.outputs) describe(id, *out_->add_output());
    for (const ValueId id : used_values())
      if (graph_.value(id).constant != nullptr) initialiser(names_[id], *graph_.value(id).constant);
    for (const Node& node : graph_.nodes) std::visit([&](const auto& op) { emit(node, op); }, node.op);
    std::string bytes;
    {
      google::protobuf::io::StringOutputStream stream(&bytes);
      google::protobuf::io::CodedOutputStream coded(&stream);
      coded.SetSerializationDeterministic(true);
      CHECK(proto_.SerializeToCodedStream(&coded));
    }
    return bytes;
  }

 private:
  using Proto = onnx::NodeProto&;

  /// What nodes read or the model gives: passes leave values behind that nothing uses any more.
  std::set<ValueId> used_values() const {
    std::set<ValueId> used(graph_.outputs.begin(), graph_.outputs.end());
    for (const Node& node : graph_.nodes) used.insert(node.inputs.begin(), node.inputs.end());
    used.erase(kNoValue);
    return used;
  }

  void name_values() {
    std::set<std::string> taken;
    names_.resize(graph_.values.size());
    const auto claim = [&](ValueId id) {
      std::string name = graph_.value(id).name.empty() ? "value" : graph_.value(id).name;
      if (!taken.insert(name).second) taken.insert(name = fmt::format("{}:{}", name, id));
      names_[id] = std::move(name);
    };
    for (const ValueId id : graph_.inputs) claim(id);
    for (const ValueId id : graph_.outputs) claim(id);
    for (ValueId id = 0; id < names_.size(); ++id)
      if (names_[id].empty()) claim(id);
  }

  void describe(ValueId id, onnx::ValueInfoProto& info) {
    info.set_name(names_[id]);
    auto* tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type_of(graph_.value(id).dtype));
    const Shape& shape = graph_.value(id).shape;
    auto* dims = tensor->mutable_shape();
    for (std::size_t d = 0; d < shape.size(); ++d) {
      if (d == 0 && file_.symbolic_batch)
        dims->add_dim()->set_dim_param("batch");
      else
        dims->add_dim()->set_dim_value(shape[d]);
    }
  }

  std::string initialiser(const std::string& name, const Tensor& tensor) {
    auto* proto = out_->add_initializer();
    proto->set_name(name);
    proto->set_data_type(type_of(tensor.dtype()));
    for (const std::int64_t d : tensor.shape()) proto->add_dims(d);
    std::string* raw = proto->mutable_raw_data();
    raw->resize(tensor.bytes().size());
    if (!raw->empty()) std::memcpy(raw->data(), tensor.bytes().data(), raw->size());
    return name;
  }

  std::string fresh(const Node& node, std::string_view suffix) {
    return fmt::format("{}/{}:{}", node.name, suffix, fresh_++);
  }
  std::string numbers(const Node& node, std::string_view suffix, const std::vector<std::int64_t>& values) {
    Tensor tensor(DType::kI64, {static_cast<std::int64_t>(values.size())});
    std::ranges::copy(values, tensor.as<std::int64_t>().begin());
    return initialiser(fresh(node, suffix), tensor);
  }
  std::string number(const Node& node, std::string_view suffix, float value) {
    Tensor tensor(DType::kF32, {});
    tensor.as<float>()[0] = value;
    return initialiser(fresh(node, suffix), tensor);
  }

  Proto add(const Node& node, std::string_view op, const std::vector<std::string>& inputs,
            const std::string& output) {
    auto* proto = out_->add_node();
    proto->set_name(node.name + (used_names_.insert(node.name).second ? "" : fmt::format(":{}", fresh_++)));
    proto->set_op_type(std::string(op));
    for (const std::string& input : inputs) proto->add_input(input);
    proto->add_output(output);
    return *proto;
  }
  static void set(Proto node, const char* name, std::int64_t value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void set(Proto node, const char* name, float value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(value);
  }
  static void set(Proto node, const char* name, const std::vector<std::int64_t>& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute->add_ints(value);
  }

  std::string in(const Node& node, std::size_t i) const { return names_[node.inputs[i]]; }
  std::string out(const Node& node) const { return names_[node.output]; }
  const Shape& in_shape(const Node& node) const { return graph_.value(node.inputs[0]).shape; }
  const Shape& out_shape(const Node& node) const { return graph_.value(node.output).shape; }

  /// A result that bounds follow: `made` writes to the name it is given.
  template <class Make>
  void bounded(const Node& node, float low, float high, Make made) {
    const bool none = std::isinf(low) && std::isinf(high);
    const std::string raw = none ? out(node) : fresh(node, "raw");
    made(raw);
    if (none) return;
    if (low == 0 && std::isinf(high)) {
      add(node, "Relu", {raw}, out(node));
      return;
    }
    add(node, "Clip",
        {raw, std::isinf(low) ? "" : number(node, "min", low),
         std::isinf(high) ? "" : number(node, "max", high)},
        out(node));
  }

  /// An addition in the epilogue, then bounds.
  template <class Make>
  void with_epilogue(const Node& node, const Fused& fused, Make made) {
    CHECK(!fused.inner);
    bounded(node, fused.low, fused.high, [&](const std::string& result) {
      if (fused.residual == kNoValue) return made(result);
      const std::string sum = fresh(node, "sum");
      made(sum);
      add(node, "Add", {sum, names_[fused.residual]}, result);
    });
  }

  std::vector<std::string> linear_inputs(const Node& node) const {
    std::vector<std::string> inputs{in(node, 0), in(node, 1)};
    if (node.inputs[2] != kNoValue) inputs.push_back(in(node, 2));
    return inputs;
  }

  void set_window(Proto proto, const Node& node, const isa::Window& w) {
    const Shape &x = in_shape(node), &y = out_shape(node);
    const auto after = [](std::int64_t in, std::int64_t out, std::int64_t k, std::int64_t s, std::int64_t d,
                          std::int64_t before) {
      return std::max<std::int64_t>(0, (out - 1) * s + (k - 1) * d + 1 - in - before);
    };
    set(proto, "kernel_shape", std::vector<std::int64_t>{w.kernel_h, w.kernel_w});
    set(proto, "strides", std::vector<std::int64_t>{w.stride_h, w.stride_w});
    if (w.dilation_h != 1 || w.dilation_w != 1)
      set(proto, "dilations", std::vector<std::int64_t>{w.dilation_h, w.dilation_w});
    set(proto, "pads",
        std::vector<std::int64_t>{w.pad_top, w.pad_left,
                                  after(x[2], y[2], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top),
                                  after(x[3], y[3], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left)});
  }

  void emit(const Node& node, const ConvNode& op) {
    with_epilogue(node, op.fused, [&](const std::string& result) {
      Proto proto = add(node, "Conv", linear_inputs(node), result);
      set_window(proto, node, op.window);
      if (op.groups != 1) set(proto, "group", std::int64_t{op.groups});
    });
  }
  void emit(const Node& node, const DenseNode& op) {
    with_epilogue(node, op.fused, [&](const std::string& result) {
      if (in_shape(node).size() == 2) {
        set(add(node, "Gemm", linear_inputs(node), result), "transB", std::int64_t{1});
        return;
      }
      const std::string weights = fresh(node, "transposed"), product = fresh(node, "product");
      set(add(node, "Transpose", {in(node, 1)}, weights), "perm", std::vector<std::int64_t>{1, 0});
      const bool bias = node.inputs[2] != kNoValue;
      add(node, "MatMul", {in(node, 0), weights}, bias ? product : result);
      if (bias) add(node, "Add", {product, in(node, 2)}, result);
    });
  }
  void emit(const Node& node, const PoolNode& op) {
    const Shape& x = in_shape(node);
    const bool global = op.window.kernel_h == x[2] && op.window.kernel_w == x[3] && out_shape(node)[2] == 1 &&
                        out_shape(node)[3] == 1 && op.window.pad_top == 0 && op.window.pad_left == 0;
    const bool max = op.kind == isa::PoolKind::kMax;
    if (global) {
      add(node, max ? "GlobalMaxPool" : "GlobalAveragePool", {in(node, 0)}, out(node));
      return;
    }
    Proto proto = add(node, max ? "MaxPool" : "AveragePool", {in(node, 0)}, out(node));
    set_window(proto, node, op.window);
    if (op.kind == isa::PoolKind::kAverageWithPad) set(proto, "count_include_pad", std::int64_t{1});
  }
  void emit(const Node& node, const BinaryNode& op) {
    static constexpr std::string_view kOps[] = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"};
    bounded(node, op.low, op.high, [&](const std::string& result) {
      add(node, kOps[static_cast<std::size_t>(op.kind)], {in(node, 0), in(node, 1)}, result);
    });
  }
  void emit(const Node& node, const UnaryNode& op);
  void emit(const Node& node, const SoftmaxNode& op) {
    set(add(node, op.log ? "LogSoftmax" : "Softmax", {in(node, 0)}, out(node)), "axis",
        std::int64_t{op.axis});
  }
  void emit(const Node& node, const ReduceNode& op) {
    static constexpr std::string_view kOps[] = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin",
                                                "ReduceSumSquare"};
    const bool sum = op.kind == isa::ReduceKind::kSum;  // its axes are an input in opset 13
    std::vector<std::string> inputs{in(node, 0)};
    if (sum) inputs.push_back(numbers(node, "axes", widened(op.axes)));
    Proto proto = add(node, kOps[static_cast<std::size_t>(op.kind)], inputs, out(node));
    if (!sum) set(proto, "axes", widened(op.axes));
    set(proto, "keepdims", std::int64_t{op.keep_dims ? 1 : 0});
  }

  /// Scale and zero point as initialisers, of the integers' type.
  std::vector<std::string> parameters(const Node& node, const Value& integers) {
    const Quantisation& q = *integers.quantisation;
    const bool one = q.scales.size() == 1;
    const auto count = static_cast<std::int64_t>(q.scales.size());
    Tensor scale(DType::kF32, one ? Shape{} : Shape{count}),
        zero(integers.dtype, one ? Shape{} : Shape{count});
    std::ranges::copy(q.scales, scale.as<float>().begin());
    if (integers.dtype != DType::kI32)
      std::memset(zero.bytes().data(), static_cast<std::uint8_t>(q.zero_point), zero.bytes().size());
    std::vector<std::string> names{initialiser(fresh(node, "scale"), scale)};
    names.push_back(initialiser(fresh(node, "zero_point"), zero));
    return names;
  }
  void quantiser(const Node& node, const char* op, const Value& integers) {
    std::vector<std::string> inputs = parameters(node, integers);
    inputs.insert(inputs.begin(), in(node, 0));
    Proto proto = add(node, op, inputs, out(node));
    if (integers.quantisation->scales.size() > 1)
      set(proto, "axis", std::int64_t{integers.quantisation->axis});
  }
  void emit(const Node& node, const QuantiseNode&) {
    quantiser(node, "QuantizeLinear", graph_.value(node.output));
  }
  void emit(const Node& node, const DequantiseNode&) {
    quantiser(node, "DequantizeLinear", graph_.value(node.inputs[0]));
  }
  void emit(const Node& node, const MatMulNode&) {
    add(node, "MatMul", {in(node, 0), in(node, 1)}, out(node));
  }
  void emit(const Node& node, const CastNode&) {
    set(add(node, "Cast", {in(node, 0)}, out(node)), "to",
        std::int64_t{type_of(graph_.value(node.output).dtype)});
  }
  void emit(const Node& node, const GatherNode&) {
    set(add(node, "Gather", {in(node, 0), in(node, 1)}, out(node)), "axis", std::int64_t{1});
  }
  /// LayerNormalization is of a later opset: its formula.
  void emit(const Node& node, const NormNode& op) {
    const auto step = [&](std::string_view name, const std::vector<std::string>& inputs, bool last = false) {
      std::string result = last ? out(node) : fresh(node, name);
      Proto proto = add(node, name, inputs, result);
      if (name == "ReduceMean") set(proto, "axes", std::vector<std::int64_t>{-1});
      return result;
    };
    std::string x = in(node, 0);
    if (op.kind == isa::NormKind::kLayer) x = step("Sub", {x, step("ReduceMean", {x})});
    const std::string mean = step("ReduceMean", {step("Mul", {x, x})});
    const std::string deviation = step("Sqrt", {step("Add", {mean, number(node, "epsilon", op.epsilon)})});
    const std::size_t parameters = node.inputs.size() - 1;
    x = step("Div", {x, deviation}, parameters == 0);
    if (parameters > 0) x = step("Mul", {x, in(node, 1)}, parameters == 1);
    if (parameters > 1) step("Add", {x, in(node, 2)}, true);
  }
  void emit(const Node& node, const ConcatNode& op) {
    std::vector<std::string> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(names_[id]);
    set(add(node, "Concat", inputs, out(node)), "axis", std::int64_t{op.axis});
  }
  void emit(const Node& node, const ReshapeNode&) {
    Shape to = out_shape(node);
    const bool keeps_batch = !to.empty() && !in_shape(node).empty() && to[0] == in_shape(node)[0];
    if (keeps_batch) to[0] = 0;
    add(node, "Reshape", {in(node, 0), numbers(node, "shape", to)}, out(node));
  }
  void emit(const Node& node, const TransposeNode& op) {
    set(add(node, "Transpose", {in(node, 0)}, out(node)), "perm", widened(op.permutation));
  }
  void emit(const Node& node, const SliceNode& op) {
    std::vector<std::int64_t> ends(op.starts.size()), axes(op.starts.size());
    std::iota(axes.begin(), axes.end(), 0);
    const bool batched = file_.symbolic_batch;
    for (std::size_t d = 0; d < ends.size(); ++d)
      ends[d] = op.starts[d] + (out_shape(node)[d] - 1) * op.steps[d] + 1;
    const auto from = static_cast<std::ptrdiff_t>(batched && ends.size() > 1 ? 1 : 0);  // the batch is whole
    const auto tail = [&](const std::vector<std::int64_t>& v) {
      return std::vector<std::int64_t>(v.begin() + from, v.end());
    };
    add(node, "Slice",
        {in(node, 0), numbers(node, "starts", tail(op.starts)), numbers(node, "ends", tail(ends)),
         numbers(node, "axes", tail(axes)), numbers(node, "steps", tail(op.steps))},
        out(node));
  }
  void emit(const Node& node, const PadNode& op) {
    std::vector<std::int64_t> pads = op.before;
    for (std::size_t d = 0; d < op.before.size(); ++d)
      pads.push_back(out_shape(node)[d] - in_shape(node)[d] - op.before[d]);
    add(node, "Pad", {in(node, 0), numbers(node, "pads", pads), number(node, "value", op.value)}, out(node));
  }
  void emit(const Node& node, const UpsampleNode& op) {
    Tensor scales(DType::kF32, {4});
    const float factors[] = {1, 1, static_cast<float>(op.factor_h), static_cast<float>(op.factor_w)};
    std::ranges::copy(factors, scales.as<float>().begin());
    Proto proto =
        add(node, "Resize", {in(node, 0), "", initialiser(fresh(node, "scales"), scales)}, out(node));
    for (const auto& [name, value] : {std::pair{"mode", "nearest"},
                                      {"coordinate_transformation_mode", "asymmetric"},
                                      {"nearest_mode", "floor"}}) {
      auto* attribute = proto.add_attribute();
      attribute->set_name(name);
      attribute->set_type(onnx::AttributeProto::STRING);
      attribute->set_s(value);
    }
  }
  // Forms that a logical graph before the integer passes does not have.
  void emit(const Node&, const RequantiseNode&) { CHECK(false); }
  void emit(const Node&, const LutNode&) { CHECK(false); }
  void emit(const Node&, const RelayoutNode&) { CHECK(false); }

  const Graph& graph_;
  const OnnxFile& file_;
  onnx::ModelProto proto_;
  onnx::GraphProto* out_ = nullptr;
  std::vector<std::string> names_;
  std::set<std::string> used_names_;
  int fresh_ = 0;
};

void Writer::emit(const Node& node, const UnaryNode& op) {
  const std::string x = in(node, 0);
  const auto step = [&](std::string_view name, const std::vector<std::string>& inputs) {
    const std::string result = fresh(node, "step");
    add(node, name, inputs, result);
    return result;
  };
  switch (op.kind) {
    case isa::UnaryKind::kClip:
      add(node, "Clip", {x, number(node, "min", op.alpha), number(node, "max", op.beta)}, out(node));
      return;
    case isa::UnaryKind::kSilu:
      add(node, "Mul", {x, step("Sigmoid", {x})}, out(node));
      return;
    case isa::UnaryKind::kHardSwish: {
      const std::string gate = fresh(node, "gate");
      Proto proto = add(node, "HardSigmoid", {x}, gate);
      set(proto, "alpha", 1.0F / 6);
      set(proto, "beta", 0.5F);
      add(node, "Mul", {x, gate}, out(node));
      return;
    }
    case isa::UnaryKind::kMish:
      add(node, "Mul", {x, step("Tanh", {step("Softplus", {x})})}, out(node));
      return;
    case isa::UnaryKind::kGelu: {
      const std::string scaled = step("Mul", {x, number(node, "half_root", 0.70710678F)});
      const std::string gate = step("Add", {step("Erf", {scaled}), number(node, "one", 1)});
      add(node, "Mul", {step("Mul", {x, number(node, "half", 0.5F)}), gate}, out(node));
      return;
    }
    default:
      break;
  }
  static constexpr std::pair<isa::UnaryKind, std::string_view> kOps[] = {
      {isa::UnaryKind::kRelu, "Relu"},   {isa::UnaryKind::kLeakyRelu, "LeakyRelu"},
      {isa::UnaryKind::kElu, "Elu"},     {isa::UnaryKind::kSigmoid, "Sigmoid"},
      {isa::UnaryKind::kTanh, "Tanh"},   {isa::UnaryKind::kHardSigmoid, "HardSigmoid"},
      {isa::UnaryKind::kExp, "Exp"},     {isa::UnaryKind::kLog, "Log"},
      {isa::UnaryKind::kSqrt, "Sqrt"},   {isa::UnaryKind::kReciprocal, "Reciprocal"},
      {isa::UnaryKind::kNeg, "Neg"},     {isa::UnaryKind::kAbs, "Abs"},
      {isa::UnaryKind::kErf, "Erf"},     {isa::UnaryKind::kSoftplus, "Softplus"},
      {isa::UnaryKind::kFloor, "Floor"}, {isa::UnaryKind::kCeil, "Ceil"},
      {isa::UnaryKind::kRound, "Round"}};
  const auto* row = std::ranges::find(kOps, op.kind, &std::pair<isa::UnaryKind, std::string_view>::first);
  CHECK(row != std::end(kOps));
  Proto proto = add(node, row->second, {x}, out(node));
  const bool hard = op.kind == isa::UnaryKind::kHardSigmoid;
  if (hard || op.kind == isa::UnaryKind::kLeakyRelu || op.kind == isa::UnaryKind::kElu)
    set(proto, "alpha", op.alpha);
  if (hard) set(proto, "beta", op.beta);
}

}  // namespace

std::string write_onnx(const Graph& graph, const OnnxFile& file) {
  return Writer(graph, file).write();
}

}  // namespace chengying::compiler
