// accuracy MODEL CALIBRATION_FOLDER PICTURES_FOLDER [--in-order] [--method entropy|mse|percentile|minmax]
// Our int8 against ONNX Runtime's fp32 on a folder of pictures: how often the first name is the same.
// --in-order: the pictures, in order of their names, show class 0, 1, 2, ...; then it also counts how often
// each engine is right.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <string>

#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "cli/progress.h"
#include "peer/agreement.h"
#include "peer/ort.h"

namespace chengying {
namespace {

constexpr std::size_t kPicturesMax = 100'000;

void print(const peer::Agreement& agreement, bool in_order) {
  const auto total = agreement.pictures.size();
  const auto percent = [&](std::size_t count) {
    return 100.0 * static_cast<double>(count) / static_cast<double>(total);
  };
  for (const auto& picture : agreement.pictures) {
    if (picture.first_a == picture.first_b) continue;
    fmt::print("differs: {} (fp32 {}, int8 {}; fp32's margin {:.3f})\n", picture.file, picture.first_a,
               picture.first_b, picture.margin);
  }
  fmt::print("int8 and ONNX Runtime fp32 give the same first name to {} of {} pictures: {:.2f} %\n",
             agreement.equal(), total, percent(agreement.equal()));
  if (!in_order) return;
  std::size_t right_fp32 = 0, right_int8 = 0;
  for (std::size_t i = 0; i < total; ++i) {
    right_fp32 += agreement.pictures[i].first_a == i ? 1 : 0;
    right_int8 += agreement.pictures[i].first_b == i ? 1 : 0;
  }
  fmt::print("right: ONNX Runtime fp32 {:.2f} %, int8 {:.2f} %\n", percent(right_fp32), percent(right_int8));
}

Status run(const cli::CompileFlags& flags, const std::string& pictures, bool in_order) {
  TRY_ASSIGN(const cli::Ready ready, cli::make_ready(flags));
  cli::LocalEngine engine(ready.chip, ready.executable->cores, cli::default_threads(ready.chip.cores));
  TRY(engine.load(ready.executable));
  TRY_ASSIGN(auto ort, peer::OrtSession::load(peer::ort_library_path(CHENGYING_SOURCE_DIR), flags.model,
                                              static_cast<int>(cli::default_threads(ready.chip.cores))));
  TRY_ASSIGN(const auto files, peer::pictures_of(pictures, kPicturesMax));
  if (!ready.model.preprocessing)
    return fail(Code::kInvalidArgument, "{}: has no preprocessing", flags.model);
  const auto first = [](Result<std::vector<Tensor>> outputs) -> Result<Tensor> {
    if (!outputs) return std::unexpected<Error>(outputs.error());
    return std::move(outputs->front());
  };
  cli::Progress progress;
  TRY_ASSIGN(
      const auto agreement,
      peer::compare(
          files, *ready.model.preprocessing, [&](const Tensor& input) { return first(ort.run({input})); },
          [&](const Tensor& input) { return first(engine.run(1, {input})); },
          [&](std::size_t done, std::size_t total) { progress.show("pictures", done, total); }));
  progress.clear();
  print(agreement, in_order);
  return {};
}

}  // namespace
}  // namespace chengying

int main(int argc, char** argv) {
  CLI::App app{"Our int8 against ONNX Runtime's fp32 on a folder of pictures."};
  std::string pictures;
  chengying::cli::CompileFlags flags;
  bool in_order = false;
  app.add_option("model", flags.model, "ONNX file")->required();
  app.add_option("calibration", flags.calibrate, "folder of pictures to calibrate with")->required();
  app.add_option("pictures", pictures, "folder of pictures to compare on")->required();
  app.add_flag("--in-order", in_order, "the pictures, by name, show class 0, 1, 2, ...");
  chengying::cli::add_method_option(app, flags);
  CLI11_PARSE(app, argc, argv);
  const auto status = chengying::run(flags, pictures, in_order);
  if (!status) fmt::print(stderr, "accuracy: {}\n", status.error().message);
  return status ? 0 : 1;
}
