#include "cli/compile_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/compile_cache.h"
#include "cli/local_engine.h"
#include "cli/named_numbers.h"
#include "cli/progress.h"
#include "cli/sample_source.h"

namespace chengying::cli {
namespace {

constexpr std::string_view kExecutableMagic =
    "\x8c"
    "CYX\r\n\x1a\n";  // docs/executable.md
constexpr char kHost[] = "host";
constexpr std::int64_t kBatchMax = 1024;

const std::map<std::string, compiler::Precision> kPrecisions = {{"auto", compiler::Precision::kAuto},
                                                                {"int8", compiler::Precision::kInt8},
                                                                {"f32", compiler::Precision::kFloat32}};
const std::map<std::string, compiler::CalibrationMethod> kMethods = {
    {"minmax", compiler::CalibrationMethod::kMinMax},
    {"percentile", compiler::CalibrationMethod::kPercentile},
    {"entropy", compiler::CalibrationMethod::kEntropy},
    {"mse", compiler::CalibrationMethod::kMeanSquare}};

Ports ports_of(const std::vector<isa::Binding>& bindings) {
  Ports ports;
  for (const auto& binding : bindings) ports.push_back({binding.name, binding.dtype, binding.shape});
  return ports;
}

/// The first dimension of the first input, 1 where the model leaves it open.
std::int32_t own_batch(const Described& model) {
  const Shape shape = model.inputs.empty() ? Shape{} : model.inputs.front().shape;
  const bool fixed = !shape.empty() && shape[0] >= 1 && shape[0] <= kBatchMax;
  return fixed ? static_cast<std::int32_t>(shape[0]) : 1;
}

/// All cores of the machine's own chip, one of any other.
std::uint16_t cores_of(const CompileFlags& flags, const isa::ChipSpec& chip) {
  if (flags.cores != 0) return flags.cores;
  return chip.is_host ? static_cast<std::uint16_t>(default_threads(chip.cores)) : std::uint16_t{1};
}

Result<Ready> load_ready(const CompileFlags& flags) {
  TRY_ASSIGN(isa::Executable loaded, isa::load_executable(flags.model));
  auto executable = std::make_shared<const isa::Executable>(std::move(loaded));
  TRY_ASSIGN(isa::ChipSpec chip,
             find_chip(flags.chip.empty() ? executable->chip : flags.chip, flags.chips_folder));
  if (flags.cores != 0 && flags.cores != executable->cores) {
    return fail(Code::kInvalidArgument, "{}: compiled for a slice of {} cores, not {}", flags.model,
                executable->cores, flags.cores);
  }
  Described model{ports_of(executable->programs.front().inputs),
                  ports_of(executable->programs.front().outputs), executable->metadata, std::nullopt};
  TRY_ASSIGN(model.preprocessing, preprocessing_of(model.metadata, flags.preprocessing));
  return Ready{std::move(chip), std::move(model), std::move(executable), std::nullopt, false};
}

/// From the cache of executables, else compiled and kept there.
Result<compiler::CompileOutput> compile_once(const CompileFlags& flags, const isa::ChipSpec& chip,
                                             const compiler::CompileOptions& options, bool& from_cache) {
  const compiler::ModelSource source{flags.model, nullptr};
  const auto folder = flags.no_cache ? std::nullopt : default_cache_folder();
  const auto key = folder ? CompileCache::key_of(source, chip, options) : std::nullopt;
  if (!key) return compiler::compile(source, chip, options);
  const CompileCache cache(*folder);
  if (auto found = cache.find(*key)) {
    from_cache = true;
    return std::move(*found);
  }
  TRY_ASSIGN(auto output, compiler::compile(source, chip, options));
  cache.keep(*key, output);
  return output;
}

Result<Ready> compile_ready(const CompileFlags& flags) {
  TRY_ASSIGN(isa::ChipSpec chip, find_chip(flags.chip.empty() ? kHost : flags.chip, flags.chips_folder));
  TRY_ASSIGN(Described model, describe_model(flags));
  TRY_ASSIGN(const isa::ChipSpec host, find_chip(kHost, flags.chips_folder));
  TRY_ASSIGN(auto options, compile_options_of(flags, model, host, cores_of(flags, chip)));
  Progress progress;
  options.progress = [&](std::string_view what, std::size_t done, std::size_t total) {
    progress.show(what, done, total);
  };
  bool from_cache = false;
  TRY_ASSIGN(auto output, compile_once(flags, chip, options, from_cache));
  auto executable = std::make_shared<const isa::Executable>(std::move(output.executable));
  const auto& asked = executable->programs.front().inputs;  // not those that --dimension gave a value
  std::erase_if(model.inputs, [&](const auto& port) {
    return std::ranges::find(asked, port.name, &isa::Binding::name) == asked.end();
  });
  return Ready{std::move(chip), std::move(model), std::move(executable), std::move(output), from_cache};
}

}  // namespace

std::string_view name_of(compiler::CalibrationMethod method) {
  for (const auto& [name, known] : kMethods)
    if (known == method) return name;
  return "";
}

void add_method_option(CLI::App& app, CompileFlags& flags) {
  app.add_option("--method", flags.method,
                 "How ranges are taken from samples: minmax, percentile, entropy, mse (default: minmax)")
      ->transform(CLI::CheckedTransformer(kMethods, CLI::ignore_case).description(""));
}

void add_model_flags(CLI::App& app, CompileFlags& flags) {
  app.add_option("--calibrate", flags.calibrate,
                 "Photographs or tensors that show what inputs look like: a folder, .npy or .npz. Makes an "
                 "fp32 model int8");
  app.add_option("--calibrate-limit", flags.calibrate_limit, "At most this many of them")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  add_method_option(app, flags);
  app.add_option("--preprocessing", flags.preprocessing,
                 "JSON file that says how a photograph becomes the input, if the model doesn't");
  app.add_option(
      "--dimension", flags.dimensions,
      "NAME=SIZE of a symbolic dimension other than the batch, or NAME=VALUE of an input that is one "
      "whole number or switch: it is an input no longer");
  app.add_option("--chips-dir", flags.chips_folder,
                 "Read the chip specs of this folder instead of the built-in ones");
}

void add_compile_flags(CLI::App& app, CompileFlags& flags) {
  app.add_option("--chip", flags.chip,
                 "Name of a chip, or path of a spec (default: host; an executable's own)");
  app.add_option("--cores", flags.cores, "Cores of the slice (default: this machine's on host, else 1)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--precision", flags.precision,
                 "auto, int8 or f32 (auto: int8 if the model or --calibrate says so)")
      ->transform(CLI::CheckedTransformer(kPrecisions, CLI::ignore_case).description(""));
  app.add_flag("--no-cache", flags.no_cache,
               "Compile anew: executables are kept in $XDG_CACHE_HOME/chengying (or ~/.cache/chengying)");
  add_model_flags(app, flags);
}

Result<bool> is_executable_file(const std::string& path) {
  TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto bytes = file.bytes();
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min(bytes.size(), kExecutableMagic.size()));
  return start == kExecutableMagic;
}

Result<Described> describe_model(const CompileFlags& flags) {
  auto signature = compiler::signature_of({flags.model, nullptr});
  if (!signature) return std::unexpected<Error>(signature.error());
  Described model{std::move(signature->inputs), std::move(signature->outputs), std::move(signature->metadata),
                  std::nullopt};
  TRY_ASSIGN(model.preprocessing, preprocessing_of(model.metadata, flags.preprocessing));
  return model;
}

Result<compiler::CompileOptions> compile_options_of(const CompileFlags& flags, const Described& model,
                                                    const isa::ChipSpec& calibration_chip,
                                                    std::uint16_t cores) {
  compiler::CompileOptions options;
  options.cores = cores;
  options.batches = flags.batches.empty() ? std::vector<std::int32_t>{own_batch(model)} : flags.batches;
  options.precision = flags.precision;
  options.dump_after = flags.dump_after;
  options.search = flags.search;
  TRY_ASSIGN(options.dimensions, named_numbers("--dimension", flags.dimensions, 0));
  if (!flags.calibrate.empty()) {
    compiler::Calibration calibration;
    calibration.method = flags.method;
    calibration.chip = &calibration_chip;
    TRY_ASSIGN(calibration.samples,
               read_samples(flags.calibrate, model.inputs, model.preprocessing, flags.calibrate_limit));
    calibration.run = make_runner(calibration_chip);
    options.calibration = std::move(calibration);
  }
  return options;
}

Result<Ready> make_ready(const CompileFlags& flags) {
  TRY_ASSIGN(const bool executable, is_executable_file(flags.model));
  return executable ? load_ready(flags) : compile_ready(flags);
}

}  // namespace chengying::cli
