#include <algorithm>
#include <vector>

#include "reference/elements.h"
#include "reference/execute.h"
#include "reference/partial_sums.h"
#include "reference/selections.h"
#include "tensor/arithmetic.h"

namespace chengying::reference {
namespace {

/// Of d elements of each side, side by side; see isa/lengths.h.
float dot(const isa::View& a, const std::byte* at_a, const isa::View& b, const std::byte* at_b) {
  return sum_of_16(a.shape[3], [&](float sum, std::int32_t i) {
    return __builtin_fmaf(widened(a, at_a + i * a.stride[3]), widened(b, at_b + i * b.stride[3]), sum);
  });
}

/// Where a sequence's keys, or values, of one head lie.
class Pages {
 public:
  Pages(const isa::Attention& op, const Operands& at, std::int32_t sequence)
      : op_(op), at_(at), sequence_(sequence), zeros_(static_cast<std::size_t>(op.query.shape[3]) * 4) {}

  /// Row `j` of the sequence in `view`, whose first element is at `base`; zeros if there is no such page.
  const std::byte* row(const isa::View& view, const std::byte* base, std::int32_t head,
                       std::int64_t j) const {
    const std::int64_t places = view.shape[2];
    const auto page =
        load<std::int32_t>(at_.fourth, op_.pages, {0, 0, sequence_, static_cast<std::int32_t>(j / places)});
    if (page < 0 || page >= view.shape[0]) {
      if (at_.fault != nullptr) at_.fault->note(page, view.shape[0]);
      return zeros_.data();
    }
    return base + page * view.stride[0] + head * view.stride[1] + j % places * view.stride[2];
  }

 private:
  const isa::Attention& op_;
  const Operands& at_;
  const std::int32_t sequence_;
  const std::vector<std::byte> zeros_;
};

void attend(const isa::Attention& op, const Operands& at, const Pages& pages, const Index& row,
            std::int64_t seen) {
  const std::int32_t head = row[1] / (op.query.shape[1] / op.keys.shape[1]);
  std::vector<float> y(static_cast<std::size_t>(seen));
  for (std::int64_t j = 0; j < seen; ++j)
    y[static_cast<std::size_t>(j)] =
        dot(op.query, at.input + offset_of(op.query, row), op.keys, pages.row(op.keys, at.second, head, j)) *
        op.scale;
  isa::Softmax softmax;
  softmax.input = isa::dense_view({}, DType::kF32, {1, 1, 1, static_cast<std::int32_t>(seen)}, seen * 4);
  softmax.output = softmax.input;
  const std::vector<float> scores = y;
  Operands rows;
  rows.input = reinterpret_cast<const std::byte*>(scores.data());
  rows.output = reinterpret_cast<std::byte*>(y.data());
  reference::softmax(softmax, rows);
  for (std::int32_t i = 0; i < op.output.shape[3]; ++i) {
    float sum = 0;
    for (std::int64_t j = 0; j < seen; ++j) {
      const std::byte* value = pages.row(op.values, at.third, head, j) + i * op.values.stride[3];
      sum = __builtin_fmaf(y[static_cast<std::size_t>(j)], widened(op.values, value), sum);
    }
    store(at.output, op.output, {row[0], row[1], row[2], i}, exact::canonical<float>(sum));
  }
}

float score(const isa::Scan& op, const Operands& at, std::int32_t query, std::int32_t row) {
  const std::byte* q = at.input + offset_of(op.query, {0, 0, query, 0});
  const std::byte* r = at.second + offset_of(op.rows, {0, 0, row, 0});
  float t = 0;
  if (op.query.dtype == DType::kU8) {
    std::uint32_t sum = 0;
    for (std::int32_t i = 0; i < op.query.shape[3]; ++i)
      sum += static_cast<std::uint32_t>((load<std::uint8_t>(q + i) - op.query_zero_point) *
                                        (load<std::uint8_t>(r + i) - op.rows_zero_point));
    t = static_cast<float>(static_cast<std::int32_t>(sum)) * op.scale;
  } else {
    t = dot(op.query, q, op.rows, r) * op.scale;
  }
  return op.addend ? t + load<float>(at.third, *op.addend, {0, 0, query, row}) : t;
}

}  // namespace

void attention(const isa::Attention& op, const Operands& at) {
  const std::int32_t rows = op.query.shape[2];
  for (std::int32_t s = 0; s < op.query.shape[0]; ++s) {
    const Pages pages(op, at, s);
    const std::int64_t length = at.arguments[op.lengths + static_cast<std::uint32_t>(s)];
    for (std::int32_t h = 0; h < op.query.shape[1]; ++h) {
      for (std::int32_t r = 0; r < rows; ++r)
        attend(op, at, pages, {s, h, r, 0}, op.causal ? length - (rows - 1 - r) : length);
    }
  }
}

void scan(const isa::Scan& op, const Operands& at) {
  const auto count =
      static_cast<std::int32_t>(op.count ? at.arguments[*op.count] : std::int64_t{op.rows.shape[2]});
  for (std::int32_t m = 0; m < op.query.shape[2]; ++m) {
    std::vector<std::pair<float, std::int32_t>> scores;
    for (std::int32_t n = 0; n < count; ++n) scores.emplace_back(score(op, at, m, n), n);
    std::ranges::stable_sort(
        scores, [](const auto& a, const auto& b) { return comes_before(a.first, b.first, false); });
    for (std::int32_t k = 0; k < op.output.shape[3]; ++k)
      store(at.output, op.output, {0, 0, m, k}, scores[static_cast<std::size_t>(k)].second);
  }
}

}  // namespace chengying::reference
