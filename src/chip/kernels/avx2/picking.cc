#include "chip/kernels/avx2/lanes.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/picking_lanes.h"

namespace chengying::chip::avx2 {

void compare(const isa::Compare& op, const Operands& at) {
  Picking<Avx2>::compare(op, at);
}
void select(const isa::Select& op, const Operands& at) {
  Picking<Avx2>::select(op, at);
}
void gather(const isa::Gather& op, const Operands& at) {
  Picking<Avx2>::gather(op, at);
}
void scatter(const isa::Scatter& op, const Operands& at) {
  Picking<Avx2>::scatter(op, at);
}
void topk(const isa::TopK& op, const Operands& at) {
  Picking<Avx2>::topk(op, at);
}

}  // namespace chengying::chip::avx2
