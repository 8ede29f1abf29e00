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
void run(const isa::Compare& o, const Operands& at) {
  compare(o, at);
}
void run(const isa::Select& o, const Operands& at) {
  select(o, at);
}
void run(const isa::Gather& o, const Operands& at) {
  gather(o, at);
}
void run(const isa::Scatter& o, const Operands& at) {
  scatter(o, at);
}
void run(const isa::TopK& o, const Operands& at) {
  topk(o, at);
}
void run(const isa::Norm& o, const Operands& at) {
  norm(o, at);
}
void run(const isa::Rotary& o, const Operands& at) {
  rotary(o, at);
}
void run(const isa::Resize& o, const Operands& at) {
  resize(o, at);
}
void run(const isa::GroupedMatMul& o, const Operands& at) {
  grouped_matmul(o, at);
}
void run(const isa::Sample& o, const Operands& at) {
  sample(o, at);
}
void run(const isa::Attention& o, const Operands& at) {
  attention(o, at);
}
void run(const isa::Scan& o, const Operands& at) {
  scan(o, at);
}

}  // namespace

void execute(const isa::Operation& operation, const Operands& operands) {
  std::visit([&](const auto& one) { run(one, operands); }, operation);
}

}  // namespace chengying::reference
