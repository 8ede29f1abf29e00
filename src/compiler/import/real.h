// Real: arithmetic on f32 values of the graph, written as one would on paper: what has no opcode of its own
// is lowered to such formulas. Shapes repeat to one another; the caller has checked that they do.
#pragma once

#include "compiler/import/lowering.h"

namespace chengying::compiler {

struct Real {
  NodeLowering* n = nullptr;
  ValueId id = kNoValue;
  const Shape& shape() const { return n->shape(id); }
};

/// Operand `i` of the node in f32, whatever its type.
Result<Real> real_operand(NodeLowering& n, std::size_t i);
Real constant_like(const Real& x, float value);

Real operator+(const Real& a, const Real& b);
Real operator-(const Real& a, const Real& b);
Real operator*(const Real& a, const Real& b);
Real operator/(const Real& a, const Real& b);
Real operator+(const Real& a, float b);
Real operator-(const Real& a, float b);
Real operator*(const Real& a, float b);
Real operator/(const Real& a, float b);
Real operator+(float a, const Real& b);
Real operator-(float a, const Real& b);
Real operator*(float a, const Real& b);
Real operator/(float a, const Real& b);
Real operator-(const Real& x);

Real max(const Real& a, const Real& b);
Real min(const Real& a, const Real& b);
Real max(const Real& a, float b);
Real min(const Real& a, float b);
Real power(const Real& a, const Real& b);
Real abs(const Real& x);
Real exp(const Real& x);
Real log(const Real& x);
Real sqrt(const Real& x);
Real tanh(const Real& x);
Real floor(const Real& x);
Real ceil(const Real& x);
Real round(const Real& x);
Real relu(const Real& x);
Real clip(const Real& x, float low, float high);
/// What an integer type of 8 or 16 bits keeps of a whole number; others as they are.
Real wrapped(const Real& whole, DType type);
/// Towards zero.
Real truncate(const Real& x);

// Truth is 1 and 0. A comparison with NaN is false, as IEEE has it.
Real positive(const Real& x);  // x > 0
Real greater(const Real& a, const Real& b);
Real equal(const Real& a, const Real& b);
Real is_nan(const Real& x);
/// Where `condition` is 1 the element of `yes`, where it is 0 that of `no`: infinities and NaN pass as they
/// are, on the side that is not taken they do no harm.
Real select(const Real& condition, const Real& yes, const Real& no);

/// Over `axes`, which stay as dimensions of 1.
Real reduce(isa::ReduceKind kind, const Real& x, std::vector<std::int32_t> axes);
Real reshape(const Real& x, Shape to);
Real transpose(const Real& x, std::vector<std::int32_t> permutation);
/// x [.., k_in] by a constant matrix [k_out, k_in].
Real times_matrix(const Real& x, Tensor matrix);

}  // namespace chengying::compiler
