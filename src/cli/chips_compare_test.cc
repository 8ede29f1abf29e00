// compare and sweep, as typed: a line for each chip, refusals with their reasons, and what is refused
// outright.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/command.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int exit_code = 0;
  std::string out, err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::vector<const char*> words{"chengying"};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.exit_code = run_command_line(static_cast<int>(words.size()), words.data());
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

void set_port(onnx::ValueInfoProto* port, const char* name, std::int64_t channels) {
  port->set_name(name);
  auto* type = port->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : {std::int64_t{1}, channels, std::int64_t{4}, std::int64_t{4}})
    type->mutable_shape()->add_dim()->set_dim_value(size);
}

/// A 1x1 convolution in f32, which some chips have and others lack; written to a file of that name.
std::string convolution_file(const std::string& name) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("one");
  set_port(graph.add_input(), "x", 8);
  set_port(graph.add_output(), "y", 16);
  auto* weights = graph.add_initializer();
  weights->set_name("w");
  weights->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : {16, 8, 1, 1}) weights->add_dims(size);
  for (int i = 0; i < 128; ++i) weights->add_float_data(0.01F * static_cast<float>(i - 64));
  auto* node = graph.add_node();
  node->set_op_type("Conv");
  node->set_name("convolution");
  node->add_input("x");
  node->add_input("w");
  node->add_output("y");
  const std::string path = ::testing::TempDir() + "/" + name;
  EXPECT_TRUE(write_file_atomically(path, std::string_view(model.SerializeAsString())));
  return path;
}

TEST(Compare, HasALineForEachChipAndTheReasonOfEachRefusal) {
  const std::string model = convolution_file("compare_lines.onnx");
  const Outcome outcome = run({"chips", "compare", model});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* chip : {"a100", "chengying1", "h20", "hanguang800", "host", "kunlun1", "kunlun_p800",
                           "mlu370", "mlu590", "tpu_v1", "zhenwu810e"})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n") + chip + " "));
  EXPECT_THAT(outcome.out, HasSubstr("chip hanguang800 can't run 1 of the model's 3 nodes:"));
}

TEST(Compare, GivesTheSameAsJson) {
  const std::string model = convolution_file("compare_json.onnx");
  const Outcome outcome = run({"chips", "compare", model, "--chip", "host,hanguang800", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::value document = json::parse(outcome.out);
  const json::array& chips = document.at("chips").as_array();
  ASSERT_EQ(chips.size(), 2u);
  EXPECT_GT(chips[0].at("seconds").to_number<double>(), 0);
  EXPECT_GT(chips[0].at("samples_per_second").to_number<double>(), 0);
  EXPECT_GT(chips[0].at("joules_per_sample").to_number<double>(), 0);
  EXPECT_GT(chips[0].at("utilisation").to_number<double>(), 0);
  EXPECT_LE(chips[0].at("utilisation").to_number<double>(), 1);
  EXPECT_STREQ(chips[0].at("currency").as_string().c_str(), "USD");
  EXPECT_THAT(chips[1].at("refused").as_string().c_str(), HasSubstr("convolution"));
}

TEST(Compare, RefusesAnExecutableAndUnknownChips) {
  const std::string model = convolution_file("compare_refusals.onnx"), executable = model + ".cyx";
  ASSERT_EQ(run({"compile", model, "--output", executable}).exit_code, 0);
  EXPECT_THAT(
      run({"chips", "compare", executable}).err,
      StartsWith("chengying: " + executable + ": is an executable, for one chip alone; give the model"));
  EXPECT_THAT(run({"chips", "compare", model, "--chip", "abacus"}).err,
              StartsWith("chengying: no chip is called 'abacus'; there are: a100, "));
}

TEST(Sweep, TriesEveryCombinationAndPlotsIt) {
  const std::string model = convolution_file("sweep.onnx"), plot = ::testing::TempDir() + "/sweep.svg";
  const Outcome outcome = run({"chips", "sweep", "host", "--vary", "chip.clock_hz=x1,x2", "--vary",
                               "tensor.f32.columns=8,16", "--model", model, "--plot", plot, "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json::value document = json::parse(outcome.out);
  const json::array& rows = document.at("rows").as_array();
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[1].at("changes").at("tensor.f32.columns").to_number<int>(), 16);
  EXPECT_GT(rows[0].at("seconds").to_number<double>(), rows[3].at("seconds").to_number<double>());
  const std::string svg = read_text_file(plot, 1 << 20).value_or("");
  EXPECT_THAT(svg, HasSubstr("tensor.f32.columns=16"));
}

TEST(Sweep, OverGuessesStartsWithTheChipAsItIs) {
  const Outcome outcome =
      run({"chips", "sweep", "host", "--guesses", "--model", convolution_file("guesses.onnx")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nas it is "));
  EXPECT_THAT(outcome.out, HasSubstr("\ntensor.issue_cycles=200 "));
  EXPECT_THAT(outcome.out, HasSubstr("\ntensor.issue_cycles=800 "));
}

TEST(Sweep, RefusesWhatItCannotDo) {
  const std::string model = convolution_file("sweep_refusals.onnx");
  EXPECT_THAT(run({"chips", "sweep", "host", "--model", model, "--plot", "/nowhere/plot.svg"}).err,
              StartsWith("chengying: /nowhere/plot.svg"));
  EXPECT_THAT(run({"chips", "sweep", "host", "--model", model, "--vary", "chip.colour=1"}).err,
              StartsWith("chengying: chip host has no number 'chip.colour'; it has: chip.cores, "));
  EXPECT_THAT(run({"chips", "sweep", "host", "--model", model, "--vary", "chip.cores=1", "--guesses"}).err,
              StartsWith("chengying: --guesses varies each guess alone; leave out --vary"));
  EXPECT_THAT(run({"chips", "sweep", "host", "--model", "/nowhere/model.onnx"}).err,
              StartsWith("chengying: /nowhere/model.onnx"));
}

}  // namespace
}  // namespace chengying::cli
