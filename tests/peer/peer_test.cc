// The peer's judgement: the same model by ONNX Runtime.
#include <gtest/gtest.h>

#include <string>

#include "cli/chip_source.h"
#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "peer/agreement.h"
#include "peer/last_step.h"
#include "peer/ort.h"

namespace chengying {
namespace {

constexpr int kThreads = 2;
const std::string kCache = CHENGYING_SOURCE_DIR "/.cache/";

Result<Tensor> first(Result<std::vector<Tensor>> outputs) {
  if (!outputs) return std::unexpected<Error>(outputs.error());
  return std::move(outputs->front());
}

class Peer : public ::testing::Test {
 protected:
  cli::CompileFlags flags_;

  void SetUp() override {
    flags_.model = kCache + "models/resnet50.onnx";
    ASSERT_TRUE(std::filesystem::exists(flags_.model)) << "run scripts/setup.sh";
  }

  static std::vector<std::filesystem::path> pictures(const std::string& folder, std::size_t limit = 1000) {
    return *peer::pictures_of(kCache + "photos/" + folder, limit);
  }

  static Result<peer::OrtSession> peer_of(const std::string& model) {
    return peer::OrtSession::load(peer::ort_library_path(CHENGYING_SOURCE_DIR), model, kThreads);
  }

  /// Our answers to pictures beside ONNX Runtime's on the fp32 model.
  Result<peer::Agreement> against_fp32(const std::vector<std::filesystem::path>& files) {
    TRY_ASSIGN(const cli::Ready ready, cli::make_ready(flags_));
    cli::LocalEngine engine(ready.chip, ready.executable->cores, kThreads);
    TRY(engine.load(ready.executable));
    TRY_ASSIGN(auto ort, peer_of(flags_.model));
    return peer::compare(
        files, *ready.model.preprocessing, [&](const Tensor& input) { return first(ort.run({input})); },
        [&](const Tensor& input) { return first(engine.run(1, {input})); });
  }
};

TEST_F(Peer, Int8GivesTheSameFirstNameAsFp32ToAtLeast93PercentOfHardPhotographs) {
  flags_.calibrate = kCache + "photos/calibration";
  const auto files = pictures("test");
  ASSERT_GE(files.size(), 200u);
  const auto agreement = against_fp32(files);
  ASSERT_TRUE(agreement) << agreement.error().message;
  fmt::print("int8 and ONNX Runtime fp32 give the same first name to {} of {} photographs: {:.2f} %\n",
             agreement->equal(), files.size(), 100 * agreement->share());
  // One in six of these photographs has two names less than 0.1 apart; docs/accuracy.md has the goal and
  // ImageNet's share.
  EXPECT_GE(agreement->share(), 0.93);
}

TEST_F(Peer, Fp32ProbabilitiesAreWithin1e4) {
  flags_.precision = compiler::Precision::kFloat32;
  const auto agreement = against_fp32(pictures("demo"));
  ASSERT_TRUE(agreement) << agreement.error().message;
  fmt::print("fp32: largest difference of a probability {:.2g}\n", agreement->difference_max());
  EXPECT_EQ(agreement->equal(), agreement->pictures.size());
  EXPECT_LE(agreement->difference_max(), 1e-4);
}

TEST_F(Peer, TheQdqModelIsWithinOneStepOfItsLastQuantiserInBothEnginesForAllButOneInAThousand) {
  flags_.calibrate = kCache + "photos/calibration";
  const auto model = cli::describe_model(flags_);
  ASSERT_TRUE(model) << model.error().message;
  const auto host = cli::find_chip("host");
  ASSERT_TRUE(host);
  auto options = cli::compile_options_of(flags_, *model, *host, kThreads);
  ASSERT_TRUE(options) << options.error().message;
  const auto qdq = compiler::quantise_to_onnx({flags_.model, nullptr}, *options);
  ASSERT_TRUE(qdq) << qdq.error().message;
  const auto step = peer::last_step_of(*qdq);
  ASSERT_TRUE(step) << step.error().message;

  compiler::CompileOptions plain;
  plain.cores = kThreads;
  auto output = compiler::compile({"", std::make_shared<const std::string>(*qdq)}, *host, plain);
  ASSERT_TRUE(output) << output.error().message;
  cli::LocalEngine engine(*host, kThreads, kThreads);
  ASSERT_TRUE(engine.load(std::make_shared<const isa::Executable>(std::move(output->executable))));
  auto ort = peer::OrtSession::load_bytes(peer::ort_library_path(CHENGYING_SOURCE_DIR), *qdq, kThreads);
  ASSERT_TRUE(ort) << ort.error().message;

  std::size_t equal = 0, within_one = 0, classes = 0;
  for (const auto& file : pictures("test", 20)) {
    const auto input = cli::read_image_tensor(file, model->preprocessing);
    const auto ours = first(engine.run(1, {*input})), theirs = first(ort->run({*input}));
    ASSERT_TRUE(ours && theirs);
    const auto difference = peer::compare_in_steps(*ours, *theirs, *step);
    equal += difference.equal;
    within_one += difference.within_one;
    classes += difference.classes;
  }
  fmt::print("QDQ: {:.2f} % of {} numbers equal, {:.3f} % within one step of the last quantiser\n",
             100.0 * static_cast<double>(equal) / static_cast<double>(classes), classes,
             100.0 * static_cast<double>(within_one) / static_cast<double>(classes));
  EXPECT_GE(within_one * 1000, classes * 999);
}

}  // namespace
}  // namespace chengying
