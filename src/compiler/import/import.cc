#include "compiler/import/import.h"

#include <algorithm>

#include "compiler/graph/print.h"
#include "compiler/import/bodies.h"
#include "compiler/import/lowering.h"
#include "compiler/import/operators.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

class Import {
 public:
  Import(const OnnxModel& model, const ImportOptions& options) : model_(model), options_(options) {
    state_.graph.name = model.name;
    state_.batch = options.batch;
  }

  const std::vector<RefusedNode>& refused() const { return unsupported_; }

  Result<Graph> run() {
    if (options_.batch < 1)
      return fail(Code::kInvalidArgument, "a batch of {} is not positive", options_.batch);
    TRY(bind_inputs());
    add_initialisers();
    for (const OnnxNode& node : model_.nodes) TRY(lower(node, model_.opset("")));
    if (!unsupported_.empty()) return refusal();
    read_bytes_as_numbers();
    TRY(bind_outputs());
    sweep(state_.graph);
    return std::move(state_.graph);
  }

 private:
  ValueId add_value(Value value) {
    state_.dequantised_from.push_back(kNoValue);
    return state_.graph.add(std::move(value));
  }

  Result<std::int64_t> bind_dimension(const OnnxPort& port, std::size_t index) {
    const OnnxDimension& dimension = port.shape[index];
    const std::string place = fmt::format("{}[{}]", port.name, index);
    for (const std::string& key : {place, dimension.symbol}) {
      const auto given = options_.dimensions.find(key);
      if (key.empty() || given == options_.dimensions.end() || dimension.size >= 0) continue;
      if (given->second < 1 || given->second > kDimensionMax)
        return fail(Code::kInvalidArgument, "dimension '{}' can't be {}", key, given->second);
      return given->second;
    }
    const bool is_batch =
        index == 0 || (dimension.size < 0 && !dimension.symbol.empty() && dimension.symbol == batch_symbol_);
    if (is_batch && dimension.size < 0) {
      batch_symbol_ = dimension.symbol;
      return options_.batch;
    }
    if (is_batch && dimension.size != options_.batch && !has_own_batch()) {
      if (dimension.size != 1)
        return fail(Code::kInvalidArgument,
                    "input '{}' has a fixed batch of {}, so it can't be compiled for {}", port.name,
                    dimension.size, options_.batch);
      state_.batch_overridden = true;
      return options_.batch;
    }
    if (dimension.size >= 0) return dimension.size;
    return fail(Code::kInvalidArgument, "input '{}' has no size for dimension {}{}; give one as {}=SIZE",
                port.name, index, dimension.symbol.empty() ? "" : fmt::format(" ('{}')", dimension.symbol),
                dimension.symbol.empty() ? place : dimension.symbol);
  }

  /// The model is compiled as it is: the first input's batch is open, or fixed at the one that is asked for.
  bool has_own_batch() const {
    const std::vector<OnnxDimension>& first = model_.inputs.front().shape;
    return first.empty() || first[0].size < 0 || first[0].size == options_.batch;
  }

  /// A switch or a count that the options give a value: a constant from here on, and no input any more.
  bool bind_value(const OnnxPort& port) {
    const auto given = options_.dimensions.find(port.name);
    if (given == options_.dimensions.end()) return false;
    Shape shape;
    for (const OnnxDimension& dimension : port.shape)
      shape.push_back(std::max<std::int64_t>(dimension.size, 1));
    if (element_count(shape).value_or(0) != 1) return false;
    auto tensor = std::make_shared<Tensor>(port.dtype, shape);
    if (port.dtype == DType::kI64)
      tensor->as<std::int64_t>()[0] = given->second;
    else if (port.dtype == DType::kI32)
      tensor->as<std::int32_t>()[0] = static_cast<std::int32_t>(given->second);
    else if (port.dtype == DType::kBool)
      tensor->bytes()[0] = std::byte{given->second != 0};
    else
      return false;
    Value value{.name = port.name,
                .dtype = port.dtype,
                .shape = std::move(shape),
                .quantisation = {},
                .constant = std::move(tensor)};
    state_.names.emplace(port.name, add_value(std::move(value)));
    return true;
  }

  Status bind_inputs() {
    for (const OnnxPort& port : model_.inputs) {
      if (bind_value(port)) continue;
      Value value{.name = port.name, .dtype = port.dtype, .shape = {}, .quantisation = {}, .constant = {}};
      for (std::size_t i = 0; i < port.shape.size(); ++i) {
        TRY_ASSIGN(const std::int64_t size, bind_dimension(port, i));
        value.shape.push_back(size);
      }
      TRY(check_size(port.name, value.shape));
      const ValueId id = add_value(std::move(value));
      state_.graph.inputs.push_back(id);
      state_.names.emplace(port.name, id);
    }
    return {};
  }

  static Status check_size(std::string_view name, const Shape& shape) {
    const Result<std::int64_t> elements = element_count(shape);
    if (shape.size() > kRankMax || !elements || *elements > kElementsMax)
      return fail(Code::kTooLarge, "tensor '{}' of shape {} is over the limits ({} dimensions, {} elements)",
                  name, chengying::to_string(shape), kRankMax, kElementsMax);
    return {};
  }

  void add_initialisers() {
    for (const auto& [name, tensor] : model_.initialisers) {
      Value value{.name = name,
                  .dtype = tensor->dtype(),
                  .shape = tensor->shape(),
                  .quantisation = {},
                  .constant = tensor};
      state_.names.emplace(name, add_value(std::move(value)));
    }
  }

  Status lower(const OnnxNode& node, std::int64_t opset) {
    const Lower lower_it = find_operator(node.domain, node.op);
    const bool has_body = bodies_.takes(node);
    if (lower_it == nullptr && !has_body) {
      const std::string_view reason = reason_against(node.domain, node.op);
      note(node, !reason.empty() ? std::string(reason)
                 : node.domain.empty()
                     ? "the operator is not known to this compiler"
                     : fmt::format("the operator of domain '{}' is not known to this compiler", node.domain));
      return {};
    }
    const bool reachable = std::ranges::all_of(
        node.inputs, [&](const std::string& name) { return name.empty() || state_.names.contains(name); });
    if (!reachable) return {};  // it reads what an unsupported node would have made
    NodeLowering lowering(state_, node, node.domain.empty() ? opset : model_.opset(node.domain));
    const std::size_t before = state_.graph.values.size();
    Status status = has_body ? bodies_.lower(node, opset) : lower_it(lowering);
    if (lowering.fault()) return std::unexpected<Error>(*lowering.fault());
    if (!status && status.error().code == Code::kUnsupported) {
      note(node, status.error().message);
      return {};
    }
    TRY(status);
    if (lowering.rounded()) {
      note(node, fmt::format("integers are computed with in f32, which does not have the constant {}; keep "
                             "them below 2^24, or compute with floats",
                             *lowering.rounded()));
      return {};
    }
    for (std::size_t id = before; id < state_.graph.values.size(); ++id) {
      const Value& made = state_.graph.values[id];
      TRY(check_size(made.name, made.shape));
      const bool empty = std::ranges::find(made.shape, 0) != made.shape.end();
      if (!empty || made.constant != nullptr) continue;
      note(node, fmt::format("it makes an empty tensor of shape {}; leave it out",
                             chengying::to_string(made.shape)));
      return {};
    }
    for (const std::string& name : node.outputs)
      if (!name.empty() && !state_.names.contains(name) && (!has_body || unsupported_.empty()))
        note(node,
             fmt::format("its output '{}' is used; only the first outputs of this operator are computed",
                         name));
    return {};
  }

  void note(const OnnxNode& node, std::string_view reason) {
    std::string operands;
    for (const std::string& name : node.inputs) {
      const auto found = state_.names.find(name);
      if (found == state_.names.end()) continue;
      const Value& value = state_.graph.value(found->second);
      operands += fmt::format("{}{}{}", operands.empty() ? "" : ", ", name_of(value.dtype),
                              chengying::to_string(value.shape));
    }
    unsupported_.push_back({node.name, node.op, std::move(operands), std::string(reason)});
  }

  static std::string text_of(const RefusedNode& refused) {
    const std::string on = refused.operands.empty() ? "" : " on " + refused.operands;
    return fmt::format("'{}' ({}){}: {}", refused.node, refused.operation, on, refused.reason);
  }

  std::unexpected<Error> refusal() const {
    std::string text = fmt::format("{} node{} of the model can't be compiled:", unsupported_.size(),
                                   unsupported_.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < std::min(unsupported_.size(), kUnsupportedListedMax); ++i)
      text += "\n  " + text_of(unsupported_[i]);
    if (unsupported_.size() > kUnsupportedListedMax)
      text += fmt::format("\n  ... and {} more", unsupported_.size() - kUnsupportedListedMax);
    return std::unexpected<Error>(Error{Code::kUnsupported, std::move(text)});
  }

  /// Bytes whose scale nothing in the model says are the numbers 0..255.
  void read_bytes_as_numbers() {
    for (Value& value : state_.graph.values)
      if (value.dtype == DType::kU8 && value.constant == nullptr && !value.quantisation)
        value.quantisation = Quantisation{.scales = {1}, .zero_point = 0, .axis = 0};
  }

  /// Outputs have values of their own, with the model's names and types: an output that is an input, a
  /// constant, or another output too is copied by a reshape to its own shape.
  Status bind_outputs() {
    static const OnnxNode kEnd{
        .name = "outputs", .op = "Output", .domain = {}, .inputs = {}, .outputs = {}, .attributes = {}};
    NodeLowering lowering(state_, kEnd, model_.opset(""));
    for (const OnnxPort& port : model_.outputs) {
      ValueId id = state_.names.find(port.name)->second;
      if (state_.from_i8.contains(id)) {
        Value bytes = state_.graph.value(id);
        bytes.dtype = DType::kI8;
        bytes.quantisation->zero_point -= 128;
        id = lowering.emit(RequantiseNode{}, {id}, std::move(bytes));
      }
      const Value& value = state_.graph.value(id);
      const bool shared = std::ranges::find(state_.graph.outputs, id) != state_.graph.outputs.end() ||
                          std::ranges::find(state_.graph.inputs, id) != state_.graph.inputs.end();
      if (value.constant != nullptr && shared)
        id = lowering.add_constant(Tensor(*value.constant));
      else if (shared)
        id = lowering.emit(ReshapeNode{}, {id}, Value(value));
      if (std::ranges::find(state_.graph.value(id).shape, 0) != state_.graph.value(id).shape.end())
        return fail(Code::kUnsupported, "output '{}' has the shape {}: there is nothing to give", port.name,
                    chengying::to_string(state_.graph.value(id).shape));
      state_.graph.value(id).name = port.name;
      state_.graph.outputs.push_back(id);
    }
    return {};
  }

  const OnnxModel& model_;
  const ImportOptions& options_;
  LoweringState state_;
  Bodies bodies_{state_, model_,
                 [this](const OnnxNode& node, std::int64_t opset) { return lower(node, opset); }};
  std::string batch_symbol_;
  std::vector<RefusedNode> unsupported_;
};

}  // namespace

Result<Graph> import_onnx(const OnnxModel& model, const ImportOptions& options,
                          std::vector<RefusedNode>* refused) {
  Import import(model, options);
  Result<Graph> graph = import.run();
  if (refused != nullptr) *refused = import.refused();
  return graph;
}

}  // namespace chengying::compiler
