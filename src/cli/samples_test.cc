#include "cli/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "cli/sample_source.h"
#include "cli/tensor_files.h"

namespace chengying::cli {
namespace {

using ::testing::HasSubstr;

Tensor filled(Shape shape, float value) {
  Tensor tensor(DType::kF32, std::move(shape));
  std::ranges::fill(tensor.as<float>(), value);
  return tensor;
}

class Samples : public ::testing::Test {
 protected:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("samples_{}", ::getpid());
  Ports one_ = {{"x", DType::kF32, {-1, 2}}};
  Ports two_ = {{"x", DType::kF32, {-1, 2}}, {"y", DType::kF32, {-1, 3}}};

  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string save(const std::string& name, std::vector<NamedTensor> tensors) {
    EXPECT_TRUE(write_tensor_file(folder_ / name, tensors));
    return (folder_ / name).string();
  }
};

TEST_F(Samples, ANameMayBeLeftOutWhereThereIsOneInput) {
  const auto file = save("a.npy", {{"", filled({1, 2}, 1)}});
  for (const std::string& argument : {file, "x=" + file}) {
    const auto inputs = read_inputs({argument}, one_, std::nullopt);
    ASSERT_TRUE(inputs) << inputs.error().message;
    EXPECT_EQ(inputs->front().shape(), (Shape{1, 2}));
  }
}

TEST_F(Samples, SeveralFilesForOneInputAreABatchInTheirOrder) {
  const auto a = save("a.npy", {{"", filled({1, 2}, 1)}}), b = save("b.npy", {{"", filled({2, 2}, 2)}});
  const auto inputs = read_inputs({b, a}, one_, std::nullopt);
  ASSERT_TRUE(inputs);
  EXPECT_EQ(inputs->front().shape(), (Shape{3, 2}));
  EXPECT_EQ(inputs->front().as<float>()[0], 2);
  EXPECT_EQ(inputs->front().as<float>()[5], 1);
}

TEST_F(Samples, DoublesAndHalvesBecomeTheF32ThatAModelHoldsThemIn) {
  Tensor doubles(DType::kF64, {1, 2}), halves(DType::kF16, {1, 2});
  std::ranges::fill(doubles.as<double>(), 0.1);
  std::ranges::fill(halves.as<std::uint16_t>(), std::uint16_t{0x3c00});
  const auto a = save("a.npy", {{"", doubles}}), b = save("b.npy", {{"", halves}});
  const auto inputs = read_inputs({a, b}, one_, std::nullopt);
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ(inputs->front().dtype(), DType::kF32);
  EXPECT_EQ(inputs->front().as<float>()[0], 0.1F);
  EXPECT_EQ(inputs->front().as<float>()[3], 1.0F);
}

TEST_F(Samples, NamesInsideOfAnArchiveChooseTheInputs) {
  const auto file = save("a.npz", {{"y", filled({1, 3}, 2)}, {"x", filled({1, 2}, 1)}});
  const auto inputs = read_inputs({file}, two_, std::nullopt);
  ASSERT_TRUE(inputs);
  EXPECT_EQ((*inputs)[0].shape(), (Shape{1, 2}));
  EXPECT_EQ((*inputs)[1].shape(), (Shape{1, 3}));
}

TEST_F(Samples, AnInputThatTheModelLacksIsRefusedByItsName) {
  const Error error = read_inputs({"z=a.npy"}, two_, std::nullopt).error();
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message, "--input z=a.npy: no input is called 'z'; the model's are x, y");
}

TEST_F(Samples, RefusalsSayWhatToGive) {
  const auto file = save("a.npy", {{"", filled({1, 2}, 1)}});
  EXPECT_THAT(read_inputs({file}, two_, std::nullopt).error().message,
              HasSubstr("which input is it for? Say NAME=FILE; the model's are x, y"));
  EXPECT_THAT(read_inputs({"x=" + file}, two_, std::nullopt).error().message,
              HasSubstr("nothing for input 'y' (f32 [?,3]); give --input y=FILE"));
  EXPECT_THAT(
      read_inputs({"cat.jpg"}, one_, std::nullopt).error().message,
      HasSubstr(
          "cat.jpg: the model does not say how a photograph becomes its input; give --preprocessing FILE"));
  EXPECT_THAT(read_samples(folder_ / "none", one_, std::nullopt, 10).error().message,
              HasSubstr("none: No such file"));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(read_samples(folder_ / "empty", one_, std::nullopt, 10).error().message,
              HasSubstr("no photographs (.jpg, .png) and no tensors"));
}

TEST_F(Samples, AFolderGivesASampleForEachFileAndAnArchiveOneForEachRow) {
  save("b.npy", {{"", filled({1, 2}, 2)}});
  save("a.npy", {{"", filled({1, 2}, 1)}});
  const auto from_folder = read_samples(folder_, one_, std::nullopt, 10);
  ASSERT_TRUE(from_folder) << from_folder.error().message;
  ASSERT_EQ(from_folder->size(), 2u);
  EXPECT_EQ((*from_folder)[0].at("x").as<float>()[0], 1);
  EXPECT_EQ(read_samples(folder_, one_, std::nullopt, 1)->size(), 1u);

  const auto archive = save("all.npz", {{"x", filled({3, 2}, 1)}, {"y", filled({3, 3}, 1)}});
  const auto from_archive = read_samples(archive, two_, std::nullopt, 10);
  ASSERT_TRUE(from_archive);
  EXPECT_EQ(from_archive->size(), 3u);
  const auto uneven = save("uneven.npz", {{"x", filled({3, 2}, 1)}, {"y", filled({2, 3}, 1)}});
  EXPECT_THAT(read_samples(uneven, two_, std::nullopt, 10).error().message,
              HasSubstr("'y' has 2 samples, another input has 3"));
}

TEST_F(Samples, ASampleThatIsNotTheModelsInputIsRefusedByItsFile) {
  const auto wide = save("wide.npz", {{"x", filled({2, 3}, 1)}});
  EXPECT_EQ(read_samples(wide, one_, std::nullopt, 10).error().message,
            wide + ": input 'x' is f32[1,3]; a sample of the model is f32[?,2]");
  const auto whole = save("whole.npy", {{"", Tensor(DType::kI64, {1, 2})}});
  EXPECT_EQ(read_samples(whole, one_, std::nullopt, 10).error().message,
            whole + ": input 'x' is i64[1,2]; a sample of the model is f32[?,2]");
  const auto none = save("none.npy", {{"", Tensor(DType::kF32, {0, 2})}});
  EXPECT_THAT(read_samples(none, one_, std::nullopt, 10).error().message, HasSubstr("'x' has no samples"));
  ASSERT_TRUE(write_file_atomically(folder_ / "words.txt", std::string_view("a word\n")));
  EXPECT_THAT(
      read_samples(folder_ / "words.txt", one_, std::nullopt, 10).error().message,
      HasSubstr("words.txt: samples are a folder of photographs (.jpg, .png) or tensors, or one .npy or "
                ".npz file"));
}

class Labels : public Samples {
 protected:
  Result<std::vector<std::size_t>> labels(const std::string& text) {
    save("a.npy", {{"", filled({1, 2}, 1)}});
    save("b c.npy", {{"", filled({1, 2}, 1)}});
    EXPECT_TRUE(write_file_atomically(folder_ / "labels", std::string_view(text)));
    TRY_ASSIGN(const SampleSource source, SampleSource::open(folder_, one_, std::nullopt, 10));
    return read_labels(folder_ / "labels", source);
  }
};

TEST_F(Labels, AreInTheSamplesOrderOrByTheirNames) {
  EXPECT_EQ(*labels("7\n9\n"), (std::vector<std::size_t>{7, 9}));
  EXPECT_EQ(*labels("b c.npy\t9\r\n\nz.npy 1\na.npy 7"), (std::vector<std::size_t>{7, 9}));
}

TEST_F(Labels, RefusalsSayWhichLine) {
  EXPECT_THAT(labels("7\ncat\n").error().message,
              HasSubstr("labels:2: \"cat\" is not the number of a class; a line is CLASS or NAME CLASS"));
  EXPECT_THAT(labels("7\n-1\n").error().message, HasSubstr("labels:2: \"-1\" is not the number of a class"));
  EXPECT_THAT(labels("7\n").error().message, HasSubstr("labels: 1 labels for 2 samples"));
  EXPECT_THAT(labels("a.npy 7\n").error().message, HasSubstr("labels: no label for sample 'b c.npy'"));
}

TEST_F(Samples, PreprocessingComesFromTheFileThenFromTheModel) {
  ASSERT_TRUE(write_file_atomically(folder_ / "p.json", std::string_view(R"({"crop":32})")));
  const Metadata metadata = {{std::string(runtime::kPreprocessingKey), R"({"crop":64})"}};
  EXPECT_EQ((*preprocessing_of(metadata, ""))->crop->width, 64);
  EXPECT_EQ((*preprocessing_of(metadata, (folder_ / "p.json").string()))->crop->width, 32);
  EXPECT_EQ(*preprocessing_of({}, ""), std::nullopt);
  EXPECT_THAT(preprocessing_of({{std::string(runtime::kPreprocessingKey), "{"}}, "").error().message,
              HasSubstr("the model's preprocessing: "));
}

}  // namespace
}  // namespace chengying::cli
