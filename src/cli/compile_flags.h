// CompileFlags: what the commands that take a model have in common: which model, for which chip, in which
// numbers; and from that to an executable. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/samples.h"
#include "compiler/compile.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace CLI {
class App;
}

namespace chengying::cli {

struct CompileFlags {
  std::string model;
  std::string chip, chips_folder;
  std::uint16_t cores = 0;            // 0: all of `host`, else one; an executable's own
  std::vector<std::int32_t> batches;  // empty: the model's own batch if it is fixed, else 1
  compiler::Precision precision = compiler::Precision::kAuto;
  std::string calibrate;  // a folder or a tensor file; "": none
  std::size_t calibrate_limit = 256;
  compiler::CalibrationMethod method = compiler::CalibrationMethod::kMinMax;
  std::string preprocessing;
  std::vector<std::string> dimensions;  // "NAME=SIZE"
  std::string dump_after;
  compiler::SearchOptions search;
  bool no_cache = false;  // compile even if the same was compiled before
};

/// As --method says it.
std::string_view name_of(compiler::CalibrationMethod method);

/// --method alone.
void add_method_option(CLI::App& app, CompileFlags& flags);
/// MODEL and the options of calibration and dimensions: all that `quantize` needs.
void add_model_flags(CLI::App& app, CompileFlags& flags);
/// Those, and --chip, --cores, --batch, --precision.
void add_compile_flags(CLI::App& app, CompileFlags& flags);

/// The model's ports, metadata and preprocessing, before it is compiled.
struct Described {
  Ports inputs, outputs;
  Metadata metadata;
  std::optional<runtime::Preprocessing> preprocessing;
};

/// An executable that is ready to run.
struct Ready {
  isa::ChipSpec chip;
  Described model;
  std::shared_ptr<const isa::Executable> executable;
  std::optional<compiler::CompileOutput> compiled;  // reports; its executable has moved to `executable`
  bool from_cache = false;
};

/// Whether a file is an executable (by its first bytes), not a model.
Result<bool> is_executable_file(const std::string& path);

Result<Described> describe_model(const CompileFlags& flags);
/// Options for compile() and quantise_to_onnx(), samples read. `chip` must outlive them.
Result<compiler::CompileOptions> compile_options_of(const CompileFlags& flags, const Described& model,
                                                    const isa::ChipSpec& calibration_chip,
                                                    std::uint16_t cores);
/// Loads an executable, or compiles a model, showing progress.
Result<Ready> make_ready(const CompileFlags& flags);

}  // namespace chengying::cli
