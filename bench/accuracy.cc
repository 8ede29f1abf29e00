// accuracy MODEL CALIBRATION_FOLDER PICTURES_FOLDER [--in-order]
// Our int8 against ONNX Runtime's fp32 on a folder of pictures: how often the first name is the same.
// --in-order: the pictures, in order of their names, show class 0, 1, 2, ...; then it also counts how often
// each engine is right.
#include <fmt/format.h>

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

Status run(const std::string& model, const std::string& calibration, const std::string& pictures,
           bool in_order) {
  cli::CompileFlags flags;
  flags.model = model;
  flags.calibrate = calibration;
  TRY_ASSIGN(const cli::Ready ready, cli::make_ready(flags));
  cli::LocalEngine engine(ready.chip, ready.executable->cores, cli::default_threads(ready.chip.cores));
  TRY(engine.load(ready.executable));
  TRY_ASSIGN(auto ort, peer::OrtSession::load(peer::ort_library_path(CHENGYING_SOURCE_DIR), model,
                                              static_cast<int>(cli::default_threads(ready.chip.cores))));
  TRY_ASSIGN(const auto files, peer::pictures_of(pictures, kPicturesMax));
  if (!ready.model.preprocessing) return fail(Code::kInvalidArgument, "{}: has no preprocessing", model);
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
  const bool in_order = argc == 5 && std::string(argv[4]) == "--in-order";
  if (argc != 4 && !in_order) {
    fmt::print(stderr, "accuracy MODEL CALIBRATION_FOLDER PICTURES_FOLDER [--in-order]\n");
    return 2;
  }
  const auto status = chengying::run(argv[1], argv[2], argv[3], in_order);
  if (!status) fmt::print(stderr, "accuracy: {}\n", status.error().message);
  return status ? 0 : 1;
}
