// signature_of: a model's inputs and outputs, without its weights.
#include "compiler/compile.h"
#include "compiler/import/onnx_model.h"

namespace chengying::compiler {
namespace {

ModelSignature::Port port_of(const OnnxPort& port) {
  ModelSignature::Port result{.name = port.name, .dtype = port.dtype, .shape = {}};
  for (const OnnxDimension& dimension : port.shape) result.shape.push_back(dimension.size);
  return result;
}

}  // namespace

Result<ModelSignature> signature_of(const ModelSource& model) {
  TRY_ASSIGN(OnnxModel onnx, read_model(model, ReadDepth::kSignature));
  ModelSignature signature;
  for (const OnnxPort& port : onnx.inputs) signature.inputs.push_back(port_of(port));
  for (const OnnxPort& port : onnx.outputs) signature.outputs.push_back(port_of(port));
  signature.metadata = std::move(onnx.metadata);
  return signature;
}

}  // namespace chengying::compiler
