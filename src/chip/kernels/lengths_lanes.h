// Attention and Scan over a lane set S. Both score a block of kWidth rows at once, wherever they lie: the
// partial sums of each row stay in registers, and are added up crosswise into one vector of scores. A
// sequence's pages are looked up once, as pointers to its rows.
#pragma once

#include <algorithm>
#include <utility>

#include "chip/kernels/elementwise_lanes.h"
#include "chip/kernels/picking_lanes.h"
#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "chip/kernels/unrolled.h"
#include "isa/instruction.h"

namespace chengying::chip {

template <class S>
struct Lengths {
  using F = typename S::F;
  using I = typename S::I;
  using L = exact::Lanes<F>;
  static constexpr int kWidth = S::kWidth;
  static constexpr int kVectors = 16 / kWidth;  // of the 16 partial sums of a dot product

  /// Of a vector of two, cut into segments of kSegment lanes: which lane goes to `lane` of the lower halves.
  template <int kSegment>
  static constexpr int lower(int lane) {
    const int half = kSegment / 2, within = lane % (kWidth / 2);
    return (lane < kWidth / 2 ? 0 : kWidth) + within / half * kSegment + within % half;
  }
  /// Each segment of x, then of y, its lower half plus its upper half.
  template <int kSegment, class V, int... kLane>
  [[gnu::always_inline]] static V halves(V x, V y, std::integer_sequence<int, kLane...>) {
    return __builtin_shufflevector(x, y, lower<kSegment>(kLane)...) +
           __builtin_shufflevector(x, y, (lower<kSegment>(kLane) + kSegment / 2)...);
  }
  /// Lane i: all lanes of rows[i], added pairwise.
  template <int kSegment, class V>
  [[gnu::always_inline]] static V totals(const V* rows) {
    V joined[kSegment > 1 ? kSegment / 2 : 1];
    if constexpr (kSegment == 1) {
      return rows[0];
    } else {
      unrolled<kSegment / 2>([&](auto i) CHENGYING_INLINE {
        joined[i] = halves<kSegment>(rows[2 * i], rows[2 * i + 1], std::make_integer_sequence<int, kWidth>{});
      });
      return totals<kSegment / 2>(joined);
    }
  }

  struct Floats {
    static constexpr int kSize = 4;
    static F load(const std::byte* at) { return S::load(at); }
  };
  struct Halves {
    static constexpr int kSize = 2;
    static F load(const std::byte* at) { return S::load_bf16(at); }
  };

  /// The dot products of one row `q` of d floats with kWidth rows.
  template <class Kind>
  static F dots(const std::byte* q, const std::byte* const* rows, std::int64_t d) {
    F sums[kVectors][kWidth];
    unrolled<kVectors>([&](auto v) CHENGYING_INLINE {
      unrolled<kWidth>([&](auto r) CHENGYING_INLINE { sums[v][r] = L::set(0.0F); });
    });
    std::int64_t i = 0;
    for (; i + 16 <= d; i += 16) {
      unrolled<kVectors>([&](auto v) CHENGYING_INLINE {
        const std::int64_t at = i + v * kWidth;
        const F x = S::load(q + 4 * at);
        unrolled<kWidth>([&](auto r) CHENGYING_INLINE {
          sums[v][r] = L::fma(x, Kind::load(rows[r] + Kind::kSize * at), sums[v][r]);
        });
      });
    }
    for (int v = 0; v < kVectors && i < d; ++v, i += kWidth) {
      const F x = load_floats<S>(q + 4 * i, 4, d - i);
      for (int r = 0; r < kWidth; ++r) {
        const F w = load_part<S, Kind::kSize>(rows[r] + Kind::kSize * i, Kind::kSize, d - i,
                                              [](const std::byte* p) { return Kind::load(p); });
        // Lanes behind the end stay as they are: 0 * 0 is added to no sum that is -0.
        sums[v][r] = d - i < kWidth ? keep_rest(L::fma(x, w, sums[v][r]), sums[v][r], d - i)
                                    : L::fma(x, w, sums[v][r]);
      }
    }
    F whole[kWidth];
    unrolled<kWidth>([&](auto r) CHENGYING_INLINE {
      whole[r] = sums[0][r];
      if constexpr (kVectors == 2) whole[r] = whole[r] + sums[kVectors - 1][r];
    });
    return totals<kWidth>(whole);
  }
  static F keep_rest(F first, F rest, std::int64_t n) {
    for (std::int64_t i = n; i < kWidth; ++i) first[i] = rest[i];
    return first;
  }

  /// A row of u8 queries as signed bytes: q - 128.
  struct Query {
    const std::byte* bytes = nullptr;
    std::int32_t sum = 0;  // of q - query_zero_point
  };
  /// f32 of the sums of (q - query_zero_point) * (r - rows_zero_point) with kWidth rows, by way of
  /// sum(r * (q - 128)) + (128 - query_zero_point) * sum(r) - rows_zero_point * sum(q - query_zero_point).
  static F dots_u8(const isa::Scan& op, const Query& query, const std::byte* const* rows) {
    constexpr std::int64_t kBytes = 4 * kWidth;
    const std::int64_t d = op.query.shape[3];
    I products[kWidth], sums[kWidth];
    unrolled<kWidth>([&](auto r) CHENGYING_INLINE { products[r] = sums[r] = L::set_int(0); });
    const I ones = L::set_int(0x01010101);
    std::int64_t i = 0;
    for (; i + kBytes <= d; i += kBytes) {
      const I q = S::load_int(query.bytes + i);
      unrolled<kWidth>([&](auto r) CHENGYING_INLINE {
        const I row = S::load_int(rows[r] + i);
        products[r] = S::add_quad_products(products[r], row, q);
        sums[r] = S::add_quad_products(sums[r], row, ones);
      });
    }
    if (i < d) {
      const I q = S::load_int(query.bytes + i);  // zeros behind the end
      for (int r = 0; r < kWidth; ++r) {
        alignas(64) std::byte part[kBytes] = {};
        std::memcpy(part, rows[r] + i, static_cast<std::size_t>(d - i));
        const I row = S::load_int(part);
        products[r] = S::add_quad_products(products[r], row, q);
        sums[r] = S::add_quad_products(sums[r], row, ones);
      }
    }
    using U = typename S::U;  // modulo 2^32
    const U by_rows = reinterpret_cast<U>(totals<kWidth>(sums)) *
                      reinterpret_cast<U>(L::set_int(128 - op.query_zero_point));
    const auto constant =
        static_cast<std::uint32_t>(op.rows_zero_point) * static_cast<std::uint32_t>(query.sum);
    const U all = reinterpret_cast<U>(totals<kWidth>(products)) + by_rows -
                  reinterpret_cast<U>(L::set_int(static_cast<std::int32_t>(constant)));
    return L::to_float(reinterpret_cast<I>(all));
  }

  // ---------------------------------------------------------------------------------------- attention

  /// The rows of one sequence and one head of keys and values, as pointers.
  struct Sequence {
    const std::byte** keys = nullptr;
    const std::byte** values = nullptr;
    std::int64_t length = 0;
  };

  static void find_rows(const isa::Attention& op, const Operands& at, std::int64_t sequence,
                        std::int64_t head, const std::byte* zeros, Sequence& to) {
    const std::int64_t places = op.keys.shape[2];
    for (std::int64_t j = 0; j < to.length; ++j) {
      const std::int64_t place = j % places;
      std::int32_t page;
      std::memcpy(&page, at.fourth + sequence * op.pages.stride[2] + j / places * op.pages.stride[3], 4);
      const bool there = page >= 0 && page < op.keys.shape[0];
      if (!there && at.fault != nullptr) at.fault->note(page, op.keys.shape[0]);
      const auto row = [&](const isa::View& view, const std::byte* base) {
        return there ? base + page * view.stride[0] + head * view.stride[1] + place * view.stride[2] : zeros;
      };
      to.keys[j] = row(op.keys, at.second);
      to.values[j] = row(op.values, at.third);
    }
  }

  template <class Kind>
  static void score(const isa::Attention& op, const std::byte* q, const Sequence& rows, std::int64_t seen,
                    std::byte* scores) {
    const F scale = L::set(op.scale);
    for (std::int64_t j = 0; j < seen; j += kWidth)  // there are pointers to zeros behind the last row
      S::store(scores + 4 * j, dots<Kind>(q, rows.keys + j, op.keys.shape[3]) * scale);
  }

  /// V vectors of the output from element i on: each lane is the chain of one.
  template <class Kind, int V>
  static void gather_values(const float* y, const Sequence& rows, std::int64_t seen, std::int64_t i,
                            std::byte* out) {
    F sums[V];
    unrolled<V>([&](auto v) CHENGYING_INLINE { sums[v] = L::set(0.0F); });
    for (std::int64_t j = 0; j < seen; ++j) {
      const F weight = L::set(y[j]);
      const std::byte* value = rows.values[j] + Kind::kSize * i;
      unrolled<V>([&](auto v) CHENGYING_INLINE {
        sums[v] = L::fma(weight, Kind::load(value + Kind::kSize * v * kWidth), sums[v]);
      });
    }
    unrolled<V>([&](auto v)
                    CHENGYING_INLINE { S::store(out + 4 * (i + v * kWidth), exact::canonical<F>(sums[v])); });
  }

  template <class Kind>
  static void gather_all_values(const float* y, const Sequence& rows, std::int64_t seen, std::int64_t d,
                                std::byte* out) {
    std::int64_t i = 0;
    for (; i + 4 * kWidth <= d; i += 4 * kWidth) gather_values<Kind, 4>(y, rows, seen, i, out);
    for (; i + kWidth <= d; i += kWidth) gather_values<Kind, 1>(y, rows, seen, i, out);
    if (i == d) return;
    F sum = L::set(0.0F);
    for (std::int64_t j = 0; j < seen; ++j) {
      sum = L::fma(L::set(y[j]),
                   load_part<S, Kind::kSize>(rows.values[j] + Kind::kSize * i, Kind::kSize, d - i,
                                             [](const std::byte* p) { return Kind::load(p); }),
                   sum);
    }
    store_floats<S>(out + 4 * i, 4, d - i, exact::canonical<F>(sum));
  }

  template <class Kind>
  static void attend_as(const isa::Attention& op, const Operands& at) {
    const std::int64_t rows = op.query.shape[2], d = op.query.shape[3];
    const std::int64_t group = op.query.shape[1] / op.keys.shape[1];
    const std::int64_t longest =
        *std::max_element(at.arguments + op.lengths, at.arguments + op.lengths + op.query.shape[0]);
    const auto room = static_cast<std::size_t>(longest + kWidth);
    auto** pointers = reinterpret_cast<const std::byte**>(
        scratch(ScratchSlot::kPixels, 2 * room * sizeof(const std::byte*)));
    std::byte* scores = scratch(ScratchSlot::kRuns, room * sizeof(float));
    const auto row_bytes = static_cast<std::size_t>(d) * 4;
    std::byte* zeros = scratch(ScratchSlot::kWorking, row_bytes);
    std::memset(zeros, 0, row_bytes);
    for (std::int64_t s = 0; s < op.query.shape[0]; ++s) {
      Sequence sequence{pointers, pointers + room, at.arguments[op.lengths + static_cast<std::uint32_t>(s)]};
      for (std::int64_t head = 0; head < op.keys.shape[1]; ++head) {
        find_rows(op, at, s, head, zeros, sequence);
        std::fill_n(sequence.keys + sequence.length, kWidth, zeros);
        for (std::int64_t row = 0; row < group * rows; ++row) {
          const std::int64_t h = head * group + row / rows, r = row % rows;
          const std::int64_t seen = op.causal ? sequence.length - (rows - 1 - r) : sequence.length;
          const auto place = [&](const isa::View& view) {
            return s * view.stride[0] + h * view.stride[1] + r * view.stride[2];
          };
          score<Kind>(op, at.input + place(op.query), sequence, seen, scores);
          isa::Softmax softmax;
          softmax.input.shape[3] = softmax.output.shape[3] = static_cast<std::int32_t>(seen);
          softmax.input.stride[3] = softmax.output.stride[3] = 4;
          Elementwise<S>::softmax_row(softmax, scores, scores);
          gather_all_values<Kind>(reinterpret_cast<const float*>(scores), sequence, seen, d,
                                  at.output + place(op.output));
        }
      }
    }
  }

  static void attention(const isa::Attention& op, const Operands& at) {
    return op.keys.dtype == DType::kBF16 ? attend_as<Halves>(op, at) : attend_as<Floats>(op, at);
  }

  // --------------------------------------------------------------------------------------------- scan

  using Kept = typename Picking<S>::Kept;
  using Best = typename Picking<S>::Best;

  /// kWidth scores of rows from `n` on, of which `left` are real.
  static void keep_all(const isa::Scan& op, const Operands& at, std::int64_t m, std::int64_t n,
                       std::int64_t left, F sums, Best& best) {
    F t = sums * L::set(op.scale);
    if (op.addend) {
      const auto& stride = op.addend->stride;
      t = t + load_floats<S>(at.third + m * stride[2] + n * stride[3], stride[3], left);
    }
    alignas(64) float scores[kWidth];
    S::store(reinterpret_cast<std::byte*>(scores), t);
    for (std::int64_t i = 0; i < kWidth && i < left; ++i)
      Picking<S>::keep(best, op.output.shape[3], scores[i], static_cast<std::int32_t>(n + i), false);
  }

  /// The queries of u8 as signed bytes, each with room for a whole vector behind its end.
  static void sign_queries(const isa::Scan& op, const Operands& at, std::byte* to, std::int64_t room,
                           Query* queries) {
    const std::int64_t d = op.query.shape[3];
    for (std::int64_t m = 0; m < op.query.shape[2]; ++m) {
      std::byte* row = to + m * room;
      std::memset(row, 0, static_cast<std::size_t>(room));
      const std::byte* q = at.input + m * op.query.stride[2];
      std::uint32_t sum = 0;
      for (std::int64_t i = 0; i < d; ++i) {
        row[i] = q[i] ^ std::byte{0x80};
        sum += static_cast<std::uint32_t>(static_cast<std::int32_t>(q[i]) - op.query_zero_point);
      }
      queries[m] = {row, static_cast<std::int32_t>(sum)};
    }
  }

  /// dots_of(query, pointers to kWidth rows): the sums.
  template <class Dots>
  static void scan_rows(const isa::Scan& op, const Operands& at, Dots dots_of) {
    const std::int64_t queries = op.query.shape[2], k = op.output.shape[3];
    const std::int64_t count = op.count ? at.arguments[*op.count] : std::int64_t{op.rows.shape[2]};
    const auto kept_bytes = static_cast<std::size_t>(queries * k) * sizeof(Kept);
    auto* kept = reinterpret_cast<Kept*>(
        scratch(ScratchSlot::kWorking, kept_bytes + static_cast<std::size_t>(queries) * sizeof(Best)));
    auto* best = reinterpret_cast<Best*>(reinterpret_cast<std::byte*>(kept) + kept_bytes);
    for (std::int64_t m = 0; m < queries; ++m) best[m] = {kept + m * k, 0};
    for (std::int64_t n = 0; n < count; n += kWidth) {
      const std::byte* rows[kWidth];
      for (std::int64_t i = 0; i < kWidth; ++i)
        rows[i] = at.second + std::min(n + i, count - 1) * op.rows.stride[2];
      for (std::int64_t m = 0; m < queries; ++m) keep_all(op, at, m, n, count - n, dots_of(m, rows), best[m]);
    }
    for (std::int64_t m = 0; m < queries; ++m) {
      for (std::int64_t i = 0; i < k; ++i)
        std::memcpy(at.output + m * op.output.stride[2] + i * op.output.stride[3], &best[m].kept[i].number,
                    4);
    }
  }

  static void scan(const isa::Scan& op, const Operands& at) {
    const std::int64_t d = op.query.shape[3], queries = op.query.shape[2];
    if (op.query.dtype == DType::kU8) {
      const std::int64_t room = (d + 63) / 64 * 64;
      std::byte* bytes = scratch(ScratchSlot::kPixels, static_cast<std::size_t>(queries * room));
      auto* signed_queries = reinterpret_cast<Query*>(
          scratch(ScratchSlot::kRuns, static_cast<std::size_t>(queries) * sizeof(Query)));
      sign_queries(op, at, bytes, room, signed_queries);
      return scan_rows(op, at, [&](std::int64_t m, const std::byte* const* rows) CHENGYING_INLINE {
        return dots_u8(op, signed_queries[m], rows);
      });
    }
    const auto query = [&](std::int64_t m) { return at.input + m * op.query.stride[2]; };
    if (op.rows.dtype == DType::kBF16) {
      return scan_rows(op, at, [&](std::int64_t m, const std::byte* const* rows) CHENGYING_INLINE {
        return dots<Halves>(query(m), rows, d);
      });
    }
    scan_rows(op, at, [&](std::int64_t m, const std::byte* const* rows) CHENGYING_INLINE {
      return dots<Floats>(query(m), rows, d);
    });
  }
};

}  // namespace chengying::chip
