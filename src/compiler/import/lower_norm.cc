// Normalisations: each is a mean, a variance and a scale; and the Lp family beside them.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

using Axes = std::vector<std::int32_t>;

struct Normalised {
  Real y, mean, inverse_deviation;
};

Normalised normalised(const Real& x, const Axes& axes, float epsilon) {
  const Real mean = reduce(isa::ReduceKind::kMean, x, axes), centred = x - mean;
  const Real variance = reduce(isa::ReduceKind::kMean, centred * centred, axes);
  const Real inverse = 1.0F / sqrt(variance + epsilon);
  return {centred * inverse, mean, inverse};
}

Axes from_axis(std::int32_t first, std::size_t rank) {
  Axes axes(rank - static_cast<std::size_t>(first));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

/// Whether one instruction says it: rows of the last dimension, parameters that repeat to them.
bool is_row_norm(const Shape& x, std::int32_t axis, std::span<const Real> parameters) {
  return axis + 1 == static_cast<std::int32_t>(x.size()) &&
         std::ranges::all_of(parameters, [&](const Real& p) { return broadcast_shape(x, p.shape()) == x; });
}

Real row_norm(const Real& x, std::span<const Real> parameters, isa::NormKind kind, float epsilon) {
  std::vector<ValueId> inputs{x.id};
  for (const Real& p : parameters) inputs.push_back(x.n->with_rank(p.id, x.shape().size()));
  return {x.n, x.n->emit(NormNode{kind, epsilon}, std::move(inputs), Shape(x.shape()))};
}

/// A vector of parameters along dimension 1.
Result<Real> along_channels(NodeLowering& n, std::size_t i, Shape x) {  // a copy: values move
  TRY_ASSIGN(const Real parameter, real_operand(n, i));
  if (parameter.shape() != Shape{x[1]})
    return n.broken(fmt::format("parameters {} for {} channels", to_string(parameter.shape()), x[1]));
  Shape wide(x.size(), 1);
  wide[1] = x[1];
  return reshape(parameter, std::move(wide));
}

Status check_channels(NodeLowering& n, const Real& x) {
  if (x.shape().size() >= 3) return {};
  return n.broken(fmt::format("an input {} without channels and places", to_string(x.shape())));
}

}  // namespace

Status lower_layer_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", -1), x.shape().size()));
  const float epsilon = n.number("epsilon", 1e-5F);
  std::vector<Real> parameters;
  for (std::size_t i = 1; i < 3; ++i) {
    if (!n.has(i)) continue;
    TRY_ASSIGN(parameters.emplace_back(), real_operand(n, i));
    if (broadcast_shape(x.shape(), parameters.back().shape()) != x.shape())
      return n.broken(
          fmt::format("parameters {} for {}", to_string(parameters.back().shape()), to_string(x.shape())));
  }
  if (is_row_norm(x.shape(), axis, parameters) && n.has(1) && n.outputs() == 1) {
    n.set_result(row_norm(x, parameters, isa::NormKind::kLayer, epsilon).id);
    return {};
  }
  const Normalised result = normalised(x, from_axis(axis, x.shape().size()), epsilon);
  Real y = result.y;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    y = i == 0 && n.has(1) ? y * parameters[i] : y + parameters[i];
  n.set_result(y.id);
  n.set_result(result.mean.id, 1);
  n.set_result(result.inverse_deviation.id, 2);
  return {};
}

/// Without the mean: x / sqrt(mean of x^2 + epsilon) * scale.
Status lower_rms_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const Real scale, real_operand(n, 1));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", -1), x.shape().size()));
  if (broadcast_shape(x.shape(), scale.shape()) != x.shape()) return n.broken("a scale of another shape");
  const float epsilon = n.number("epsilon", 1e-5F);
  if (is_row_norm(x.shape(), axis, std::span(&scale, 1))) {
    n.set_result(row_norm(x, std::span(&scale, 1), isa::NormKind::kRms, epsilon).id);
    return {};
  }
  const Real mean = reduce(isa::ReduceKind::kMean, x * x, from_axis(axis, x.shape().size()));
  n.set_result((x / sqrt(mean + epsilon) * scale).id);
  return {};
}

Status lower_instance_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY(check_channels(n, x));
  TRY_ASSIGN(const Real scale, along_channels(n, 1, x.shape()));
  TRY_ASSIGN(const Real shift, along_channels(n, 2, x.shape()));
  const Real y = normalised(x, from_axis(2, x.shape().size()), n.number("epsilon", 1e-5F)).y;
  n.set_result((y * scale + shift).id);
  return {};
}

Status lower_group_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY(check_channels(n, x));
  const Shape shape = x.shape();
  const std::int64_t groups = n.integer("num_groups", 0);
  if (groups < 1 || shape[1] % groups != 0)
    return n.broken(fmt::format("{} groups of {} channels", groups, shape[1]));
  const std::int64_t each = *element_count(shape) / shape[0] / groups;
  Real y = normalised(reshape(x, {shape[0], groups, each}), {2}, n.number("epsilon", 1e-5F)).y;
  if (n.opset() < 21) {  // a scale for each group; later for each channel
    TRY_ASSIGN(const Real scale, along_channels(n, 1, y.shape()));
    TRY_ASSIGN(const Real shift, along_channels(n, 2, y.shape()));
    n.set_result(n.reshape((y * scale + shift).id, shape));
    return {};
  }
  y = reshape(y, shape);
  TRY_ASSIGN(const Real scale, along_channels(n, 1, shape));
  TRY_ASSIGN(const Real shift, along_channels(n, 2, shape));
  n.set_result((y * scale + shift).id);
  return {};
}

Status lower_mean_variance_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  Axes axes;
  for (const std::int64_t given : n.integers("axes", {0, 2, 3})) {
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(given, x.shape().size()));
    axes.push_back(axis);
  }
  std::ranges::sort(axes);
  // ONNX's own definition: the deviation plus 1e-9.
  const Real mean = reduce(isa::ReduceKind::kMean, x, axes);
  const Real centred = x - mean;
  const Real variance = reduce(isa::ReduceKind::kMean, centred * centred, axes);
  n.set_result((centred / (sqrt(variance) + 1e-9F)).id);
  return {};
}

/// x / (sum of |x|^p)^(1/p) along an axis.
Status lower_lp_normalization(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY_ASSIGN(const std::int32_t axis, n.axis_of(n.integer("axis", -1), x.shape().size()));
  const std::int64_t p = n.integer("p", 2);
  if (p != 1 && p != 2) return n.broken(fmt::format("p = {}; 1 and 2 are defined", p));
  const Real norm = p == 1 ? reduce(isa::ReduceKind::kSum, abs(x), {axis})
                           : sqrt(reduce(isa::ReduceKind::kSumOfSquares, x, {axis}));
  n.set_result((x / norm).id);
  return {};
}

Status lower_global_lp_pool(NodeLowering& n) {
  TRY_ASSIGN(const Real x, real_operand(n, 0));
  TRY(check_channels(n, x));
  const auto p = static_cast<float>(n.integer("p", 2));
  const Real powers = p == 1 ? abs(x) : p == 2 ? x * x : power(abs(x), constant_like(x, p));
  const Real sum = reduce(isa::ReduceKind::kSum, powers, from_axis(2, x.shape().size()));
  n.set_result((p == 1 ? sum : p == 2 ? sqrt(sum) : power(sum, constant_like(sum, 1 / p))).id);
  return {};
}

}  // namespace chengying::compiler
