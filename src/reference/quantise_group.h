// An element of a group in steps, over any lane type (see tensor/lanes.h): what the reference and the kernels
// share.
#pragma once

#include "tensor/arithmetic.h"

namespace chengying::reference {

/// A whole number in -127 .. 127.
template <class F>
[[gnu::always_inline]] inline F quantised_value(F x, F step) {
  using L = exact::Lanes<F>;
  const F q = exact::rne<F>(exact::clamp<F>(x / step, L::set(-127.0F), L::set(127.0F)));
  return step == L::set(0.0F) ? L::set(0.0F) : q;
}

}  // namespace chengying::reference
