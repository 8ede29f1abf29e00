// Lut where AVX-512 VBMI is: the table lies in four registers, two permutations look 64 bytes up in both
// halves of it, and the top bit of each byte chooses between them. The only kernel that wants VBMI, so that
// the set runs without it.
#include <immintrin.h>

#include "chip/kernels/avx512/table.h"
#include "chip/kernels/rows.h"

namespace chengying::chip::avx512 {
namespace {

struct Avx512Lut;  // what Rows is compiled for
constexpr std::int64_t kBytes = 64;

[[gnu::target("avx512vbmi")]] void row_by_permutation(const std::byte* table, const std::byte* in,
                                                      std::byte* out, std::int64_t n) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  for (std::int64_t i = 0; i < n; i += kBytes) {
    const __mmask64 mask = n - i >= kBytes ? ~__mmask64{0} : (__mmask64{1} << (n - i)) - 1;
    const __m512i x = _mm512_maskz_loadu_epi8(mask, in + i);
    const __m512i low = _mm512_permutex2var_epi8(t0, x, t1), high = _mm512_permutex2var_epi8(t2, x, t3);
    _mm512_mask_storeu_epi8(out + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
  }
}

}  // namespace

void lut_by_permutation(const isa::Lut& op, const Operands& at) {
  const Rows<Avx512Lut, 2> rows({&op.output, &op.input});
  rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
    std::byte* out = at.output + offset[0];
    const std::byte* in = at.input + offset[1];
    const auto [step_out, step_in] = rows.inner();
    if (step_out == 1 && step_in == 1) return row_by_permutation(at.table, in, out, rows.count());
    for (std::int64_t i = 0; i < rows.count(); ++i)
      out[i * step_out] = at.table[static_cast<std::uint8_t>(in[i * step_in])];
  });
}

}  // namespace chengying::chip::avx512
