// The operators that can be imported: one row each, in one table (operators.cc), by family in lower_*.cc.
#pragma once

#include <string_view>

#include "base/error.h"
#include "compiler/import/lowering.h"

namespace chengying::compiler {

/// Lowers one node: sets its results, or says why it can't be (kUnsupported: the reason alone, the caller
/// adds node and shapes), or what is broken (kInvalidArgument).
using Lower = Status (*)(NodeLowering&);

/// nullptr if there is none. The reason why a known operator is refused is its lowering's answer.
Lower find_operator(std::string_view domain, std::string_view op);

// lower_linear.cc
Status lower_conv(NodeLowering&);
Status lower_gemm(NodeLowering&);
Status lower_matmul(NodeLowering&);
Status lower_batch_normalization(NodeLowering&);
Status lower_lrn(NodeLowering&);
/// A convolution from its parts, for Conv and QLinearConv: x, weights and bias (or kNoValue) are real.
Result<ValueId> make_conv(NodeLowering&, ValueId x, ValueId weights, ValueId bias);
/// x [.., k_in] by weights [k_out, k_in] and bias [k_out] (or kNoValue).
ValueId make_dense(NodeLowering&, ValueId x, ValueId weights, ValueId bias);

// lower_pool.cc
Status lower_max_pool(NodeLowering&);
Status lower_average_pool(NodeLowering&);
Status lower_global_pool(NodeLowering&);
Result<ValueId> make_global_pool(NodeLowering&, ValueId x, isa::PoolKind kind);
/// Padding and size of a window along one dimension, as auto_pad or pads say.
struct WindowExtent {
  std::int64_t before = 0, out = 1;
  std::int64_t overhang = 0;  // places of the last window beyond the padded input (ceil_mode)
  bool padded = false;
};
struct WindowGeometry {
  isa::Window window;
  WindowExtent h, w;
};
/// For x [n,c,w] the h dimension is 1.
Result<WindowGeometry> window_geometry(NodeLowering&, const Shape& x,
                                       const std::vector<std::int64_t>& kernel);

// lower_elementwise.cc
Status lower_unary(NodeLowering&);
Status lower_clip(NodeLowering&);
Status lower_prelu(NodeLowering&);
Status lower_gelu(NodeLowering&);
Status lower_binary(NodeLowering&);
Status lower_variadic(NodeLowering&);

// lower_moves.cc
Status lower_reshape(NodeLowering&);
Status lower_flatten(NodeLowering&);
Status lower_squeeze(NodeLowering&);
Status lower_unsqueeze(NodeLowering&);
Status lower_transpose(NodeLowering&);
Status lower_identity(NodeLowering&);
Status lower_dropout(NodeLowering&);
Status lower_concat(NodeLowering&);
Status lower_split(NodeLowering&);
Status lower_slice(NodeLowering&);
Status lower_pad(NodeLowering&);
Status lower_gather(NodeLowering&);
Status lower_expand(NodeLowering&);
Status lower_resize(NodeLowering&);

// lower_reduce.cc
Status lower_reduce(NodeLowering&);
Status lower_softmax(NodeLowering&);

// lower_constants.cc
Status lower_constant(NodeLowering&);
Status lower_constant_of_shape(NodeLowering&);
Status lower_shape(NodeLowering&);
Status lower_cast(NodeLowering&);
Status lower_range(NodeLowering&);
Status lower_compare(NodeLowering&);
Status lower_where(NodeLowering&);
/// Add, Sub, Mul, Div, Max, Min of integer constants.
Status fold_integers(NodeLowering&);

// lower_quantised.cc
Status lower_quantize_linear(NodeLowering&);
Status lower_dequantize_linear(NodeLowering&);
Status lower_qlinear_conv(NodeLowering&);
Status lower_qlinear_matmul(NodeLowering&);
Status lower_qgemm(NodeLowering&);
Status lower_qlinear_binary(NodeLowering&);
Status lower_qlinear_unary(NodeLowering&);
Status lower_qlinear_pool(NodeLowering&);
Status lower_qlinear_concat(NodeLowering&);
Status refuse_dynamic_quantisation(NodeLowering&);
/// Weights that a dequantisation reads, as i8 with zero point 0; real weights as they are.
Result<ValueId> symmetric_weights(NodeLowering&, ValueId weights);

// refusals.cc
Status refuse_conv_transpose(NodeLowering&);

}  // namespace chengying::compiler
