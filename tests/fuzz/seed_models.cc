#include "seed_models.h"

#include <onnx/onnx_pb.h>
#include <png.h>
#include <turbojpeg.h>

#include <array>
#include <numeric>

#include "base/check.h"

namespace chengying::fuzz {
namespace {

onnx::ModelProto model_with(std::vector<std::int64_t> input_shape, std::vector<std::int64_t> output_shape) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  const auto port = [](onnx::ValueInfoProto* info, const char* name, const std::vector<std::int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t dim : shape) type->mutable_shape()->add_dim()->set_dim_value(dim);
  };
  model.mutable_graph()->set_name("seed");
  port(model.mutable_graph()->add_input(), "x", input_shape);
  port(model.mutable_graph()->add_output(), "y", output_shape);
  return model;
}

void add_weights(onnx::ModelProto& model, const char* name, std::vector<std::int64_t> shape) {
  auto* tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    tensor->add_dims(dim);
    count *= dim;
  }
  for (std::int64_t i = 0; i < count; ++i) tensor->add_float_data(0.25F * static_cast<float>(i % 7 - 3));
}

onnx::NodeProto* add_node(onnx::ModelProto& model, const char* type, std::vector<std::string> inputs,
                          const char* output) {
  auto* node = model.mutable_graph()->add_node();
  node->set_op_type(type);
  node->set_name(output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

void add_ints(onnx::NodeProto* node, const char* name, std::vector<std::int64_t> values) {
  auto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

std::string convolution() {
  onnx::ModelProto model = model_with({1, 3, 8, 8}, {1, 4, 4, 4});
  add_weights(model, "w", {4, 3, 3, 3});
  add_weights(model, "b", {4});
  add_ints(add_node(model, "Conv", {"x", "w", "b"}, "c"), "pads", {1, 1, 1, 1});
  add_node(model, "Relu", {"c"}, "r");
  auto* pool = add_node(model, "MaxPool", {"r"}, "y");
  add_ints(pool, "kernel_shape", {2, 2});
  add_ints(pool, "strides", {2, 2});
  return model.SerializeAsString();
}

std::string dense() {
  onnx::ModelProto model = model_with({1, 6}, {1, 5});
  add_weights(model, "w", {6, 5});
  add_node(model, "MatMul", {"x", "w"}, "m");
  add_ints(add_node(model, "Softmax", {"m"}, "y"), "unused", {1});
  return model.SerializeAsString();
}

std::string jpeg() {
  std::array<unsigned char, 16 * 16 * 3> pixels{};
  std::iota(pixels.begin(), pixels.end(), static_cast<unsigned char>(0));
  const tjhandle handle = tjInitCompress();
  CHECK(handle != nullptr);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  CHECK(tjCompress2(handle, pixels.data(), 16, 0, 16, TJPF_RGB, &bytes, &size, TJSAMP_420, 80, 0) == 0);
  std::string file(reinterpret_cast<char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return file;
}

std::string png() {
  std::array<unsigned char, 9 * 7 * 3> pixels{};
  std::iota(pixels.begin(), pixels.end(), static_cast<unsigned char>(0));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = 9;
  image.height = 7;
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  CHECK(png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr) != 0);
  std::string file(size, '\0');
  CHECK(png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr) != 0);
  return file;
}

}  // namespace

std::vector<std::string> onnx_models() {
  return {convolution(), dense()};
}
std::vector<std::string> small_images() {
  return {jpeg(), png()};
}

}  // namespace chengying::fuzz
