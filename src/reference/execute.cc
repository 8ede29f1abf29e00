#include "reference/execute.h"

namespace chengying::reference {
namespace {

void run(const isa::Conv& o, const Operands& at) {
  conv(o, at);
}
void run(const isa::DepthwiseConv& o, const Operands& at) {
  depthwise_conv(o, at);
}
void run(const isa::Pool& o, const Operands& at) {
  pool(o, at);
}
void run(const isa::Binary& o, const Operands& at) {
  binary(o, at);
}
void run(const isa::Unary& o, const Operands& at) {
  unary(o, at);
}
void run(const isa::Lut& o, const Operands& at) {
  lut(o, at);
}
void run(const isa::Convert& o, const Operands& at) {
  convert(o, at);
}
void run(const isa::Softmax& o, const Operands& at) {
  softmax(o, at);
}
void run(const isa::Reduce& o, const Operands& at) {
  reduce(o, at);
}
void run(const isa::Copy& o, const Operands& at) {
  copy(o, at);
}
void run(const isa::MatMul& o, const Operands& at) {
  matmul(o, at);
}

}  // namespace

void execute(const isa::Operation& operation, const Operands& operands) {
  std::visit([&](const auto& one) { run(one, operands); }, operation);
}

}  // namespace chengying::reference
