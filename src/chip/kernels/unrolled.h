// unrolled<N>(body): body(0), body(1), ... body(N - 1) with constants, written out by the compiler whatever
// its options, so that arrays indexed by them stay in registers.
#pragma once

#include <type_traits>
#include <utility>

namespace chengying::chip {

template <int kCount, class Body>
[[gnu::always_inline]] inline void unrolled(Body body) {
  [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, kIndex>{}), ...);
  }(std::make_integer_sequence<int, kCount>{});
}

}  // namespace chengying::chip

/// Marks a lambda that must be inlined: `unrolled<4>([&](auto i) CHENGYING_INLINE { ... })`.
#define CHENGYING_INLINE __attribute__((always_inline))
