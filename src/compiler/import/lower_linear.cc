// Convolutions, matrix products, and what models put beside them: batch normalisation, LRN.
#include <algorithm>
#include <cmath>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

/// The bias as a vector of k elements; kNoValue where there is none; nullopt if it must be added apart.
std::optional<ValueId> bias_vector(NodeLowering& n, ValueId bias, std::int64_t k) {
  const Shape& shape = n.shape(bias);
  const std::int64_t elements = *element_count(shape);
  if (n.known(bias) == nullptr || (elements != k && elements != 1)) return std::nullopt;
  if (elements == k && (shape.empty() || shape.back() == k)) return n.reshape(bias, {k});
  if (elements != 1 || k == 0) return std::nullopt;
  Tensor wide(DType::kF32, {k});
  std::ranges::fill(wide.as<float>(), n.known(bias)->as<float>()[0]);
  return n.add_constant(std::move(wide), "bias");
}

/// y = x * scale + shift along dimension 1.
ValueId scale_channels(NodeLowering& n, ValueId x, std::vector<float> scale, std::vector<float> shift) {
  Shape wide(n.shape(x).size(), 1);
  wide[1] = n.shape(x)[1];
  Tensor factor(DType::kF32, wide), offset(DType::kF32, wide);
  std::ranges::copy(scale, factor.as<float>().begin());
  std::ranges::copy(shift, offset.as<float>().begin());
  const ValueId product = n.binary(isa::BinaryKind::kMul, x, n.add_constant(std::move(factor), "scale"));
  return n.binary(isa::BinaryKind::kAdd, product, n.add_constant(std::move(offset), "shift"));
}

}  // namespace

Result<ValueId> make_conv(NodeLowering& n, ValueId x, ValueId weights, ValueId bias) {
  const std::size_t rank = n.shape(x).size();
  if (rank != 3 && rank != 4)
    return n.refuse(fmt::format("a convolution of {} spatial dimensions; 1 and 2 are supported",
                                static_cast<std::int64_t>(rank) - 2));
  if (n.shape(weights).size() != rank) return n.broken("the weights have another rank than the input");
  if (n.known(weights) == nullptr) return n.refuse("the weights must be constant, and are computed");
  TRY_ASSIGN(weights, narrow_weights(n, weights));
  const std::int64_t groups = n.integer("group", 1), k = n.shape(weights)[0], c = n.shape(x)[1];
  if (groups < 1 || k % groups != 0 || c != n.shape(weights)[1] * groups)
    return n.broken(fmt::format("{} groups of weights {} on input {}", groups, to_string(n.shape(weights)),
                                to_string(n.shape(x))));
  const std::vector<std::int64_t> kernel(n.shape(weights).begin() + 2, n.shape(weights).end());
  TRY_ASSIGN(const WindowGeometry geometry, window_geometry(n, n.shape(x), kernel));
  if (bias != kNoValue && n.shape(bias) != Shape{k})
    return n.broken(fmt::format("bias {} for {} output channels", to_string(n.shape(bias)), k));
  if (rank == 3) {
    x = n.reshape(x, {n.shape(x)[0], c, 1, n.shape(x)[2]});
    weights = n.reshape(weights, {k, n.shape(weights)[1], 1, kernel[0]});
  }
  ConvNode conv{.window = geometry.window, .groups = static_cast<std::int32_t>(groups), .fused = {}};
  const ValueId y =
      n.emit(std::move(conv), {x, weights, bias}, Shape{n.shape(x)[0], k, geometry.h.out, geometry.w.out});
  return rank == 3 ? n.reshape(y, {n.shape(y)[0], k, geometry.w.out}) : y;
}

Status lower_conv(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  TRY_ASSIGN(const ValueId weights, n.real(1));
  ValueId bias = kNoValue;
  if (n.has(2)) {
    TRY_ASSIGN(bias, n.real(2));
    if (n.known(bias) == nullptr) return n.refuse("the bias must be constant, and is computed");
  }
  TRY_ASSIGN(const ValueId y, make_conv(n, x, weights, bias));
  n.set_result(y);
  return {};
}

ValueId make_dense(NodeLowering& n, ValueId x, ValueId weights, ValueId bias) {
  Shape result = n.shape(x);
  result.back() = n.shape(weights)[0];
  return n.emit(DenseNode{}, {x, weights, bias}, std::move(result));
}

Result<ValueId> make_matmul(NodeLowering& n, ValueId x, ValueId weights) {
  if (n.shape(x).empty() || n.shape(weights).empty()) return n.broken("MatMul wants matrices");
  while (n.shape(weights).size() > 2 && n.shape(weights)[0] == 1 &&
         n.shape(weights).size() <= n.shape(x).size())
    weights = n.reshape(weights, Shape(n.shape(weights).begin() + 1, n.shape(weights).end()));
  if (n.known(weights) == nullptr || n.shape(weights).size() > 2) return make_product(n, x, weights);
  const bool vector = n.shape(weights).size() == 1;
  if (vector) weights = n.reshape(weights, {n.shape(weights)[0], 1});
  if (n.shape(weights)[0] != n.shape(x).back())
    return n.broken(fmt::format("{} columns by {} rows", n.shape(x).back(), n.shape(weights)[0]));
  weights = n.transpose(weights, {1, 0});
  TRY_ASSIGN(weights, narrow_weights(n, weights));
  const ValueId y = make_dense(n, x, weights, kNoValue);
  return vector ? n.reshape(y, Shape(n.shape(y).begin(), n.shape(y).end() - 1)) : y;
}

Status lower_matmul(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  TRY_ASSIGN(const ValueId weights, n.as_real(1));
  TRY_ASSIGN(const ValueId y, make_matmul(n, n.to_real(from), weights));
  n.set_result(n.from_real(y, n.type_of(from)));
  return {};
}

Status lower_gemm(NodeLowering& n) {
  TRY_ASSIGN(const ValueId from, n.input(0));
  ValueId x = n.to_real(from);
  TRY_ASSIGN(ValueId weights, n.as_real(1));
  if (n.shape(x).size() != 2 || n.shape(weights).size() != 2) return n.broken("Gemm wants matrices");
  if (n.integer("transA", 0) != 0) x = n.transpose(x, {1, 0});
  if (n.integer("transB", 0) == 0) weights = n.transpose(weights, {1, 0});
  if (n.shape(weights)[1] != n.shape(x)[1])
    return n.broken(fmt::format("{} columns by {} rows", n.shape(x)[1], n.shape(weights)[1]));
  const bool is_known = n.known(weights) != nullptr;
  if (is_known) {
    TRY_ASSIGN(weights, narrow_weights(n, weights));
  }
  const float alpha = n.number("alpha", 1), beta = n.number("beta", 1);
  if (alpha != 1 && is_known) {
    weights =
        n.binary(isa::BinaryKind::kMul, n.add_constant(Tensor(*n.known(weights))), n.add_constant(alpha, 2));
  }
  ValueId c = kNoValue;
  std::optional<ValueId> bias = kNoValue;
  if (n.has(2) && beta != 0) {
    TRY_ASSIGN(c, n.as_real(2));
    if (beta != 1) c = n.binary(isa::BinaryKind::kMul, c, n.add_constant(beta, n.shape(c).size()));
    bias = bias_vector(n, c, n.shape(weights)[0]);
  }
  ValueId y = kNoValue;
  if (is_known) {
    y = make_dense(n, x, weights, bias.value_or(kNoValue));
  } else {
    TRY_ASSIGN(y, make_product(n, x, n.transpose(weights, {1, 0})));
    if (alpha != 1) y = n.binary(isa::BinaryKind::kMul, y, n.add_constant(alpha, 2));
  }
  if (c != kNoValue && (!bias || !is_known)) {
    if (broadcast_shape(n.shape(y), n.shape(c)) != n.shape(y))
      return n.broken("C does not repeat to the product");
    y = n.binary(isa::BinaryKind::kAdd, y, c);
  }
  n.set_result(n.from_real(y, n.type_of(from)));
  return {};
}

Status lower_batch_normalization(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  std::vector<float> parameters[4];
  for (std::size_t i = 0; i < 4; ++i) {
    TRY_ASSIGN(parameters[i], n.floats(i + 1));
  }
  if (n.shape(x).size() < 2) return n.broken("an input of rank 2 or more is wanted");
  if (n.integer("training_mode", 0) != 0) return n.refuse("training_mode: export the model for inference");
  const auto channels = static_cast<std::size_t>(n.shape(x)[1]);
  const auto& [scale, bias, mean, variance] = parameters;
  for (const auto& parameter : parameters)
    if (parameter.size() != channels) return n.broken("parameters of another length than the channels");
  const double epsilon = n.number("epsilon", 1e-5F);
  std::vector<float> factor(channels), shift(channels);
  for (std::size_t i = 0; i < channels; ++i) {
    const double f = scale[i] / std::sqrt(static_cast<double>(variance[i]) + epsilon);
    factor[i] = static_cast<float>(f);
    shift[i] = static_cast<float>(bias[i] - mean[i] * f);
  }
  n.set_result(scale_channels(n, x, std::move(factor), std::move(shift)));
  return {};
}

/// y = x / (bias + alpha / size * sum of x^2 over near channels)^beta: the sum is a 1x1 convolution with a
/// band of ones.
Status lower_lrn(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.real(0));
  if (n.shape(x).size() != 4) return n.refuse("an input of rank 4 is supported");
  const std::int64_t size = n.integer("size", 0), c = n.shape(x)[1];
  if (size < 1) return n.broken("the attribute 'size' is missing");
  const float step = n.number("alpha", 1e-4F) / static_cast<float>(size);
  Tensor band(DType::kF32, {c, c, 1, 1}), offset(DType::kF32, {c});
  for (std::int64_t k = 0; k < c; ++k)
    for (std::int64_t i = std::max<std::int64_t>(0, k - (size - 1) / 2); i <= std::min(c - 1, k + size / 2);
         ++i)
      band.as<float>()[static_cast<std::size_t>(k * c + i)] = step;
  std::ranges::fill(offset.as<float>(), n.number("bias", 1));
  const ValueId squares = n.binary(isa::BinaryKind::kMul, x, x);
  const ValueId sums = n.emit(
      ConvNode{}, {squares, n.add_constant(std::move(band)), n.add_constant(std::move(offset))}, n.shape(x));
  const ValueId power = n.binary(isa::BinaryKind::kPow, sums, n.add_constant(n.number("beta", 0.75F), 4));
  n.set_result(n.binary(isa::BinaryKind::kDiv, x, power));
  return {};
}

}  // namespace chengying::compiler
