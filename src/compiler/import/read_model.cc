// From the bytes of an ONNX file to an OnnxModel: the only importer code that knows protobuf (with
// tensor_proto.cc).
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "base/file.h"
#include "compiler/import/onnx_model.h"
#include "compiler/import/tensor_proto.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kOpsetMin = 1, kOpsetMax = 21;

Status parse(std::span<const std::byte> bytes, onnx::ModelProto& proto) {
  if (bytes.empty()) return fail(Code::kInvalidArgument, "the model is empty: 0 bytes");
  if (bytes.size() > kModelBytesMax)
    return fail(Code::kTooLarge, "the model has {} bytes; the limit is {}", bytes.size(), kModelBytesMax);
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(static_cast<int>(kModelBytesMax));
  coded.SetRecursionLimit(64);
  if (!proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    return fail(Code::kInvalidArgument,
                "not an ONNX model, or a truncated one: its {} bytes are not one whole protobuf message",
                bytes.size());
  if (!proto.has_graph()) return fail(Code::kInvalidArgument, "not an ONNX model: the message has no graph");
  return {};
}

Status check_name(const std::string& name, std::string_view what) {
  if (name.size() > kNameBytesMax)
    return fail(Code::kTooLarge, "a name of {} bytes ({}); the limit is {}", name.size(), what,
                kNameBytesMax);
  return {};
}

Status read_opsets(const onnx::ModelProto& proto, OnnxModel& model) {
  for (const auto& import : proto.opset_import()) {
    const std::string domain = import.domain() == "ai.onnx" ? "" : import.domain();
    model.opsets[domain] = import.version();
  }
  const std::int64_t version = model.opset("");
  if (version == 0)
    return fail(Code::kInvalidArgument, "the model names no version of the ONNX operators (opset_import)");
  if (version < kOpsetMin || version > kOpsetMax)
    return fail(Code::kUnsupported, "the model uses ONNX operators of version {}; taken are {} to {}",
                version, kOpsetMin, kOpsetMax);
  return {};
}

Result<OnnxPort> read_port(const onnx::ValueInfoProto& proto, std::string_view kind) {
  TRY(check_name(proto.name(), kind));
  if (proto.name().empty()) return fail(Code::kInvalidArgument, "a model {} has no name", kind);
  const std::string what = fmt::format("{} '{}'", kind, proto.name());
  if (!proto.type().has_tensor_type()) return fail(Code::kUnsupported, "{} is not a tensor", what);
  OnnxPort port{.name = proto.name(), .dtype = DType::kF32, .shape = {}};
  TRY_ASSIGN(const DType dtype, dtype_of_onnx(proto.type().tensor_type().elem_type(), what));
  port.dtype = held_as(dtype);  // a half-precision model takes and gives f32 here
  const auto& shape = proto.type().tensor_type().shape();
  if (static_cast<std::size_t>(shape.dim_size()) > kRankMax)
    return fail(Code::kTooLarge, "{} has {} dimensions; the limit is {}", what, shape.dim_size(), kRankMax);
  for (const auto& dim : shape.dim()) {
    OnnxDimension dimension{.size = -1, .symbol = dim.dim_param()};
    if (dim.has_dim_value() && dim.dim_value() > 0) dimension.size = dim.dim_value();
    if (dimension.size > kDimensionMax)
      return fail(Code::kTooLarge, "{} has a dimension of {}; the limit is {}", what, dimension.size,
                  kDimensionMax);
    port.shape.push_back(std::move(dimension));
  }
  return port;
}

Status read_initialisers(const onnx::GraphProto& graph, ReadDepth depth, ExternalData& external,
                         OnnxModel& model) {
  if (static_cast<std::size_t>(graph.initializer_size()) > kModelTensorsMax)
    return fail(Code::kTooLarge, "the model has {} initialisers; the limit is {}", graph.initializer_size(),
                kModelTensorsMax);
  if (graph.sparse_initializer_size() > 0)
    return fail(Code::kUnsupported, "the model has sparse initialisers; store them dense");
  for (const auto& proto : graph.initializer()) {
    TRY(check_name(proto.name(), "initialiser"));
    ConstantTensor tensor;
    if (depth == ReadDepth::kAll) {
      TRY_ASSIGN(tensor, tensor_of_proto(proto, proto.name(), external));
    }
    if (!model.initialisers.emplace(proto.name(), std::move(tensor)).second)
      return fail(Code::kInvalidArgument, "two initialisers have the name '{}'", proto.name());
  }
  return {};
}

Status read_ports(const onnx::GraphProto& graph, OnnxModel& model) {
  for (const auto& proto : graph.input()) {
    if (model.initialisers.contains(proto.name())) continue;  // a default value: before IR 4 all initialisers
    TRY_ASSIGN(OnnxPort port, read_port(proto, "input"));
    model.inputs.push_back(std::move(port));
  }
  for (const auto& proto : graph.output()) {
    TRY_ASSIGN(OnnxPort port, read_port(proto, "output"));
    model.outputs.push_back(std::move(port));
  }
  if (model.outputs.empty()) return fail(Code::kInvalidArgument, "the model has no outputs");
  if (model.inputs.size() > kModelPortsMax || model.outputs.size() > kModelPortsMax)
    return fail(Code::kTooLarge, "the model has {} inputs and {} outputs; the limit is {} each",
                model.inputs.size(), model.outputs.size(), kModelPortsMax);
  return {};
}

Result<OnnxBody> read_body(const onnx::GraphProto& graph, ExternalData& external);

Result<OnnxAttribute> read_attribute(const onnx::AttributeProto& proto, std::string_view node,
                                     ExternalData& external) {
  if (!proto.ref_attr_name().empty()) return AttributeReference{proto.ref_attr_name()};
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return proto.i();
    case onnx::AttributeProto::FLOAT:
      return proto.f();
    case onnx::AttributeProto::STRING:
      return proto.s();
    case onnx::AttributeProto::INTS:
      return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case onnx::AttributeProto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    case onnx::AttributeProto::TENSOR: {
      TRY_ASSIGN(ConstantTensor tensor,
                 tensor_of_proto(proto.t(), fmt::format("{}.{}", node, proto.name()), external));
      return tensor;
    }
    case onnx::AttributeProto::GRAPH: {
      TRY_ASSIGN(OnnxBody body, read_body(proto.g(), external));
      return std::make_shared<const OnnxBody>(std::move(body));
    }
    default:
      return OpaqueAttribute{};
  }
}

Result<OnnxNode> read_node(const onnx::NodeProto& proto, int position, ExternalData& external) {
  TRY(check_name(proto.name(), "node"));
  OnnxNode node;
  node.op = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.name = proto.name().empty() ? fmt::format("{}_{}", node.op, position) : proto.name();
  for (const std::string& name : proto.input()) {
    TRY(check_name(name, "node input"));
    node.inputs.push_back(name);
  }
  for (const std::string& name : proto.output()) {
    TRY(check_name(name, "node output"));
    node.outputs.push_back(name);
  }
  for (const auto& attribute : proto.attribute()) {
    TRY_ASSIGN(OnnxAttribute value, read_attribute(attribute, node.name, external));
    node.attributes.emplace(attribute.name(), std::move(value));
  }
  return node;
}

template <class Proto>
Status read_nodes(const Proto& proto, ExternalData& external, std::vector<OnnxNode>& nodes) {
  if (static_cast<std::size_t>(proto.node_size()) > kModelNodesMax)
    return fail(Code::kTooLarge, "the model has {} nodes; the limit is {}", proto.node_size(),
                kModelNodesMax);
  nodes.reserve(static_cast<std::size_t>(proto.node_size()));
  for (int i = 0; i < proto.node_size(); ++i) {
    TRY_ASSIGN(OnnxNode node, read_node(proto.node(i), i, external));
    nodes.push_back(std::move(node));
  }
  return {};
}

Result<OnnxBody> read_body(const onnx::GraphProto& graph, ExternalData& external) {
  OnnxBody body;
  for (const auto& input : graph.input()) body.inputs.push_back(input.name());
  for (const auto& output : graph.output()) body.outputs.push_back(output.name());
  for (const auto& proto : graph.initializer()) {
    TRY_ASSIGN(ConstantTensor tensor, tensor_of_proto(proto, proto.name(), external));
    if (!body.initialisers.emplace(proto.name(), std::move(tensor)).second)
      return fail(Code::kInvalidArgument, "two initialisers of one body have the name '{}'", proto.name());
  }
  TRY(read_nodes(graph, external, body.nodes));
  return body;
}

Status read_functions(const onnx::ModelProto& proto, ExternalData& external, OnnxModel& model) {
  for (const auto& function : proto.functions()) {
    OnnxFunction read;
    read.name = function.name();
    read.domain = function.domain() == "ai.onnx" ? "" : function.domain();
    read.body.inputs.assign(function.input().begin(), function.input().end());
    read.body.outputs.assign(function.output().begin(), function.output().end());
    for (const auto& import : function.opset_import())
      if (import.domain().empty() || import.domain() == "ai.onnx") read.opset = import.version();
    TRY(read_nodes(function, external, read.body.nodes));
    if (model.function(read.domain, read.name) != nullptr)
      return fail(Code::kInvalidArgument, "two functions have the name '{}'", read.name);
    model.functions.push_back(std::move(read));
  }
  return {};
}

/// Every value is made once, and before it is used.
Status check_order(const OnnxModel& model) {
  std::set<std::string, std::less<>> made, later;
  for (const auto& [name, tensor] : model.initialisers) made.insert(name);
  for (const OnnxPort& port : model.inputs)
    if (!made.insert(port.name).second)
      return fail(Code::kInvalidArgument, "two model inputs have the name '{}'", port.name);
  for (const OnnxNode& node : model.nodes)
    for (const std::string& name : node.outputs) later.insert(name);
  for (const OnnxNode& node : model.nodes) {
    for (const std::string& name : node.inputs) {
      if (name.empty() || made.contains(name)) continue;
      if (later.contains(name))
        return fail(Code::kInvalidArgument,
                    "node '{}' ({}) reads '{}' before it is made: the nodes have a cycle or are out of order",
                    node.name, node.op, name);
      return fail(Code::kInvalidArgument,
                  "node '{}' ({}) reads '{}', which no node makes and no initialiser holds", node.name,
                  node.op, name);
    }
    for (const std::string& name : node.outputs)
      if (!name.empty() && !made.insert(name).second)
        return fail(Code::kInvalidArgument, "node '{}' ({}) makes '{}', which exists already", node.name,
                    node.op, name);
  }
  for (const OnnxPort& port : model.outputs)
    if (!made.contains(port.name))
      return fail(Code::kInvalidArgument, "the model's output '{}' is made by no node", port.name);
  return {};
}

Result<OnnxModel> convert(const onnx::ModelProto& proto, ReadDepth depth, ExternalData& external) {
  OnnxModel model;
  model.name = proto.graph().name();
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  TRY(read_opsets(proto, model));
  TRY(read_initialisers(proto.graph(), depth, external, model));
  TRY(read_ports(proto.graph(), model));
  if (depth == ReadDepth::kSignature) return model;
  TRY(read_nodes(proto.graph(), external, model.nodes));
  TRY(read_functions(proto, external, model));
  TRY(check_order(model));
  return model;
}

}  // namespace

std::int64_t OnnxModel::opset(const std::string& domain) const {
  const auto found = opsets.find(domain);
  return found == opsets.end() ? 0 : found->second;
}

const OnnxFunction* OnnxModel::function(const std::string& domain, const std::string& op) const {
  for (const OnnxFunction& f : functions)
    if (f.name == op && f.domain == domain) return &f;
  return nullptr;
}

Result<OnnxModel> read_model(const ModelSource& source, ReadDepth depth) {
  onnx::ModelProto proto;
  if (source.bytes != nullptr) {
    TRY(parse(std::as_bytes(std::span(*source.bytes)), proto));
    ExternalData none{std::filesystem::path()};
    return convert(proto, depth, none);
  }
  TRY_ASSIGN(const MappedFile file, MappedFile::open(source.path));
  if (auto status = parse(file.bytes(), proto); !status)
    return within(source.path.string(), std::move(status).error());
  ExternalData external(source.path);
  return convert(proto, depth, external);
}

}  // namespace chengying::compiler
