// OnnxModel: an ONNX file as a plain value, read and checked, without protobuf: names are strings, tensors
// are ours. Its invariant: names are not too long, each value is made once, nodes are in topological order,
// all tensors have the bytes that their shapes ask for, all limits of limits.h hold.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

using ConstantTensor = std::shared_ptr<const Tensor>;

/// A type or sparse tensor attribute: nothing that we lower has one.
struct OpaqueAttribute {};
/// In a function: the attribute of this name of the node that calls it.
struct AttributeReference {
  std::string name;
};
struct OnnxBody;
using OnnxAttribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                                   std::vector<float>, std::vector<std::string>, ConstantTensor,
                                   std::shared_ptr<const OnnxBody>, AttributeReference, OpaqueAttribute>;

struct OnnxNode {
  std::string name;  // never empty: the model's name, or "Conv_12" by operator and position
  std::string op, domain;
  std::vector<std::string> inputs, outputs;  // "" where an optional one is absent
  std::map<std::string, OnnxAttribute> attributes;
};

/// The graph inside of a node (If, Loop, Scan) or a function; a graph's may also read the names around it.
struct OnnxBody {
  std::vector<std::string> inputs, outputs;
  std::map<std::string, ConstantTensor> initialisers;
  std::vector<OnnxNode> nodes;
};
/// A model's own operator: its body stands for each node that calls it.
struct OnnxFunction {
  std::string name, domain;
  OnnxBody body;
  std::int64_t opset = 0;  // of the operators in it
};

struct OnnxDimension {
  std::int64_t size = -1;  // -1: symbolic
  std::string symbol;      // may be empty
};

struct OnnxPort {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<OnnxDimension> shape;
};

struct OnnxModel {
  std::string name;
  std::map<std::string, std::int64_t> opsets;  // by domain; the default one is ""
  std::vector<OnnxPort> inputs, outputs;       // inputs without the initialisers
  std::map<std::string, ConstantTensor> initialisers;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxFunction> functions;
  std::map<std::string, std::string> metadata;
  std::int64_t opset(const std::string& domain) const;  // 0: the model does not import it
  const OnnxFunction* function(const std::string& domain, const std::string& name) const;  // or nullptr
};

/// What to read: everything, or all but the weights' bytes.
enum class ReadDepth : std::uint8_t { kAll, kSignature };

/// kInvalidArgument: not an ONNX model, or broken, and where; kTooLarge: a limit; kUnsupported: element
/// types, opsets.
Result<OnnxModel> read_model(const ModelSource& source, ReadDepth depth = ReadDepth::kAll);

}  // namespace chengying::compiler
