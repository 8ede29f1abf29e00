// A program that takes an argument: attention of one query over the first `length` rows of its keys. Only for
// tests.
#pragma once

#include <memory>
#include <vector>

#include "isa/testing.h"
#include "tensor/tensor.h"

namespace chengying::runtime::lengths {

inline constexpr std::int32_t kPlaces = 4, kPages = 32, kRowsMost = kPlaces * kPages, kD = 16;

/// Scores of scale 0 are all equal: the answer is the mean of the first `length` rows.
inline std::shared_ptr<const isa::Executable> make_executable(const isa::ChipSpec& chip) {
  isa::testing::ProgramBuilder b;
  b.program().arguments = {{"length", 1, kRowsMost}};
  const isa::View query_in = b.input("query", DType::kF32, {1, 1, 1, kD});
  const isa::View rows_in = b.input("rows", DType::kF32, {kPages, 1, kPlaces, kD});
  const isa::View pages_in = b.input("pages", DType::kI32, {1, kPages});
  const isa::View out = b.output("out", DType::kF32, {1, 1, 1, kD});
  const isa::View query = b.dram(DType::kF32, {1, 1, 1, kD}),
                  rows = b.dram(DType::kF32, {kPages, 1, kPlaces, kD}),
                  pages = b.dram(DType::kI32, {1, 1, 1, kPages}), result = b.dram(DType::kF32, {1, 1, 1, kD});
  b.add(isa::Copy{query_in, query});
  b.add(isa::Copy{rows_in, rows});
  b.add(isa::Copy{pages_in, pages});
  b.add(isa::Attention{query, rows, rows, pages, result, 0, 0.0F, false}, {0, 1, 2});
  b.add(isa::Copy{result, out}, {3});
  return std::make_shared<const isa::Executable>(b.executable(chip));
}

/// Row i holds the number i; pages in the order of their numbers.
inline std::vector<Tensor> make_inputs() {
  std::vector<Tensor> inputs;
  inputs.emplace_back(DType::kF32, Shape{1, 1, 1, kD});
  inputs.emplace_back(DType::kF32, Shape{kPages, 1, kPlaces, kD});
  for (std::size_t i = 0; i < static_cast<std::size_t>(kRowsMost) * kD; ++i)
    inputs.back().as<float>()[i] = static_cast<float>(i / kD);
  inputs.emplace_back(DType::kI32, Shape{1, kPages});
  for (std::int32_t page = 0; page < kPages; ++page)
    inputs.back().as<std::int32_t>()[static_cast<std::size_t>(page)] = page;
  return inputs;
}

inline float answer(std::int64_t length) {
  return static_cast<float>(length - 1) / 2;
}

}  // namespace chengying::runtime::lengths
