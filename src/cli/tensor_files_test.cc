#include "cli/tensor_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "cli/npy.h"
#include "cli/npz.h"
#include "cli/tensor_proto.h"

namespace chengying::cli {
namespace {

using ::testing::HasSubstr;

Tensor counting(DType dtype, Shape shape) {
  Tensor tensor(dtype, std::move(shape));
  auto bytes = tensor.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 % 251);
  if (dtype == DType::kBool) std::ranges::fill(bytes, std::byte{1});
  return tensor;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(a.bytes(), b.bytes());
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string npy(std::string header, std::string_view data) {
  std::string text = "\x93NUMPY";
  text += {'\x01', '\x00', static_cast<char>(header.size()), '\x00'};
  return text + header + std::string(data);
}

constexpr DType kNumpyTypes[] = {DType::kU8,  DType::kI8,  DType::kI16, DType::kI32, DType::kI64,
                                 DType::kF16, DType::kF32, DType::kF64, DType::kBool};

TEST(Npy, WhatIsWrittenIsRead) {
  for (const DType dtype : kNumpyTypes) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{0}, Shape{2, 3}, Shape{1, 3, 4, 5}}) {
      const Tensor tensor = counting(dtype, shape);
      const auto encoded = encode_npy(tensor);
      ASSERT_TRUE(encoded);
      const auto decoded = decode_npy(*encoded);
      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_TRUE(same(*decoded, tensor)) << name_of(dtype) << to_string(shape);
    }
  }
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const auto tensor =
      decode_npy(bytes_of(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }  \n", "\1\0\2\0")));
  EXPECT_FALSE(tensor);  // string literals end at the first zero: two bytes of data are missing
  const std::string data("\1\0\2\0", 4);
  const auto whole =
      decode_npy(bytes_of(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }  \n", data)));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->shape(), Shape{2});
  EXPECT_EQ(whole->as<std::int16_t>()[1], 2);
}

TEST(Npy, RefusalsSayWhatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto decoded = decode_npy(bytes_of(text));
    return decoded ? std::string("accepted") : decoded.error().message;
  };
  EXPECT_EQ(error("not one"), "not a .npy file");
  EXPECT_EQ(error(std::string_view("\x93NUMPY\x01\x00\xff\x7f{", 11)), "truncated .npy file");
  EXPECT_EQ(error(std::string_view("\x93NUMPY\x09\x00\x01\x00{", 11)), ".npy version 9; read are 1, 2 and 3");
  EXPECT_THAT(error(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234")),
              HasSubstr("elements of type '>f4'; read are <f4"));
  EXPECT_EQ(error(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "1234")),
            "Fortran order; save numpy.ascontiguousarray(x)");
  EXPECT_EQ(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234")),
            "4 bytes of data, but f32 [2] needs 8");
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "1234")),
              HasSubstr("a shape that cannot be read"));
  EXPECT_THAT(error(npy("{'descr': '<f4'}", "1234")), HasSubstr("without descr, fortran_order or shape"));
  EXPECT_FALSE(decode_npy(bytes_of(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "1234"))));
}

TEST(Npz, WhatIsWrittenIsReadInOrderAndTheBytesAreStable) {
  const std::vector<NamedTensor> tensors = {{"b", counting(DType::kF32, {2, 2})},
                                            {"a/x", counting(DType::kI64, {3})}};
  const auto encoded = encode_npz(tensors);
  ASSERT_TRUE(encoded) << encoded.error().message;
  EXPECT_EQ(*encoded, *encode_npz(tensors));
  const auto decoded = decode_npz(*encoded, 1 << 20);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*decoded)[i].name, tensors[i].name);
    EXPECT_TRUE(same((*decoded)[i].tensor, tensors[i].tensor));
  }
}

TEST(Npz, AnArchiveLargerThanTheLimitIsRefusedBeforeItIsUnpacked) {
  const auto encoded = encode_npz(std::vector<NamedTensor>{{"x", counting(DType::kF32, {1000})}});
  const auto decoded = decode_npz(*encoded, 1000);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::kTooLarge);
}

TEST(Npz, EveryTruncationIsRefused) {
  const auto encoded = encode_npz(std::vector<NamedTensor>{{"x", counting(DType::kF32, {10})}});
  for (std::size_t length = 0; length < encoded->size(); ++length) {
    EXPECT_FALSE(decode_npz(std::span(*encoded).first(length), 1 << 20)) << length;
  }
}

TEST(TensorProto, WhatIsWrittenIsRead) {
  const NamedTensor named{"input", counting(DType::kF32, {1, 3, 2})};
  const auto decoded = decode_tensor_proto(encode_tensor_proto(named));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->name, "input");
  EXPECT_TRUE(same(decoded->tensor, named.tensor));
}

TEST(TensorProto, ReadsTypedFields) {
  // dims 2, data_type FLOAT, float_data [1, 2] packed.
  const std::string bytes("\x08\x02\x10\x01\x22\x08\x00\x00\x80\x3f\x00\x00\x00\x40", 14);
  const auto decoded = decode_tensor_proto(bytes_of(bytes));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_THAT(decoded->tensor.as<float>(), ::testing::ElementsAre(1.0F, 2.0F));
}

TEST(TensorProto, RefusalsSayWhatIsWrong) {
  EXPECT_EQ(decode_tensor_proto(bytes_of("\xff\xff")).error().message, "not an ONNX TensorProto");
  const std::string lying("\x08\x80\x80\x80\x80\x01\x10\x01", 8);  // 2^28 floats, no data
  EXPECT_EQ(decode_tensor_proto(bytes_of(lying)).error().code, Code::kInvalidArgument);
  const std::string text("\x08\x01\x10\x08", 4);  // strings
  EXPECT_EQ(decode_tensor_proto(bytes_of(text)).error().message, "a tensor of ONNX element type 8");
}

class TensorFiles : public ::testing::Test {
 protected:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("tensor_files_{}", ::getpid());
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
};

TEST_F(TensorFiles, TheEndingChoosesTheFormat) {
  const std::vector<NamedTensor> one = {{"x", counting(DType::kU8, {7})}};
  for (const char* name : {"a.npy", "a.npz", "a.pb"}) {
    ASSERT_TRUE(write_tensor_file(folder_ / name, one));
    const auto read = read_tensor_file(folder_ / name);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(same((*read)[0].tensor, one[0].tensor));
  }
}

TEST_F(TensorFiles, ErrorsNameTheFile) {
  EXPECT_EQ(read_tensor_file("x.bin").error().message,
            "x.bin: neither a photograph (.jpg, .png) nor a tensor (.npy, .npz, .pb), by its name");
  EXPECT_EQ(read_tensor_file(folder_ / "none.npy").error().code, Code::kNotFound);
  ASSERT_TRUE(write_file_atomically(folder_ / "bad.npz", std::string_view("nothing")));
  EXPECT_THAT(read_tensor_file(folder_ / "bad.npz").error().message,
              HasSubstr("bad.npz: not a .npz archive"));
  const std::vector<NamedTensor> two = {{"x", counting(DType::kU8, {7})}, {"y", counting(DType::kU8, {7})}};
  EXPECT_EQ(write_tensor_file("x.npy", two).error().message,
            "x.npy: a .npy file holds one tensor, not 2; use .npz");
}

}  // namespace
}  // namespace chengying::cli
