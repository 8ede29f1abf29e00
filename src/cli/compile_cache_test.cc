#include "cli/compile_cache.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <fstream>

#include "cli/chip_source.h"

namespace chengying::cli {
namespace {

namespace fs = std::filesystem;

/// y = Relu(x) on f32[1, size].
compiler::ModelSource model_of(std::int64_t size) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto& graph = *model.mutable_graph();
  graph.set_name("small");
  for (auto* port : {graph.add_input(), graph.add_output()}) {
    auto* type = port->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t d : {std::int64_t{1}, size}) type->mutable_shape()->add_dim()->set_dim_value(d);
  }
  graph.mutable_input(0)->set_name("x");
  graph.mutable_output(0)->set_name("y");
  auto& node = *graph.add_node();
  node.set_op_type("Relu");
  node.set_name("relu");
  node.add_input("x");
  node.add_output("y");
  return {.path = {}, .bytes = std::make_shared<const std::string>(model.SerializeAsString())};
}

class CompileCacheTest : public ::testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / ("compile_cache_" + std::to_string(::getpid()));
  isa::ChipSpec host_ = *find_chip("host");
  void TearDown() override { fs::remove_all(folder_); }

  compiler::CompileOutput compiled(const compiler::ModelSource& model) const {
    auto output = compiler::compile(model, host_, {});
    EXPECT_TRUE(output.has_value());
    return std::move(*output);
  }
  std::string kept(const CompileCache& cache, std::int64_t size) const {
    const auto model = model_of(size);
    const auto key = CompileCache::key_of(model, host_, {});
    EXPECT_TRUE(key.has_value());
    auto output = compiled(model);
    cache.keep(*key, output);
    return *key;
  }
};

TEST_F(CompileCacheTest, WhatWasKeptIsFoundWithItsReport) {
  const CompileCache cache(folder_);
  const auto model = model_of(64);
  auto output = compiled(model);
  output.search = {.gains = {{1, 20, 10}, {8, 0, 70}}, .tries = 12, .seconds = 0.25};
  const std::string key = *CompileCache::key_of(model, host_, {});
  EXPECT_FALSE(cache.find(key));
  cache.keep(key, output);
  const auto found = cache.find(key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->executable.digest, output.executable.digest);
  EXPECT_EQ(found->executable.programs, output.executable.programs);
  ASSERT_EQ(found->layers.size(), output.layers.size());
  EXPECT_EQ(found->layers[0].name, output.layers[0].name);
  EXPECT_EQ(found->layers[0].cycles, output.layers[0].cycles);
  EXPECT_EQ(found->fusion.left, output.fusion.left);
  ASSERT_TRUE(found->search);
  EXPECT_EQ(found->search->gains, output.search->gains);
  EXPECT_EQ(found->search->tries, 12U);
  EXPECT_EQ(found->search->seconds, 0.25);
}

TEST_F(CompileCacheTest, AnythingThatChangesTheExecutableChangesTheKey) {
  compiler::CompileOptions more_cores, larger, named, searched, timed;
  more_cores.cores = 2;
  larger.batches = {1, 2};
  named.dimensions = {{"n", 3}};
  searched.search.tries = 10;
  timed.search.seconds = 0.5;
  isa::ChipSpec faster = host_;
  faster.digest.bytes[0] ^= 1;
  const std::string key = *CompileCache::key_of(model_of(64), host_, {});
  EXPECT_EQ(*CompileCache::key_of(model_of(64), host_, {}), key);
  EXPECT_NE(*CompileCache::key_of(model_of(65), host_, {}), key);
  EXPECT_NE(*CompileCache::key_of(model_of(64), faster, {}), key);
  for (const auto& options : {more_cores, larger, named, searched, timed})
    EXPECT_NE(*CompileCache::key_of(model_of(64), host_, options), key);
  compiler::CompileOptions calibrated;
  Tensor sample(DType::kF32, {1, 64});
  calibrated.calibration = compiler::Calibration{.samples = {{{"x", sample}}}, .run = {}};
  const std::string with_sample = *CompileCache::key_of(model_of(64), host_, calibrated);
  EXPECT_NE(with_sample, key);
  calibrated.calibration->samples[0].at("x").as<float>()[5] = 1;
  EXPECT_NE(*CompileCache::key_of(model_of(64), host_, calibrated), with_sample);
}

TEST_F(CompileCacheTest, WhatDependsOnMoreThanItsBytesHasNoKey) {
  compiler::CompileOptions dump;
  dump.dump_after = "import";
  EXPECT_FALSE(CompileCache::key_of(model_of(64), host_, dump));
  onnx::ModelProto model;
  auto* entry = model.mutable_graph()->add_initializer()->add_external_data();
  entry->set_key("location");
  entry->set_value("weights.bin");
  const auto bytes = std::make_shared<const std::string>(model.SerializeAsString());
  EXPECT_FALSE(CompileCache::key_of({.path = {}, .bytes = bytes}, host_, {}));
}

TEST_F(CompileCacheTest, DamagedEntriesAreNotThere) {
  const CompileCache cache(folder_);
  const std::string key = kept(cache, 64);
  ASSERT_TRUE(cache.find(key));
  for (const std::string extension : {".cyx", ".json"}) {
    const fs::path file = folder_ / (key + extension);
    const auto size = fs::file_size(file);
    for (const auto at : {size / 3, size / 2, size - 2}) {
      kept(cache, 64);
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put('\x01');
      stream.close();
      const auto found = cache.find(key);
      if (extension == ".cyx") {
        EXPECT_FALSE(found) << "a changed byte at " << at;
      }
    }
    kept(cache, 64);
    fs::resize_file(file, size / 2);
    EXPECT_FALSE(cache.find(key)) << extension << " cut off";
  }
  kept(cache, 64);
  EXPECT_TRUE(cache.find(key)) << "made anew";
}

TEST_F(CompileCacheTest, TheEntryNotUsedForLongestGoesFirst) {
  const CompileCache roomy(folder_);
  const std::string first = kept(roomy, 64);
  const auto each = fs::file_size(folder_ / (first + ".cyx"));
  const CompileCache tight(folder_, each * 5 / 2);
  const std::string second = kept(tight, 65);
  const auto hour = std::chrono::hours(1);
  fs::last_write_time(folder_ / (first + ".cyx"), fs::file_time_type::clock::now() - hour);
  fs::last_write_time(folder_ / (second + ".cyx"), fs::file_time_type::clock::now() - 2 * hour);
  const std::string third = kept(tight, 66);
  EXPECT_TRUE(tight.find(first));
  EXPECT_FALSE(tight.find(second));
  EXPECT_FALSE(fs::exists(folder_ / (second + ".json")));
  EXPECT_TRUE(tight.find(third));
}

}  // namespace
}  // namespace chengying::cli
