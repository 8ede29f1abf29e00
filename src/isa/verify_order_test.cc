// verify's answer about order against the obvious one: byte by byte, with the transitive closure of who ends
// before whom. And its speed, in steps, on programs of a real model's size.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include "isa/program.h"
#include "isa/testing.h"

namespace chengying::isa {
namespace {

using testing::ProgramBuilder;
using testing::small_chip;
using Random = std::mt19937;

int pick(Random& random, int low, int high) {
  return std::uniform_int_distribution(low, high)(random);
}

constexpr std::array<std::int32_t, 4> kImage{2, 3, 2, 4};  // of each of the buffers: 48 bytes

/// A window of one of `buffers` images at the start of core 0's SRAM.
View random_window(Random& random, int buffers) {
  View view = dense_view({Space::kSram, 0, static_cast<std::uint64_t>(pick(random, 0, buffers - 1)) * 48},
                         DType::kU8, kImage, kImage[3]);
  for (std::size_t d = 0; d < 4; ++d) {
    if (pick(random, 0, 2) != 0) continue;
    const int from = pick(random, 0, kImage[d] - 1);
    view.at.offset += static_cast<std::uint64_t>(from * view.stride[d]);
    view.shape[d] = pick(random, 1, kImage[d] - from);
  }
  return view;
}

std::set<std::uint64_t> bytes_of(const View& view) {
  std::set<std::uint64_t> bytes;
  for (std::int64_t a = 0; a < view.shape[0]; ++a)
    for (std::int64_t b = 0; b < view.shape[1]; ++b)
      for (std::int64_t c = 0; c < view.shape[2]; ++c)
        for (std::int64_t d = 0; d < view.shape[3]; ++d)
          bytes.insert(view.at.offset + static_cast<std::uint64_t>(a * view.stride[0] + b * view.stride[1] +
                                                                   c * view.stride[2] + d * view.stride[3]));
  return bytes;
}

/// The definition of what verify_order refuses.
class Definition {
 public:
  explicit Definition(const Program& program) : program_(program) {
    const std::size_t count = program.instructions.size();
    before_.assign(count, std::vector<bool>(count, false));
    for (std::size_t i = 0; i < count; ++i) {
      const Instruction& instruction = program.instructions[i];
      for (const std::uint32_t wait : instruction.waits) include(i, wait);
      for (std::size_t j = 0; j < i; ++j)
        if (program.instructions[j].core == instruction.core &&
            engine_of(program.instructions[j].operation) == engine_of(instruction.operation))
          include(i, j);
    }
  }

  bool right() const {
    for (std::size_t i = 0; i < program_.instructions.size(); ++i)
      for (const Access& access : accesses_of(program_.instructions[i].operation))
        if (!right(i, access)) return false;
    return true;
  }

 private:
  void include(std::size_t later, std::size_t earlier) {
    before_[later][earlier] = true;
    for (std::size_t k = 0; k < earlier; ++k)
      if (before_[earlier][k]) before_[later][k] = true;
  }

  bool right(std::size_t i, const Access& access) const {
    if (access.view.at.space != Space::kSram) return true;
    std::set<std::uint64_t> unwritten = bytes_of(access.view);
    const std::set<std::uint64_t> bytes = unwritten;
    for (std::size_t j = 0; j < i; ++j)
      for (const Access& other : accesses_of(program_.instructions[j].operation)) {
        if (other.view.at.space != Space::kSram || (!access.write && !other.write)) continue;
        for (const std::uint64_t byte : bytes_of(other.view)) {
          if (!bytes.contains(byte)) continue;
          if (!before_[i][j]) return false;
          if (other.write) unwritten.erase(byte);
        }
      }
    return access.write || unwritten.empty();
  }

  const Program& program_;
  std::vector<std::vector<bool>> before_;
};

/// Copies (memory engine) and elementwise maxima (vector engine) of windows, on two cores, with few waits.
Program random_program(Random& random, int buffers, int length, int wait_percent) {
  ProgramBuilder b(2);
  const View image = b.input("image", DType::kU8, {kImage[0], kImage[1], kImage[2], kImage[3]});
  b.program().sram_bytes[0] = static_cast<std::uint64_t>(buffers) * 48;
  for (int i = 0; i < length; ++i) {
    std::vector<std::uint32_t> waits;
    for (int j = 0; j < i; ++j)
      if (pick(random, 0, 99) < wait_percent) waits.push_back(static_cast<std::uint32_t>(j));
    b.core(static_cast<std::uint16_t>(pick(random, 0, 1)));
    const View out = random_window(random, buffers);
    View in = random_window(random, buffers);
    if (i < buffers) {  // most buffers begin filled, so that programs are not all refused for their reads
      View whole =
          dense_view({Space::kSram, 0, static_cast<std::uint64_t>(i) * 48}, DType::kU8, kImage, kImage[3]);
      b.add(Copy{image, pick(random, 0, 3) == 0 ? random_window(random, 1) : whole}, waits);
      auto& copy = std::get<Copy>(b.program().instructions.back().operation);
      copy.source.shape = copy.destination.shape;
      continue;
    }
    if (pick(random, 0, 1) == 0) {
      in.shape = out.shape;
      b.add(Copy{in, out}, waits);
    } else {
      Binary op;
      op.kind = BinaryKind::kMax;
      op.a = op.b = in;
      op.output = out;
      op.a.shape = op.b.shape = out.shape;
      b.add(op, waits);
    }
  }
  return b.program();
}

/// The refusals that this test is not about: windows that reach over the end, or over their own input.
bool about_order(const Status& status) {
  return status || (status.error().message.find("over its own input") == std::string::npos &&
                    status.error().message.find("outside of") == std::string::npos);
}

TEST(VerifyOrder, agrees_with_the_definition_on_random_programs) {
  Random random(1);
  const ChipSpec chip = small_chip();
  int right = 0, wrong = 0;
  for (int round = 0; round < 30000; ++round) {
    const int buffers = pick(random, 1, 5);
    const Program program = random_program(random, buffers, pick(random, 2, 9), pick(random, 10, 90));
    const Status status = verify(program, 2, 0, chip);
    if (!about_order(status)) continue;
    const bool expected = Definition(program).right();
    (expected ? right : wrong)++;
    ASSERT_EQ(status.has_value(), expected) << print(program, {}) << (status ? "" : status.error().message);
  }
  EXPECT_GT(right, 1000);
  EXPECT_GT(wrong, 1000);
}

TEST(VerifyOrder, every_wait_that_matters_is_missed) {
  Random random(2);
  const ChipSpec chip = small_chip();
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Program program = random_program(random, 4, 8, 100);
    if (!verify(program, 2, 0, chip)) continue;
    Instruction& instruction = program.instructions[static_cast<std::size_t>(pick(random, 1, 7))];
    if (instruction.waits.empty()) continue;
    instruction.waits.erase(instruction.waits.begin() +
                            pick(random, 0, static_cast<int>(instruction.waits.size()) - 1));
    const Status status = verify(program, 2, 0, chip);
    refused += !status;
    ASSERT_EQ(status.has_value(), Definition(program).right());
  }
  EXPECT_GT(refused, 10);
}

/// A network of `layers` convolutions on 64x64 maps of 64 channels, rows in `tiles`, channels over 4 cores.
Program large_program(std::uint32_t layers, std::int32_t tiles) {
  ProgramBuilder b(4);
  const View image = b.input("image", DType::kU8, {1, 64, 64, 64});
  const View out = b.output("maps", DType::kU8, {1, 64, 64, 64});
  std::array<View, 2> maps{b.dram(DType::kU8, {1, 64, 64, 64}), b.dram(DType::kU8, {1, 64, 64, 64})};
  std::vector<std::uint32_t> before{b.add(Copy{image, maps[0]})};
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    std::vector<std::uint32_t> now;
    const View &in = maps[layer % 2], &to = maps[1 - layer % 2];
    for (std::uint16_t core = 0; core < 4; ++core)
      for (std::int32_t tile = 0; tile < tiles; ++tile) {
        const std::int32_t rows = 64 / tiles, first = tile * rows;
        View part = to, halo = in;
        part.shape = {1, rows, 64, 16};
        part.at.offset += static_cast<std::uint64_t>(first * to.stride[1] + core * 16);
        const std::int32_t top = std::max(0, first - 1), bottom = std::min(64, first + rows + 1);
        halo.shape[1] = bottom - top;
        halo.at.offset += static_cast<std::uint64_t>(top * in.stride[1]);
        now.push_back(
            b.core(core).add(b.conv_u8(halo, part, {3, 3, 1, 1, 1, 1, top == first ? 1 : 0, 1}), before));
      }
    before = now;
  }
  b.core(0).add(Copy{maps[layers % 2], out}, before);
  b.constants_in_dram();
  return b.program();
}

TEST(VerifyOrder, takes_time_that_grows_with_the_program_not_with_its_square) {
  ChipSpec chip = small_chip();
  chip.cores = 4;
  chip.memory.dram_bytes = std::int64_t{1} << 32;
  for (const std::uint32_t layers : {25u, 50u, 100u}) {
    const Program program = large_program(layers, 4);
    const auto start = std::chrono::steady_clock::now();
    const Status status = verify(program, 4, 1 << 30, chip);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    EXPECT_TRUE(status) << status.error().message;
    RecordProperty(fmt::format("ms_for_{}_instructions", program.instructions.size()),
                   fmt::format("{:.2f}", took.count()));
  }
}

/// `layers` 1x1 convolutions on 7x7 maps, on each core a slice of the channels of which it needs all.
Program channels_over_cores(std::uint32_t layers, std::uint16_t cores) {
  ProgramBuilder b(cores);
  const std::array<std::int32_t, 4> shape{1, 7, 7, 16 * cores};
  const View image = b.input("image", DType::kU8, {1, 7, 7, 16 * cores});
  const View out = b.output("maps", DType::kU8, {1, 7, 7, 16 * cores});
  std::array<View, 2> maps{b.dram(DType::kU8, shape), b.dram(DType::kU8, shape)};
  std::vector<std::uint32_t> before{b.add(Copy{image, maps[0]})};
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    std::vector<std::uint32_t> now;
    for (std::uint16_t core = 0; core < cores; ++core) {
      View part = maps[1 - layer % 2];
      part.shape[3] = 16;
      part.at.offset += static_cast<std::uint64_t>(core * 16);
      now.push_back(b.core(core).add(b.conv_u8(maps[layer % 2], part), before));
    }
    before = now;
  }
  b.core(0).add(Copy{maps[layers % 2], out}, before);
  b.constants_in_dram();
  return b.program();
}

// 50 layers on the 108 cores of a large GPU: neither the parts that a core reads nor those that it writes
// make it too much, and a race among them is seen still.
TEST(VerifyOrder, judges_channels_that_are_spread_over_a_hundred_cores) {
  ChipSpec chip = small_chip();
  chip.cores = 108;
  chip.memory.dram_bytes = std::int64_t{1} << 32;
  Program program = channels_over_cores(50, 108);
  const Status status = verify(program, 108, 1 << 30, chip);
  EXPECT_TRUE(status) << status.error().message;
  program.instructions.back().waits.pop_back();
  EXPECT_FALSE(verify(program, 108, 1 << 30, chip));
}

// A hostile program whose views interleave in very many ways ends in a refusal, not in hours.
TEST(VerifyOrder, refuses_programs_that_are_too_entangled_to_judge) {
  constexpr std::int32_t kWriters = 1021;  // each writes every 1021st byte: together all
  ProgramBuilder b(1);
  const View image = b.input("image", DType::kU8, {4096}), out = b.output("out", DType::kU8, {1 << 21});
  b.program().dram_bytes = 1 << 22;
  for (std::int32_t i = 0; i < kWriters; ++i) {
    const View to =
        dense_view({Space::kDram, 0, static_cast<std::uint64_t>(i)}, DType::kU8, {1, 1, 4000, 1}, kWriters);
    View from = image;
    from.shape = to.shape;
    from.stride = {0, 0, 1, 1};
    b.add(Copy{from, to});
  }
  for (std::int32_t i = 0; i < 20000; ++i) {  // each more than the one before
    View to = out;
    to.shape[3] = (1 << 20) + 16 * i;
    View from = to;
    from.at = {Space::kDram, 0, 0};
    b.add(Copy{from, to});
  }
  ChipSpec chip = small_chip();
  const Status status = verify(b.program(), 1, 0, chip);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kTooLarge);
  EXPECT_NE(status.error().message.find("its views interleave in more ways than"), std::string::npos);
}

TEST(VerifyOrder, random_changes_of_a_program_never_crash_it) {
  Random random(3);
  ChipSpec chip = small_chip();
  chip.cores = 4;
  const Program original = large_program(2, 2);
  ASSERT_TRUE(verify(original, 4, 1 << 20, chip));
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    Program program = original;
    for (int changes = pick(random, 1, 2); changes > 0; --changes) {
      Instruction& instruction = program.instructions[static_cast<std::size_t>(
          pick(random, 0, static_cast<int>(program.instructions.size()) - 1))];
      const std::array<std::int64_t, 8> values{
          0, 1, -1, 4, 63, 1 << 20, std::int64_t{1} << 31, std::int64_t{1} << 62};
      const std::int64_t value = values[static_cast<std::size_t>(pick(random, 0, 7))];
      const auto change = [&](View& view) {
        const auto d = static_cast<std::size_t>(pick(random, 0, 3));
        switch (pick(random, 0, 3)) {
          case 0:
            view.shape[d] = static_cast<std::int32_t>(value);
            break;
          case 1:
            view.stride[d] = value;
            break;
          case 2:
            view.at.offset += static_cast<std::uint64_t>(value);
            break;
          default:
            view.dtype = static_cast<DType>(pick(random, 0, 9));
            break;
        }
      };
      if (Conv* conv = std::get_if<Conv>(&instruction.operation)) {
        change(pick(random, 0, 1) == 0 ? conv->input : conv->output);
        if (pick(random, 0, 3) == 0) conv->window.kernel_h = static_cast<std::int32_t>(value);
        if (pick(random, 0, 3) == 0) conv->weights.offset = static_cast<std::uint64_t>(value);
      } else if (Copy* copy = std::get_if<Copy>(&instruction.operation)) {
        change(pick(random, 0, 1) == 0 ? copy->source : copy->destination);
      }
      if (pick(random, 0, 9) == 0) instruction.waits = {static_cast<std::uint32_t>(value)};
      if (pick(random, 0, 9) == 0) instruction.core = static_cast<std::uint16_t>(value);
    }
    accepted += verify(program, 4, 1 << 20, chip).has_value();
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 4900);
}

}  // namespace
}  // namespace chengying::isa
