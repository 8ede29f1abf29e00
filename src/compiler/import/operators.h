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
/// Why an operator that ONNX has can't be computed here, and what would help; empty for those nobody knows.
std::string_view reason_against(std::string_view domain, std::string_view op);

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
/// MatMul of two real values, whatever is known of them.
Result<ValueId> make_matmul(NodeLowering&, ValueId a, ValueId b);
Status lower_conv_transpose(NodeLowering&);  // lower_conv_transpose.cc

// lower_einsum.cc
Status lower_einsum(NodeLowering&);
/// MatMul of any two real values, neither of them weights.
Result<ValueId> make_product(NodeLowering&, ValueId a, ValueId b);

// lower_pool.cc
Status lower_max_pool(NodeLowering&);
Status lower_average_pool(NodeLowering&);
Status lower_lp_pool(NodeLowering&);
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

// lower_formulas.cc
Status lower_formula(NodeLowering&);
Status lower_selu(NodeLowering&);
Status lower_celu(NodeLowering&);
Status lower_thresholded_relu(NodeLowering&);
Status lower_shrink(NodeLowering&);
Status lower_mod(NodeLowering&);

// lower_logic.cc
Status lower_comparison(NodeLowering&);
Status lower_not(NodeLowering&);
Status lower_where(NodeLowering&);
Status lower_is_nan(NodeLowering&);
Status lower_is_inf(NodeLowering&);

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
Status lower_expand(NodeLowering&);
/// x itself where that is the whole.
ValueId make_slice(NodeLowering&, ValueId x, std::int32_t axis, std::int64_t start, std::int64_t count,
                   std::int64_t step = 1);

// lower_pad.cc, lower_depth.cc, lower_resize.cc, lower_sample.cc
Status lower_pad(NodeLowering&);
Status lower_tile(NodeLowering&);
Status lower_depth_to_space(NodeLowering&);
Status lower_space_to_depth(NodeLowering&);
Status lower_resize(NodeLowering&);
Status lower_grid_sample(NodeLowering&);
Status lower_roi_align(NodeLowering&);

// lower_gather.cc, lower_scatter.cc
Status lower_gather(NodeLowering&);
Status lower_gather_elements(NodeLowering&);
Status lower_gather_nd(NodeLowering&);
Status lower_compress(NodeLowering&);
Status lower_reverse_sequence(NodeLowering&);
Status lower_trilu(NodeLowering&);
Status lower_one_hot(NodeLowering&);
Status lower_scatter_elements(NodeLowering&);
Status lower_scatter_nd(NodeLowering&);
Status lower_max_unpool(NodeLowering&);

// lower_reduce.cc, lower_softmax.cc, lower_scan.cc
Status lower_reduce(NodeLowering&);
/// Ascending, each once; from the attribute or the second operand.
Result<std::vector<std::int32_t>> reduction_axes(NodeLowering&, std::size_t rank);
Status lower_softmax(NodeLowering&);
Status lower_arg(NodeLowering&);
Status lower_hardmax(NodeLowering&);
Status lower_cumsum(NodeLowering&);

// lower_norm.cc
Status lower_layer_normalization(NodeLowering&);
Status lower_rms_normalization(NodeLowering&);
Status lower_instance_normalization(NodeLowering&);
Status lower_group_normalization(NodeLowering&);
Status lower_mean_variance_normalization(NodeLowering&);
Status lower_lp_normalization(NodeLowering&);
Status lower_global_lp_pool(NodeLowering&);

// lower_recurrent.cc, lower_spectral.cc
Status lower_rnn(NodeLowering&);
Status lower_gru(NodeLowering&);
Status lower_lstm(NodeLowering&);
Status lower_dft(NodeLowering&);
Status lower_stft(NodeLowering&);
Status lower_window(NodeLowering&);
Status lower_mel_weight_matrix(NodeLowering&);

// lower_constants.cc, lower_cast.cc
Status lower_constant(NodeLowering&);
Status lower_constant_of_shape(NodeLowering&);
Status lower_shape(NodeLowering&);
Status lower_size(NodeLowering&);
Status lower_range(NodeLowering&);
Status lower_eye_like(NodeLowering&);
Status lower_non_zero(NodeLowering&);
Status lower_cast(NodeLowering&);
Status lower_cast_like(NodeLowering&);
/// Add, Sub, Mul, Div, Max, Min of integer constants.
Status fold_integers(NodeLowering&);

// lower_quantised.cc, lower_dynamic.cc
Status lower_quantize_linear(NodeLowering&);
Status lower_dequantize_linear(NodeLowering&);
Status lower_qlinear_conv(NodeLowering&);
Status lower_qlinear_matmul(NodeLowering&);
Status lower_qgemm(NodeLowering&);
Status lower_qlinear_binary(NodeLowering&);
Status lower_qlinear_unary(NodeLowering&);
Status lower_qlinear_pool(NodeLowering&);
Status lower_qlinear_concat(NodeLowering&);
Status lower_dynamic_quantize_linear(NodeLowering&);
Status lower_matmul_integer(NodeLowering&);
Status lower_conv_integer(NodeLowering&);
/// Weights that a dequantisation reads, as i8 with zero point 0; real weights as they are.
Result<ValueId> symmetric_weights(NodeLowering&, ValueId weights);
/// As symmetric_weights; those that don't fit i8 become real.
Result<ValueId> narrow_weights(NodeLowering&, ValueId weights);

}  // namespace chengying::compiler
