// chengying quantize: an fp32 model to an int8 one, as ONNX that other engines run too.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/commands.h"
#include "cli/compile_flags.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace chengying::cli {
namespace {

struct QuantizeOptions {
  CompileFlags flags;
  std::string output;
};

Status quantize(const QuantizeOptions& options, bool as_json) {
  TRY_ASSIGN(const Described model, describe_model(options.flags));
  TRY_ASSIGN(const isa::ChipSpec host, find_chip("host", options.flags.chips_folder));
  TRY_ASSIGN(auto compile_options, compile_options_of(options.flags, model, host, 1));
  const std::size_t samples = compile_options.calibration->samples.size();
  Progress progress;
  compile_options.progress = [&](std::string_view what, std::size_t done, std::size_t total) {
    progress.show(what, done, total);
  };
  TRY_ASSIGN(const std::string onnx,
             compiler::quantise_to_onnx({options.flags.model, nullptr}, compile_options));
  progress.clear();
  TRY(write_file_atomically(options.output, std::string_view(onnx)));
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{
                           {"model", options.output}, {"bytes", onnx.size()}, {"samples", samples}}));
  } else {
    fmt::print("wrote {}, {}, ranges from {} samples\n", options.output,
               bytes_text(static_cast<double>(onnx.size())), samples);
  }
  return {};
}

}  // namespace

void add_quantize(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<QuantizeOptions>();
  app.add_option("MODEL", options->flags.model, "An fp32 ONNX model")->required();
  app.add_option("--output,-o", options->output, "The int8 model (QuantizeLinear, DequantizeLinear)")
      ->required();
  add_model_flags(app, options->flags);
  app.get_option("--calibrate")->required();
  on_run(app, invocation, [options, &invocation] { return quantize(*options, invocation.json); });
}

}  // namespace chengying::cli
