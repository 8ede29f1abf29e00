// Random graphs that are ready for lower(): every operator, odd sizes, shared values; and inputs for them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "compiler/emit.h"
#include "tensor/tensor.h"

namespace chengying::compiler::testing {

struct GraphOptions {
  bool f32 = false;       // all arithmetic in f32, else in u8
  std::size_t nodes = 8;  // between the input and the classifier at the end
  bool rows = false;      // and behind it, on its scores, what transformers are made of
};

/// The same seed gives the same model for every batch.
BatchGraph random_graph(std::uint32_t seed, std::int32_t batch, const GraphOptions& options);
std::vector<Tensor> random_inputs(const Graph& graph, std::uint32_t seed);

}  // namespace chengying::compiler::testing
