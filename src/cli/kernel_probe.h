// KernelProbe: what the kernels' loops cost on this machine beyond their multiplications: each number from
// one or two operations of a fixed shape, which no workload was asked for. Less than a second, one thread.
#pragma once

#include "chip/engine.h"
#include "isa/spec.h"

namespace chengying::cli {

/// `spread` grows to the largest difference between repeats (see probe.h).
isa::KernelCosts measure_kernels(chip::KernelSet set, double clock_hz, double& spread);

}  // namespace chengying::cli
