// KernelWork: cycles of operations where loops of software do them, on a chip with [kernels]: what these
// loops cost beyond their multiplications and lanes, and instead of them. Pure.
#pragma once

#include <cstdint>

#include "isa/instruction.h"
#include "isa/spec.h"

namespace chengying::timing {

/// Of a convolution, for finding the windows of so many output pixels.
std::uint64_t kernel_pixel_cycles(const isa::KernelCosts& costs, std::uint64_t pixels);
/// Of the products of a u8 depthwise convolution, without its epilogue.
std::uint64_t kernel_depthwise_cycles(const isa::DepthwiseConv& op, const isa::ChipSpec& chip);
std::uint64_t kernel_pool_cycles(const isa::Pool& op, const isa::ChipSpec& chip);
std::uint64_t kernel_lut_cycles(const isa::Lut& op, const isa::KernelCosts& costs);
/// Of a copy that moves elements one by one; 0 if whole rows lie side by side on both sides.
std::uint64_t kernel_copy_cycles(const isa::Copy& op, const isa::KernelCosts& costs);

}  // namespace chengying::timing
