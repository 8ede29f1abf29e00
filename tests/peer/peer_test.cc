// The peer's judgement: the same model by ONNX Runtime.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli/chip_source.h"
#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "peer/agreement.h"
#include "peer/last_quantiser.h"
#include "peer/model_row.h"
#include "peer/ort.h"
#include "peer/side_by_side.h"

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

  Result<std::string> quantised() {
    TRY_ASSIGN(const cli::Described model, cli::describe_model(flags_));
    TRY_ASSIGN(const isa::ChipSpec host, cli::find_chip("host"));
    TRY_ASSIGN(auto options, cli::compile_options_of(flags_, model, host, kThreads));
    return compiler::quantise_to_onnx({flags_.model, nullptr}, options);
  }

  /// The only output, u8, of a QDQ model of pictures, ours beside ONNX Runtime's.
  Result<peer::StepDifference> in_both_engines(const std::string& qdq,
                                               const std::vector<std::filesystem::path>& files) {
    TRY_ASSIGN(const isa::ChipSpec host, cli::find_chip("host"));
    compiler::CompileOptions plain;
    plain.cores = kThreads;
    TRY_ASSIGN(auto output, compiler::compile({"", std::make_shared<const std::string>(qdq)}, host, plain));
    cli::LocalEngine engine(host, kThreads, kThreads);
    TRY(engine.load(std::make_shared<const isa::Executable>(std::move(output.executable))));
    TRY_ASSIGN(auto ort,
               peer::OrtSession::load_bytes(peer::ort_library_path(CHENGYING_SOURCE_DIR), qdq, kThreads));
    TRY_ASSIGN(const cli::Described model, cli::describe_model(flags_));
    peer::StepDifference total;
    for (const auto& file : files) {
      TRY_ASSIGN(const Tensor input, cli::read_image_tensor(file, model.preprocessing));
      TRY_ASSIGN(const Tensor ours, first(engine.run(1, {input})));
      TRY_ASSIGN(const Tensor theirs, first(ort.run({input})));
      const auto one = peer::compare_steps(ours, theirs);
      total = {total.equal + one.equal, total.within_one + one.within_one, total.elements + one.elements};
    }
    return total;
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

TEST_F(Peer, Int8GivesTheSameFirstNameAsFp32ToAtLeast97PercentOfPhotographs) {
  flags_.calibrate = kCache + "photos/calibration";
  const auto files = pictures("test");
  ASSERT_GE(files.size(), 200u);
  const auto agreement = against_fp32(files);
  ASSERT_TRUE(agreement) << agreement.error().message;
  fmt::print("int8 and ONNX Runtime fp32 give the same first name to {} of {} photographs: {:.2f} %\n",
             agreement->equal(), files.size(), 100 * agreement->share());
  EXPECT_GE(agreement->share(), 0.97);
}

TEST_F(Peer, Fp32ProbabilitiesAreWithin1e4) {
  flags_.precision = compiler::Precision::kFloat32;
  const auto agreement = against_fp32(pictures("demo"));
  ASSERT_TRUE(agreement) << agreement.error().message;
  fmt::print("fp32: largest difference of a probability {:.2g}\n", agreement->difference_max());
  EXPECT_EQ(agreement->equal(), agreement->pictures.size());
  EXPECT_LE(agreement->difference_max(), 1e-4);
}

TEST_F(Peer, TheLastIntegersOfTheQdqModelAreWithinOneStepInBothEnginesAndMostlyEqual) {
  flags_.calibrate = kCache + "photos/calibration";
  const auto qdq = quantised();
  ASSERT_TRUE(qdq) << qdq.error().message;
  const auto cut = peer::cut_at_last_quantiser(*qdq);
  ASSERT_TRUE(cut) << cut.error().message;
  const auto difference = in_both_engines(*cut, pictures("test", 20));
  ASSERT_TRUE(difference) << difference.error().message;
  const auto percent = [&](std::size_t count) {
    return 100.0 * static_cast<double>(count) / static_cast<double>(difference->elements);
  };
  fmt::print("QDQ: {:.2f} % of {} last integers equal, {:.3f} % within one step\n",
             percent(difference->equal), difference->elements, percent(difference->within_one));
  EXPECT_GE(percent(difference->equal), 95);  // docs/accuracy.md says what differs
  EXPECT_EQ(difference->within_one, difference->elements);
}

/// Rows of scripts/models.txt; docs/models.md has all of them.
class RealModel : public ::testing::TestWithParam<const char*> {};

TEST_P(RealModel, GivesOnnxRuntimesAnswer) {
  const std::filesystem::path repository = CHENGYING_SOURCE_DIR;
  const auto rows = peer::read_model_rows(repository / "scripts/models.txt");
  ASSERT_TRUE(rows) << rows.error().message;
  const auto row = std::ranges::find(*rows, GetParam(), &peer::ModelRow::name);
  ASSERT_NE(row, rows->end());
  if (!std::filesystem::exists(row->path(repository))) GTEST_SKIP() << "scripts/setup.sh models brings it";
  const auto result = peer::side_by_side(*row, repository);
  ASSERT_TRUE(result) << result.error().message;
  fmt::print("{}: largest difference {:.1e} of the largest element, least cosine {:.6f}\n", row->name,
             result->difference, result->cosine);
  EXPECT_TRUE(result->holds(*row));
}

INSTANTIATE_TEST_SUITE_P(Peer, RealModel, ::testing::Values("minilm", "retinaface"));

}  // namespace
}  // namespace chengying
