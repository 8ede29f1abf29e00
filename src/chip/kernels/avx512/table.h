// The kernels written with AVX-512 (F, BW, DQ, VL, VNNI). Only for CPUs for which supported(kAvx512) holds.
#pragma once

#include "chip/kernels/kernels.h"

namespace chengying::chip::avx512 {

void conv(const isa::Conv&, const Operands&);
void conv_u8(const isa::Conv&, const Operands&);

}  // namespace chengying::chip::avx512
