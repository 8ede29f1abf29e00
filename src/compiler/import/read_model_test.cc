// What is refused of a model file, and in which words: each broken file is a whole model with one thing
// changed.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <fstream>
#include <functional>

#include "base/digest.h"
#include "base/file.h"
#include "compiler/import/import.h"
#include "compiler/import/onnx_model.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

namespace fs = std::filesystem;

void add_port(onnx::ValueInfoProto& port, const std::string& name) {
  port.set_name(name);
  auto* type = port.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : {1, 4}) type->mutable_shape()->add_dim()->set_dim_value(size);
}

void add_node(onnx::GraphProto& graph, const std::string& op, const std::vector<std::string>& inputs,
              const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name("the_" + op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
}

/// y = Relu(x + w), x and w of 1x4 floats.
onnx::ModelProto whole_model() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto& graph = *model.mutable_graph();
  graph.set_name("g");
  add_port(*graph.add_input(), "x");
  add_port(*graph.add_output(), "y");
  auto& w = *graph.add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : {1, 4}) w.add_dims(size);
  for (const float value : {1.0F, 2.0F, 3.0F, 4.0F}) w.add_float_data(value);
  add_node(graph, "Add", {"x", "w"}, "sum");
  add_node(graph, "Relu", {"sum"}, "y");
  return model;
}

Result<OnnxModel> read_bytes(const std::string& bytes) {
  return read_model({{}, std::make_shared<const std::string>(bytes)});
}

Error error_of(const std::string& bytes) {
  const Result<OnnxModel> model = read_bytes(bytes);
  EXPECT_FALSE(model);
  return model ? Error{} : model.error();
}

Error error_after(const std::function<void(onnx::ModelProto&)>& change) {
  onnx::ModelProto model = whole_model();
  change(model);
  return error_of(model.SerializeAsString());
}

/// What import says of a model that reads well.
Error refusal_after(const std::function<void(onnx::GraphProto&)>& change) {
  onnx::ModelProto proto = whole_model();
  change(*proto.mutable_graph());
  const Result<OnnxModel> model = read_bytes(proto.SerializeAsString());
  EXPECT_TRUE(model) << model.error().message;
  const Result<Graph> graph = import_onnx(*model, {.batch = 1, .dimensions = {}});
  EXPECT_FALSE(graph);
  return graph ? Error{} : graph.error();
}

TEST(ReadModel, AWholeOneIsTaken) {
  EXPECT_TRUE(read_bytes(whole_model().SerializeAsString()));
}

TEST(ReadModel, EveryTruncationIsRefusedOrLacksWhatWasCutOff) {
  const std::string whole = whole_model().SerializeAsString();
  std::size_t not_whole = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Error error = error_of(whole.substr(0, size));
    not_whole += error.message == fmt::format(
                                      "not an ONNX model, or a truncated one: its {} bytes are not one whole "
                                      "protobuf message",
                                      size)
                     ? 1
                     : 0;
  }
  EXPECT_GT(not_whole, whole.size() * 9 / 10);
  EXPECT_EQ(error_of("").message, "the model is empty: 0 bytes");
  EXPECT_EQ(error_of(std::string("\x08\x08", 2)).message, "not an ONNX model: the message has no graph");
}

TEST(ReadModel, AFileOverTheLimitIsRefusedByItsSizeBeforeItIsRead) {
  const fs::path path = fs::temp_directory_path() / ("chengying_large_" + random_hex(6) + ".onnx");
  std::ofstream(path).put('x');
  fs::resize_file(path, kModelBytesMax + 1);  // a hole: no disk is used
  const Result<OnnxModel> model = read_model({path, nullptr});
  fs::remove(path);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kTooLarge);
  EXPECT_EQ(model.error().message,
            path.string() + ": the model has 2147483648 bytes; the limit is 2147483647");
}

TEST(ReadModel, GraphsThatAreNoneAreRefusedByTheNodeThatBreaksThem) {
  EXPECT_EQ(error_after([](auto& m) { m.mutable_graph()->mutable_node(0)->set_input(1, "y"); }).message,
            "node 'the_Add' (Add) reads 'y' before it is made: the nodes have a cycle or are out of order");
  EXPECT_EQ(error_after([](auto& m) { m.mutable_graph()->mutable_node(0)->set_input(1, "v"); }).message,
            "node 'the_Add' (Add) reads 'v', which no node makes and no initialiser holds");
  EXPECT_EQ(error_after([](auto& m) { m.mutable_graph()->mutable_node(1)->set_output(0, "sum"); }).message,
            "node 'the_Relu' (Relu) makes 'sum', which exists already");
  EXPECT_EQ(error_after([](auto& m) { m.mutable_graph()->mutable_output(0)->set_name("z"); }).message,
            "the model's output 'z' is made by no node");
  EXPECT_EQ(error_after([](auto& m) { add_port(*m.mutable_graph()->add_input(), "x"); }).message,
            "two model inputs have the name 'x'");
  EXPECT_EQ(
      error_after([](auto& m) { *m.mutable_graph()->add_initializer() = m.graph().initializer(0); }).message,
      "two initialisers have the name 'w'");
  EXPECT_EQ(error_after([](auto& m) { m.mutable_graph()->clear_output(); }).message,
            "the model has no outputs");
}

TEST(ReadModel, TensorsWhoseBytesDoNotFillTheirShapesAreRefused) {
  const auto weights = [](const auto& change) {
    return error_after([&](onnx::ModelProto& m) { change(*m.mutable_graph()->mutable_initializer(0)); });
  };
  EXPECT_EQ(weights([](auto& w) { w.add_float_data(5); }).message,
            "tensor 'w' of shape [1,4] has 5 elements in the file");
  EXPECT_EQ(weights([](auto& w) { w.set_dims(1, -4); }).message, "tensor 'w' has a dimension of -4");
  EXPECT_EQ(weights([](auto& w) { w.set_dims(1, std::int64_t{1} << 40); }).message,
            "tensor 'w' has a dimension of 1099511627776; the limit is 2147483647");
  const Error huge = weights([](auto& w) {
    w.set_dims(0, 1 << 30);
    w.set_dims(1, 1 << 30);
  });
  EXPECT_EQ(huge.code, Code::kTooLarge);
  EXPECT_EQ(huge.message, "tensor 'w' of shape [1073741824,1073741824] has more than 2147483648 elements");
  EXPECT_EQ(weights([](auto& w) {
              w.clear_float_data();
              w.set_raw_data("123456789");
            }).message,
            "tensor 'w' of type f32 and shape [1,4] needs 16 bytes, the file has 9");
}

TEST(ReadModel, TypesAndVersionsThatAreNotTakenAreNamed) {
  const Error strings = error_after([](auto& m) {
    m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
        onnx::TensorProto::STRING);
  });
  EXPECT_EQ(strings.code, Code::kUnsupported);
  EXPECT_TRUE(strings.message.starts_with("input 'x' has ONNX element type STRING; taken are float, "))
      << strings.message;
  EXPECT_EQ(error_after([](auto& m) { m.mutable_opset_import(0)->set_version(99); }).message,
            "the model uses ONNX operators of version 99; taken are 1 to 21");
  EXPECT_EQ(error_after([](auto& m) { m.clear_opset_import(); }).message,
            "the model names no version of the ONNX operators (opset_import)");
}

TEST(ReadModel, AnUnknownOperatorIsRefusedByNodeAndShapeAndAllOfThemAtOnce) {
  const Error error = refusal_after([](onnx::GraphProto& graph) {
    graph.mutable_node(0)->set_op_type("Fold3D");
    add_node(graph, "Unfold", {"x"}, "u");
    graph.mutable_node(2)->set_domain("com.example");
  });
  EXPECT_EQ(error.code, Code::kUnsupported);
  EXPECT_EQ(error.message,
            "2 nodes of the model can't be compiled:\n"
            "  'the_Add' (Fold3D) on f32[1,4], f32[1,4]: the operator is not known to this compiler\n"
            "  'the_Unfold' (Unfold) on f32[1,4]: the operator of domain 'com.example' is not known to this "
            "compiler");
}

TEST(ReadModel, ShapesThatDoNotFitTogetherAreRefusedByTheirNode) {
  const Error error = refusal_after([](onnx::GraphProto& graph) {
    auto& w = *graph.mutable_initializer(0);
    w.set_dims(1, 3);
    w.mutable_float_data()->RemoveLast();
  });
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message.find("node 'the_Add' (Add): "), 0U) << error.message;
  EXPECT_NE(error.message.find("[1,4] and [1,3]"), std::string::npos) << error.message;
}

class ExternalFile : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "weights");
    write(folder_ / "weights" / "w.bin", "0123456789abcdef");
    write(outside_, "0123456789abcdef");
  }
  void TearDown() override {
    fs::remove_all(folder_);
    fs::remove(outside_);
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  /// The model with its weights at `location`.
  static onnx::ModelProto model_at(const std::string& location, const std::string& offset = "0",
                                   const std::string& length = "16") {
    onnx::ModelProto model = whole_model();
    auto& w = *model.mutable_graph()->mutable_initializer(0);
    w.clear_float_data();
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] :
         {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
      auto& entry = *w.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return model;
  }
  Result<OnnxModel> read(const onnx::ModelProto& model) {
    write(folder_ / "model.onnx", model.SerializeAsString());
    return read_model({folder_ / "model.onnx", nullptr});
  }
  void expect_outside(const std::string& location) {
    const Result<OnnxModel> model = read(model_at(location));
    ASSERT_FALSE(model) << location;
    EXPECT_EQ(model.error().code, Code::kInvalidArgument);
    EXPECT_EQ(
        model.error().message,
        fmt::format(
            "tensor 'w' has its data at '{}', outside of the model's folder; only files inside are read",
            location));
  }
  fs::path folder_ = fs::temp_directory_path() / ("chengying_external_" + random_hex(6));
  fs::path outside_ = folder_.string() + ".outside";
};

TEST_F(ExternalFile, InsideOfTheModelsFolderIsRead) {
  const Result<OnnxModel> model = read(model_at("weights/w.bin"));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::memcmp(model->initialisers.at("w")->bytes().data(), "0123456789abcdef", 16), 0);
}

TEST_F(ExternalFile, APathOutsideOfTheModelsFolderIsRefused) {
  expect_outside(outside_.string());
  expect_outside("../" + outside_.filename().string());
  expect_outside("weights/../../" + outside_.filename().string());
  expect_outside("");
  expect_outside(std::string("weights/w.bin\0.png", 18));
}

TEST_F(ExternalFile, ALinkThatLeadsOutsideIsRefused) {
  fs::create_symlink(outside_, folder_ / "file_link");
  expect_outside("file_link");
  fs::create_directory_symlink(outside_.parent_path(), folder_ / "folder_link");
  expect_outside("folder_link/" + outside_.filename().string());
  fs::create_symlink("file_link", folder_ / "link_to_link");
  expect_outside("link_to_link");
}

TEST_F(ExternalFile, ALinkThatStaysInsideIsRead) {
  fs::create_symlink("weights/w.bin", folder_ / "inside");
  EXPECT_TRUE(read(model_at("inside")));
}

TEST_F(ExternalFile, PlacesThatTheFileDoesNotHaveAreRefused) {
  const auto error = [&](const onnx::ModelProto& model) {
    const Result<OnnxModel> result = read(model);
    EXPECT_FALSE(result);
    return result ? Error{} : result.error();
  };
  EXPECT_EQ(error(model_at("weights/none.bin")).message,
            "tensor 'w' has its data in 'weights/none.bin', which can't be read: No such file or directory");
  EXPECT_EQ(error(model_at("weights/w.bin", "8")).message,
            "tensor 'w' has its data at bytes 8 to 8+16 of 'weights/w.bin', which has only 16");
  EXPECT_EQ(error(model_at("weights/w.bin", "-1")).message,
            "tensor 'w': external data offset '-1' is not a number of bytes");
  EXPECT_EQ(error(model_at("weights/w.bin", "0", "99999999999999999999")).message,
            "tensor 'w': external data length '99999999999999999999' is not a number of bytes");
}

TEST_F(ExternalFile, AnUploadThatNamesAFileIsRefused) {
  EXPECT_EQ(
      error_of(model_at("weights/w.bin").SerializeAsString()).message,
      "tensor 'w' has its data in another file ('weights/w.bin'); a model that is uploaded must be one file");
}

}  // namespace
}  // namespace chengying::compiler
