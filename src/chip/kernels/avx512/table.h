// The kernels of this folder. Only for CPUs for which supported() holds of the set.
#pragma once

#include "chip/kernels/kernels.h"

namespace chengying::chip::avx512 {

void conv(const isa::Conv&, const Operands&);
void depthwise_conv(const isa::DepthwiseConv&, const Operands&);
void pool(const isa::Pool&, const Operands&);
void binary(const isa::Binary&, const Operands&);
void unary(const isa::Unary&, const Operands&);
void lut(const isa::Lut&, const Operands&);
void convert(const isa::Convert&, const Operands&);
void softmax(const isa::Softmax&, const Operands&);
void reduce(const isa::Reduce&, const Operands&);
void copy(const isa::Copy&, const Operands&);
void matmul(const isa::MatMul&, const Operands&);
void compare(const isa::Compare&, const Operands&);
void select(const isa::Select&, const Operands&);
void gather(const isa::Gather&, const Operands&);
void scatter(const isa::Scatter&, const Operands&);
void topk(const isa::TopK&, const Operands&);
void norm(const isa::Norm&, const Operands&);
void rotary(const isa::Rotary&, const Operands&);
void resize(const isa::Resize&, const Operands&);
void grouped_matmul(const isa::GroupedMatMul&, const Operands&);
void attention(const isa::Attention&, const Operands&);
void scan(const isa::Scan&, const Operands&);

/// Contiguous rows by a table that stays in registers; for CPUs with AVX-512 VBMI.
void lut_by_permutation(const isa::Lut&, const Operands&);
/// The u8 half of matmul.
void matmul_u8(const isa::MatMul&, const Operands&);
/// The u8 half of conv.
void conv_u8(const isa::Conv&, const Operands&);
/// Depthwise convolution of u8 to u8; a residual's channels lie side by side.
void depthwise_u8(const isa::DepthwiseConv&, const Operands&);

}  // namespace chengying::chip::avx512
