// quantise_model: an fp32 model as an int8 one, and what that does to it, layer by layer. Deterministic; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compile.h"

namespace chengying::compiler {

struct QuantiseOptions {
  std::size_t compared =
      8;                 // of the calibration's samples: what is measured, is measured on them; 0: nothing
  bool equalise = true;  // where it helps; needs compared samples, as the next two do
  std::size_t keep = 0;  // layers at most that stay real, with weights in bf16
  std::optional<double> target_db;  // of the answer: no more layers stay real once it is reached
};

inline constexpr double kNoNoise = 300;  // decibels, of what rounding does not change

/// A convolution or product. Decibels: 10 log10 of the power of its real result over that of the difference.
struct LayerRounding {
  std::string layer, operation;
  std::string format;      // "int8" or "bf16": of its weights; what is not int8 is computed in f32
  double alone_db = 0;     // if only this layer's input and weights were rounded
  double together_db = 0;  // with all that is rounded before it
  std::uint64_t bytes_before = 0, bytes_after = 0;  // of weights, scales and bias
  std::string reason;                               // why it is not int8, or what was done; may be empty
};

struct QuantisedModel {
  std::string onnx;  // with QuantizeLinear and DequantizeLinear nodes, which other engines run too
  std::vector<LayerRounding> layers;  // in the graph's order; empty if nothing is compared
  double answer_db = kNoNoise;        // of the outputs (before their softmax, if they have one)
  std::vector<std::string> notes;
};

/// Needs options.calibration, of which at least one sample. Errors as compile().
Result<QuantisedModel> quantise_model(const ModelSource& model, const CompileOptions& options,
                                      const QuantiseOptions& quantise);

}  // namespace chengying::compiler
