// Memory that stays from run to run, and an argument that sizes the work: a sequence grows by a row a run.
#include <gtest/gtest.h>

#include <array>

#include "chip/engine.h"
#include "isa/testing.h"

namespace chengying::chip {
namespace {

constexpr std::int32_t kPlaces = 2, kPages = 3, kD = 16;

/// Appends one row of keys (which are the values, too) at `place` and attends over the rows so far.
isa::testing::ProgramBuilder growing() {
  isa::testing::ProgramBuilder b;
  const isa::View rows = b.dram(DType::kF32, {kPages, 1, kPlaces, kD});
  b.program().state_bytes = b.program().dram_bytes;
  b.program().arguments = {{"length", 1, kPages * kPlaces}};
  const isa::View row_in = b.input("row", DType::kF32, {1, 1, 1, kD});
  const isa::View place_in = b.input("place", DType::kI32, {1, 1});
  const isa::View pages_in = b.input("pages", DType::kI32, {1, kPages});
  const isa::View out = b.output("out", DType::kF32, {1, 1, 1, kD});
  const isa::View row = b.dram(DType::kF32, {1, 1, 1, kD}), place = b.dram(DType::kI32, {1, 1, 1, 1}),
                  pages = b.dram(DType::kI32, {1, 1, 1, kPages}), result = b.dram(DType::kF32, {1, 1, 1, kD});
  b.add(isa::Copy{row_in, row});
  b.add(isa::Copy{place_in, place});
  b.add(isa::Copy{pages_in, pages});
  isa::Scatter append{row, place, rows};
  append.output.shape = {1, kPages * kPlaces, 1, kD};
  append.output.stride = {kPages * kPlaces * kD * 4, kD * 4, kD * 4, 4};
  append.indices.shape = append.updates.shape;
  append.indices.stride = {0, 0, 0, 0};
  b.add(append);
  b.add(isa::Attention{row, rows, rows, pages, result, 0, 0.0F, false}, {2, 3});
  b.add(isa::Copy{result, out}, {4});
  return b;
}

struct Session {
  explicit Session(KernelSet kernels)
      : executable(std::make_shared<isa::Executable>(growing().executable(isa::testing::small_chip()))),
        engine(isa::testing::small_chip(), 1, 1, kernels) {
    const Status loaded = engine.load(executable);
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  }
  /// The mean of all rows so far: scores of scale 0 are all equal.
  float append(float value, std::int32_t place, std::int64_t length) {
    std::array<float, kD> row{}, out{};
    row.fill(value);
    const std::array<std::int32_t, 3> pages{2, 0, 1};
    const std::int32_t at = pages[static_cast<std::size_t>(place / kPlaces)] * kPlaces + place % kPlaces;
    const std::vector<std::span<const std::byte>> inputs{
        std::as_bytes(std::span(row)), std::as_bytes(std::span(&at, 1)), std::as_bytes(std::span(pages))};
    const std::span<std::byte> output = std::as_writable_bytes(std::span(out));
    const std::array<std::int64_t, 1> arguments{length};
    EXPECT_FALSE(engine.run(executable->programs[0], inputs, {&output, 1}, {.arguments = arguments}));
    return out[3];
  }
  std::shared_ptr<isa::Executable> executable;
  Engine engine;
};

TEST(EngineState, ASequenceGrowsFromRunToRun) {
  for (const KernelSet set : {KernelSet::kReference, best_kernels()}) {
    Session session(set);
    EXPECT_EQ(session.append(4, 0, 1), 4);
    EXPECT_EQ(session.append(8, 1, 2), 6);
    EXPECT_EQ(session.append(0, 2, 3), 4);
    EXPECT_EQ(session.append(20, 3, 4), 8);
    EXPECT_EQ(session.append(4, 0, 1), 4);  // another sequence may take the pages
    Session other(set);
    EXPECT_EQ(other.append(0, 0, 2), 0);  // and a freshly loaded executable begins with zeros
  }
}

}  // namespace
}  // namespace chengying::chip
