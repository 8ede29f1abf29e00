#include "chip/kernels/elementwise_lanes.h"

#include "chip/kernels/avx512/lanes.h"
#include "chip/kernels/avx512/table.h"
#include "chip/kernels/pool_lanes.h"

namespace chengying::chip::avx512 {

void pool(const isa::Pool& op, const Operands& at) {
  Pooling<Avx512>::pool(op, at);
}
void binary(const isa::Binary& op, const Operands& at) {
  Elementwise<Avx512>::binary(op, at);
}
void unary(const isa::Unary& op, const Operands& at) {
  Elementwise<Avx512>::unary(op, at);
}
void lut(const isa::Lut& op, const Operands& at) {
  static const bool has_vbmi = __builtin_cpu_supports("avx512vbmi") != 0;
  if (has_vbmi && op.input.stride[3] == 1 && op.output.stride[3] == 1) return lut_by_permutation(op, at);
  Elementwise<Avx512>::lut(op, at);
}
void convert(const isa::Convert& op, const Operands& at) {
  Elementwise<Avx512>::convert(op, at);
}
void softmax(const isa::Softmax& op, const Operands& at) {
  Elementwise<Avx512>::softmax(op, at);
}
void reduce(const isa::Reduce& op, const Operands& at) {
  Elementwise<Avx512>::reduce(op, at);
}
void copy(const isa::Copy& op, const Operands& at) {
  Elementwise<Avx512>::copy(op, at);
}

}  // namespace chengying::chip::avx512
