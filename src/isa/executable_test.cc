// The executable file: what goes in comes out, and nothing that was cut, flipped or lied about gets in.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "isa/executable_header.h"
#include "isa/program.h"
#include "isa/testing.h"

namespace chengying::isa {
namespace {

using testing::ProgramBuilder;

/// A program with one instruction of each opcode, every optional part present. Not one that verify would
/// accept.
Executable one_of_each() {
  ProgramBuilder b(2);
  const View in = b.input("image", DType::kU8, {1, 8, 8, 16});
  const View out = b.output("scores", DType::kF32, {1, 16});
  const View u8 = b.sram(0, DType::kU8, {1, 8, 8, 16}, 64);
  const View f32 = b.sram(1, DType::kF32, {1, 1, 1, 16});
  Conv conv = b.conv_u8(u8, u8, {3, 3, 1, 1, 1, 1, 1, -1});
  conv.pad_value = 7;
  conv.epilogue.inner = InnerQuantise{3, 0.5f};
  conv.epilogue.residual = Residual{u8, 0.25f, 9};
  conv.epilogue.low = -0.0f;
  conv.epilogue.output_zero_point = 11;
  DepthwiseConv depthwise;
  depthwise.input = f32;
  depthwise.output = f32;
  depthwise.weights = b.constant(64);
  b.add(Copy{in, u8});
  b.core(1).layer(0).add(conv, {0});
  b.add(depthwise, {0, 1});
  b.add(Pool{PoolKind::kAverage, u8, u8, {}, 1, 2, 3});
  b.add(Binary{BinaryKind::kPow, f32, f32, f32, 1, 2, 3, 4, 5, -1, 1});
  b.add(Unary{UnaryKind::kMish, f32, f32, 1, 2});
  b.add(Lut{u8, u8, b.constant(256)});
  b.add(Convert{u8, f32, 0.5f, -7});
  b.add(Softmax{f32, f32, true});
  b.add(Reduce{ReduceKind::kSumOfSquares, f32, f32});
  b.add(MatMul{f32, f32, f32, f32, 0.5f, -1, 1, 2, 3, 4});
  b.add(MatMul{.a = u8, .b = u8, .addend = {}, .output = u8});
  b.add(Compare{CompareKind::kXor, u8, u8, u8});
  b.add(Select{u8, f32, f32, f32});
  b.add(Gather{f32, u8, f32});
  b.add(Scatter{u8, f32, f32});
  b.add(TopK{f32, u8, true});
  b.add(Norm{NormKind::kRms, f32, f32, f32, f32, 0.25f});
  b.add(Norm{.input = f32, .scale = {}, .shift = f32, .output = f32});
  b.add(GroupedMatMul{f32, u8, b.constant(64), b.constant(64), b.constant(64), 16, 8, -1, 1});
  b.add(Sample{f32, u8, f32});
  b.add(Attention{f32, u8, u8, f32, f32, 1, 0.5f, true});
  b.add(Scan{u8, u8, f32, f32, 1, 2, 3, 4});
  b.add(Scan{.query = f32, .rows = f32, .addend = {}, .output = u8, .count = {}});
  b.program().arguments = {{"length", 1, 9}, {"count", 0, 3}};
  b.program().state_bytes = 128;
  b.add(Rotary{f32, f32, f32, u8, true});
  b.add(Resize{u8, f32, b.constant(64), b.constant(64), 2, 3});
  b.add(Copy{f32, out});
  b.constants_in_sram(0);
  Executable executable = b.executable(testing::small_chip());
  executable.metadata = {{"labels", "tench\ngoldfish"}, {"model", "m"}};
  return executable;
}

std::vector<std::byte> encoded() {
  return encode(one_of_each());
}

/// Gives a changed file its right digest again, so that what lies behind the digest check is what is tested.
void sign(std::vector<std::byte>& file) {
  const Digest digest = content_digest(file);
  std::memcpy(file.data() + 96, digest.bytes.data(), 32);
}

std::string error_of(std::span<const std::byte> file) {
  const Result<Executable> result = decode(file, nullptr);
  return result ? "" : result.error().message;
}

TEST(ExecutableFile, comes_back_as_it_went_in) {
  const Executable before = one_of_each();
  const std::vector<std::byte> file = encode(before);
  const Result<Executable> after = decode(file, nullptr);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->chip, before.chip);
  EXPECT_EQ(after->chip_digest, before.chip_digest);
  EXPECT_EQ(after->cores, before.cores);
  EXPECT_EQ(after->layers, before.layers);
  EXPECT_EQ(after->programs, before.programs);
  EXPECT_EQ(after->metadata, before.metadata);
  EXPECT_TRUE(std::ranges::equal(after->constants, before.constants));
  EXPECT_EQ(after->digest, sha256(file));
  EXPECT_EQ(encode(*after), file);
  EXPECT_EQ(print(*after), print(before));
}

TEST(ExecutableFile, keeps_the_sign_of_zero) {
  const Result<Executable> after = decode(encoded(), nullptr);
  ASSERT_TRUE(after);
  EXPECT_TRUE(std::signbit(std::get<Conv>(after->programs[0].instructions[1].operation).epilogue.low));
}

TEST(ExecutableFile, is_mapped_and_named_by_its_digest) {
  const auto path = std::filesystem::temp_directory_path() / ("chengying_" + random_hex(8) + ".cyx");
  Executable executable = one_of_each();
  ASSERT_TRUE(save_executable(executable, path));
  const Result<Executable> loaded = load_executable(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->digest, executable.digest);
  EXPECT_EQ(loaded->programs, executable.programs);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(loaded->constants.data()) % 4096, 0u);
  std::filesystem::remove(path);
  EXPECT_EQ(load_executable(path).error().code, Code::kNotFound);
}

TEST(ExecutableFile, is_read_from_unaligned_bytes_too) {
  const std::vector<std::byte> file = encoded();
  std::vector<std::byte> shifted(file.size() + 1);
  std::ranges::copy(file, shifted.begin() + 1);
  const Result<Executable> executable = decode(std::span(shifted).subspan(1), nullptr);
  ASSERT_TRUE(executable);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(executable->constants.data()) % 64, 0u);
}

TEST(ExecutableFile, refuses_every_truncation) {
  const std::vector<std::byte> file = encoded();
  for (std::size_t size = 0; size < file.size(); size += size < 300 ? 1 : 97)
    EXPECT_FALSE(decode(std::span(file).first(size), nullptr)) << size;
  EXPECT_EQ(error_of({}), "not an executable of Chengying (its first bytes are others)");
  EXPECT_EQ(error_of(std::span(file).first(100)),
            "executable: 100 bytes, its header alone has 128; was it cut off?");
  EXPECT_EQ(error_of(std::span(file).first(file.size() - 1)),
            fmt::format("executable: {} bytes, but its header says {}; was it cut off?", file.size() - 1,
                        file.size()));
}

TEST(ExecutableFile, refuses_bytes_behind_its_end) {
  std::vector<std::byte> file = encoded();
  file.push_back(std::byte{0});
  EXPECT_FALSE(decode(file, nullptr));
}

TEST(ExecutableFile, refuses_every_flipped_bit) {
  std::vector<std::byte> file = encoded();
  for (std::size_t at = 0; at < file.size(); at += at < 4096 ? 1 : 61) {
    const std::byte flip{static_cast<unsigned char>(1u << (at % 8))};
    file[at] ^= flip;
    EXPECT_FALSE(decode(file, nullptr)) << at;
    file[at] ^= flip;
  }
  file.back() ^= std::byte{1};
  EXPECT_EQ(error_of(file), "executable: its bytes do not match its digest; it was damaged or changed");
  EXPECT_EQ(decode(file, nullptr).error().code, Code::kDataLoss);
}

TEST(ExecutableFile, refuses_sizes_that_contradict_each_other) {
  for (const std::size_t field : {12u, 16u, 24u, 32u, 40u}) {
    std::vector<std::byte> file = encoded();
    file[field + 1] ^= std::byte{0x40};
    sign(file);
    EXPECT_EQ(error_of(file), "executable: the sizes in its header contradict each other") << field;
  }
  std::vector<std::byte> file = encoded();
  file[16 + 6] = std::byte{1};
  EXPECT_EQ(error_of(file).substr(0, 31), "executable: a program block of ");
}

TEST(ExecutableFile, says_when_it_is_newer_than_this_program) {
  std::vector<std::byte> file = encoded();
  file[8] = std::byte{2};
  EXPECT_EQ(error_of(file),
            "executable: file version 2, this program reads version 1; compile the model again or upgrade");
  file[8] = std::byte{0};
  EXPECT_EQ(error_of(file), "executable: file version 0 is no longer read; compile the model again");
}

TEST(ExecutableFile, refuses_reserved_bytes_that_are_used) {
  std::vector<std::byte> file = encoded();
  file[60] = std::byte{1};
  sign(file);
  EXPECT_EQ(error_of(file), "executable: reserved bytes of its header are not zero");
}

// A hostile file has a right digest. Whatever its program block holds, decoding gives a value or an error,
// and what it gives can be printed, encoded and decoded again.
TEST(ExecutableFile, a_signed_file_of_changed_bytes_is_refused_or_harmless) {
  const std::vector<std::byte> original = encoded();
  std::uint64_t program_bytes = 0;
  std::memcpy(&program_bytes, original.data() + 16, 8);
  std::mt19937 random(3);
  int accepted = 0, misaligned = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> file = original;
    for (std::uint_fast32_t changes = 1 + random() % 3; changes > 0; --changes)
      file[128 + random() % program_bytes] = static_cast<std::byte>(random());
    sign(file);
    const Result<Executable> executable = decode(file, nullptr);
    if (!executable) {
      EXPECT_FALSE(executable.error().message.empty());
      misaligned += executable.error().message.ends_with(" that do not lie at a multiple of 8 bytes") ? 1 : 0;
      continue;
    }
    ++accepted;
    EXPECT_FALSE(print(*executable).empty());
    EXPECT_TRUE(round % 16 != 0 || decode(encode(*executable), nullptr));
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(misaligned, 0);  // flatbuffers' own verifier lets these pass
}

/// The error of an executable that encode() can write but decode() must refuse.
template <class Change>
std::string error_after(Change change) {
  Executable executable = one_of_each();
  change(executable);
  const std::vector<std::byte> file = encode(executable);
  return error_of(file);
}

TEST(ExecutableFile, refuses_each_value_out_of_range) {
  EXPECT_EQ(error_after([](Executable& e) { e.programs.clear(); }),
            "executable: 0 programs; allowed: 1 to 64");
  EXPECT_EQ(error_after([](Executable& e) { e.cores = 0; }), "executable: 0 cores; allowed: 1 to 1024");
  EXPECT_EQ(error_after([](Executable& e) { e.programs[0].batch = 0; }),
            "executable: program 0: batch 0; allowed: 1 to 65536");
  EXPECT_EQ(error_after([](Executable& e) { e.chip = std::string(5000, 'x'); }),
            "executable: a chip name of 5000 bytes, the limit is 4096");
  EXPECT_EQ(error_after([](Executable& e) { e.metadata["big"] = std::string(33 << 20, 'x'); }),
            "executable: more than 33554432 bytes of names and metadata");
  EXPECT_EQ(error_after([](Executable& e) { e.programs[0].inputs[0].shape.assign(9, 1); }),
            "executable: program 0: 'image' has 9 dimensions, the limit is 8");
  EXPECT_EQ(error_after([](Executable& e) { e.programs[0].inputs[0].shape = {-1}; }),
            "executable: program 0: image: shape [-1] has a negative dimension");
  EXPECT_EQ(error_after([](Executable& e) { e.programs[0].inputs[0].dtype = DType{99}; }),
            "executable: program 0: 'image' has unknown element type 99");
  EXPECT_EQ(error_after([](Executable& e) { e.programs[0].residences[0].space = Space::kHost; }),
            "executable: program 0: residence in space 3; DRAM or SRAM is expected");
  EXPECT_EQ(error_after([](Executable& e) {
              std::get<Copy>(e.programs[0].instructions[0].operation).source.at.space = Space{9};
            }),
            "executable: program 0: instruction 0: unknown space 9");
  EXPECT_EQ(error_after([](Executable& e) {
              std::get<Unary>(e.programs[0].instructions[5].operation).kind = UnaryKind{200};
            }),
            "executable: program 0: instruction 5: unknown unary kind 200");
  EXPECT_EQ(error_after([](Executable& e) {
              std::get<Copy>(e.programs[0].instructions[0].operation).source.dtype = DType{50};
            }),
            "executable: program 0: instruction 0: unknown element type 50");
}

}  // namespace
}  // namespace chengying::isa
