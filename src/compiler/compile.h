// compile: from a model file to an executable. The one function by which the rest of the product uses the
// compiler. Deterministic: the same model, chip and options give the same bytes. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/model_source.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "tensor/tensor.h"

namespace chengying::compiler {

/// How a model is computed. kAuto: a quantised model (QDQ, QLinear) as it says; an fp32 model in int8 when
/// calibration samples are given, else in fp32.
enum class Precision : std::uint8_t { kAuto, kInt8, kFloat32 };
enum class CalibrationMethod : std::uint8_t { kMinMax, kPercentile, kEntropy, kMeanSquare };

/// Runs an executable on some engine: the compiler calibrates with it (it may not include the engine itself).
using Runner = std::function<Result<std::vector<Tensor>>(const isa::Executable&, const std::vector<Tensor>&)>;

/// Sample inputs for calibration: each sample is one batch-1 set of the model's inputs by name.
struct Calibration {
  std::vector<std::map<std::string, Tensor>> samples;
  CalibrationMethod method = CalibrationMethod::kMinMax;
  const isa::ChipSpec* chip = nullptr;  // an fp32-capable chip whose programs `run` can run (host)
  Runner run;
};

/// Progress of long work: what, done, of how many. Called from the compiling thread.
using Progress = std::function<void(std::string_view what, std::size_t done, std::size_t total)>;

/// How long to look for a faster program than the compiler's own choice: until either is reached; 0: no
/// limit of its kind. Both 0: no search. Seconds depend on the clock; tries alone always give the same bytes.
struct SearchOptions {
  double seconds = 0;
  std::size_t tries = 0;  // of each batch
  bool wanted() const { return seconds > 0 || tries > 0; }
  bool operator==(const SearchOptions&) const = default;
};

struct CompileOptions {
  std::uint16_t cores = 1;               // of the slice
  std::vector<std::int32_t> batches{1};  // one program each
  Precision precision = Precision::kAuto;
  std::optional<Calibration> calibration;
  std::map<std::string, std::int64_t> dimensions;  // values for symbolic dimensions other than the batch
  std::string dump_after;  // name of a pass: its result as text goes to CompileOutput::dump
  SearchOptions search;
  Progress progress;
};

/// One row of the report per layer, for batch 1's program (or the smallest batch).
struct LayerReport {
  std::string name, operation;
  std::string output;  // "u8[1,56,56,64]"
  std::uint64_t macs = 0;
  std::uint64_t cycles = 0;        // first start to last end over the slice's cores
  double utilisation = 0;          // macs / (cycles * the slice's peak), 0..1
  std::string limit;               // what bounds it: timing::name_of(Limit)
  std::vector<std::size_t> reads;  // the rows of this report whose results it reads, ascending
};

/// What became of the model's nodes, for the smallest batch.
struct FusionReport {
  std::size_t model_nodes = 0;            // as imported
  std::size_t graph_nodes = 0;            // as lowered
  std::size_t additions = 0, bounds = 0;  // done inside of a convolution or product, before it stores
  std::size_t free_moves = 0;             // reshapes, slices and joins that need no instruction
  std::vector<std::pair<std::string, std::size_t>> left;  // how many of each operator are left, by name
};

/// A node that can't be compiled.
struct Refusal {
  std::string node, operation;
  std::string operands;  // "f32[1,3], i64[2]"
  std::string reason;
  std::string change;  // what would help; may be empty
};
struct Explanation {
  std::size_t nodes = 0;  // of the model
  std::vector<Refusal> refusals;
};

struct PassReport {
  std::string name;
  double milliseconds = 0;
  std::size_t nodes_before = 0, nodes_after = 0;
};

/// What a search found, by the chip's own timing.
struct SearchReport {
  struct Gain {
    std::int32_t batch = 1;
    std::uint64_t cycles_before = 0;  // of the compiler's own choice; 0: it did not fit the slice
    std::uint64_t cycles_after = 0;
    bool operator==(const Gain&) const = default;
  };
  std::vector<Gain> gains;  // by batch
  std::size_t tries = 0;    // of each batch: so many as SearchOptions::tries give the same program
  double seconds = 0;       // that it took
};

struct CompileOutput {
  isa::Executable executable;
  std::vector<PassReport> passes;
  std::vector<LayerReport> layers;
  FusionReport fusion;
  std::optional<SearchReport> search;
  std::vector<std::string> notes;  // what the user should know: layers kept in f32, saturated weights, ...
  std::string dump;
};

/// Errors: kInvalidArgument (not a model, broken: where), kUnsupported (all unsupported nodes with name,
/// operator, shapes, reason and a hint, a line each), kTooLarge (a limit of limits.h).
Result<CompileOutput> compile(const ModelSource& model, const isa::ChipSpec& chip,
                              const CompileOptions& options);

/// All nodes of the model that can't be compiled for any chip, and why; kInvalidArgument, kTooLarge as
/// compile.
Result<Explanation> explain(const ModelSource& model, const CompileOptions& options);

/// Writes the calibrated model as ONNX with QuantizeLinear/DequantizeLinear nodes, so that other engines can
/// run the same quantised model. Needs options.calibration.
Result<std::string> quantise_to_onnx(const ModelSource& model, const CompileOptions& options);

/// The model's inputs and outputs without compiling: name, type, shape (-1 where symbolic).
struct ModelSignature {
  struct Port {
    std::string name;
    DType dtype = DType::kF32;
    Shape shape;
  };
  std::vector<Port> inputs, outputs;
  std::map<std::string, std::string> metadata;  // the file's metadata_props
};
Result<ModelSignature> signature_of(const ModelSource& model);

}  // namespace chengying::compiler
