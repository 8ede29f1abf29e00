#include "cli/portable_model.h"

#include "cli/chip_source.h"
#include "cli/local_engine.h"
#include "cli/progress.h"

namespace chengying::cli {
namespace {

/// The model in int8 with the ranges of its samples, as ONNX.
Result<std::string> calibrated(const CompileFlags& flags, const Described& described,
                               const isa::ChipSpec& host) {
  TRY_ASSIGN(compiler::CompileOptions options, compile_options_of(flags, described, host, 1));
  Progress progress;
  options.progress = [&](std::string_view what, std::size_t done, std::size_t total) {
    progress.show(what, done, total);
  };
  return compiler::quantise_to_onnx({flags.model, nullptr}, options);
}

}  // namespace

Result<PortableModel> PortableModel::open(const CompileFlags& flags) {
  TRY_ASSIGN(const bool compiled, is_executable_file(flags.model));
  if (compiled)
    return fail(Code::kInvalidArgument, "{}: is an executable, for one chip alone; give the model (.onnx)",
                flags.model);
  TRY_ASSIGN(const Described described, describe_model(flags));
  TRY_ASSIGN(const isa::ChipSpec host, find_chip("host", flags.chips_folder));
  CompileFlags kept = flags;
  compiler::ModelSource source{flags.model, nullptr};
  if (!flags.calibrate.empty()) {
    TRY_ASSIGN(std::string onnx, calibrated(flags, described, host));
    source.bytes = std::make_shared<const std::string>(std::move(onnx));
    kept.calibrate.clear();
  }
  TRY_ASSIGN(const compiler::CompileOptions options, compile_options_of(kept, described, host, 1));
  TRY_ASSIGN(compiler::PreparedModel prepared, compiler::PreparedModel::make(source, options));
  return PortableModel(flags.model, std::move(prepared));
}

Result<isa::Executable> PortableModel::compile_for(const isa::ChipSpec& chip, std::uint16_t cores) const {
  TRY_ASSIGN(compiler::CompileOutput output, prepared_.compile_for(chip, cores));
  return std::move(output.executable);
}

std::uint16_t whole_chip(const isa::ChipSpec& chip) {
  return chip.is_host ? static_cast<std::uint16_t>(default_threads(chip.cores))
                      : static_cast<std::uint16_t>(chip.cores);
}

}  // namespace chengying::cli
