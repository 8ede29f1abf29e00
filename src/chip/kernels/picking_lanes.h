// Compare, Select, Gather, Scatter and TopK over a lane set S. They move bytes or compare numbers, so most of
// them is the same loop for every S; only the search for the best of a long row has lanes.
#pragma once

#include <algorithm>
#include <cstring>

#include "chip/kernels/rows.h"
#include "chip/kernels/scratch.h"
#include "chip/kernels/strided.h"
#include "isa/instruction.h"
#include "reference/execute.h"
#include "reference/selections.h"

namespace chengying::chip {

template <class S>
struct Picking {
  using F = typename S::F;
  using L = exact::Lanes<F>;
  static constexpr std::int64_t kWidth = S::kWidth;

  template <class T, isa::CompareKind kKind>
  static void compare_of(const isa::Compare& op, const Operands& at) {
    const Rows<S, 3> rows({&op.output, &op.a, &op.b});
    rows.for_each([&](const std::array<std::int64_t, 3>& offset) {
      const auto [step, step_a, step_b] = rows.inner();
      for (std::int64_t i = 0; i < rows.count(); ++i) {
        T a, b;
        std::memcpy(&a, at.input + offset[1] + i * step_a, sizeof a);
        std::memcpy(&b, at.second + offset[2] + i * step_b, sizeof b);
        at.output[offset[0] + i * step] = std::byte{reference::compare_value(kKind, a, b)};
      }
    });
  }

  template <class T>
  static void compare_as(const isa::Compare& op, const Operands& at) {
    using enum isa::CompareKind;
    switch (op.kind) {
      case kEqual:
        return compare_of<T, kEqual>(op, at);
      case kLess:
        return compare_of<T, kLess>(op, at);
      default:
        return reference::compare(op, at);
    }
  }

  static void compare(const isa::Compare& op, const Operands& at) {
    switch (op.a.dtype) {
      case DType::kF32:
        return compare_as<float>(op, at);
      case DType::kI64:
        return compare_as<std::int64_t>(op, at);
      default:
        return reference::compare(op, at);
    }
  }

  template <std::size_t kSize>
  static void select_of(const isa::Select& op, const Operands& at) {
    const Rows<S, 4> rows({&op.output, &op.condition, &op.a, &op.b});
    rows.for_each([&](const std::array<std::int64_t, 4>& offset) {
      const auto [step, step_c, step_a, step_b] = rows.inner();
      std::byte* out = at.output + offset[0];
      const std::byte *condition = at.input + offset[1], *a = at.second + offset[2],
                      *b = at.third + offset[3];
      for (std::int64_t i = 0; i < rows.count(); ++i) {
        const bool first = condition[i * step_c] != std::byte{0};
        std::memcpy(out + i * step, first ? a + i * step_a : b + i * step_b, kSize);
      }
    });
  }

  static void select(const isa::Select& op, const Operands& at) {
    switch (size_of(op.output.dtype)) {
      case 1:
        return select_of<1>(op, at);
      case 2:
        return select_of<2>(op, at);
      case 4:
        return select_of<4>(op, at);
      default:
        return select_of<8>(op, at);
    }
  }

  /// Whether one index names a whole row of bytes that lie side by side, in both of its places.
  static bool whole_rows(const isa::View& indices, const isa::View& from, const isa::View& to) {
    const auto size = static_cast<std::int64_t>(size_of(to.dtype));
    const auto& shape = indices.shape;
    const bool one_index =
        (shape[2] == 1 || indices.stride[2] == 0) && (shape[3] == 1 || indices.stride[3] == 0);
    const bool dense = shape[3] == 1 || (from.stride[3] == size && to.stride[3] == size);
    return one_index && dense;
  }

  /// body(row, i0, i1) for each index in order; row is none where the index is outside.
  template <class Body>
  static void for_each_row(const isa::View& indices, const Operands& at, std::int64_t rows, Body body) {
    for (std::int64_t n = 0; n < indices.shape[0]; ++n) {
      for (std::int64_t r = 0; r < indices.shape[1]; ++r) {
        const std::byte* index = at.second + n * indices.stride[0] + r * indices.stride[1];
        body(reference::row_of(indices, index, rows, at.fault), n, r);
      }
    }
  }

  static void gather(const isa::Gather& op, const Operands& at) {
    const isa::View &data = op.data, &out = op.output;
    if (!whole_rows(op.indices, data, out)) return reference::gather(op, at);
    const auto bytes = static_cast<std::size_t>(out.shape[3]) * size_of(out.dtype);
    for_each_row(op.indices, at, data.shape[1], [&](auto row, std::int64_t n, std::int64_t r) {
      for (std::int64_t x = 0; x < out.shape[2]; ++x) {
        std::byte* to = at.output + n * out.stride[0] + r * out.stride[1] + x * out.stride[2];
        if (row) {
          std::memcpy(to, at.input + n * data.stride[0] + *row * data.stride[1] + x * data.stride[2], bytes);
        } else {
          std::memset(to, 0, bytes);
        }
      }
    });
  }

  static void scatter(const isa::Scatter& op, const Operands& at) {
    const isa::View &from = op.updates, &out = op.output;
    if (!whole_rows(op.indices, from, out)) return reference::scatter(op, at);
    const auto bytes = static_cast<std::size_t>(out.shape[3]) * size_of(out.dtype);
    for_each_row(op.indices, at, out.shape[1], [&](auto row, std::int64_t n, std::int64_t r) {
      if (!row) return;
      for (std::int64_t x = 0; x < out.shape[2]; ++x) {
        std::memcpy(at.output + n * out.stride[0] + *row * out.stride[1] + x * out.stride[2],
                    at.input + n * from.stride[0] + r * from.stride[1] + x * from.stride[2], bytes);
      }
    });
  }

  struct Kept {
    float value = 0;
    std::int32_t number = 0;
  };

  /// The first of the largest, or smallest, of a row; the first of all if there are only NaNs.
  static Kept best_of(const isa::TopK& op, const std::byte* row) {
    const std::int64_t n = op.input.shape[3], step = op.input.stride[3];
    const float worst = op.smallest ? exact::kInf : -exact::kInf;
    F lanes = L::set(worst);
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const F x = load_floats<S>(row + i * step, step, n - i, worst);
      lanes = op.smallest ? exact::at_most<F>(x, lanes) : exact::at_least<F>(x, lanes);
    }
    Kept best{worst, 0};
    for (std::int64_t j = 0; j < kWidth; ++j) {
      if (op.smallest ? lanes[j] < best.value : lanes[j] > best.value) best.value = lanes[j];
    }
    for (std::int64_t i = 0; i < n; ++i) {
      if (value_at(row + i * step) != best.value) continue;
      best.number = static_cast<std::int32_t>(i);
      break;
    }
    return best;
  }

  static float value_at(const std::byte* at) {
    float x;
    std::memcpy(&x, at, sizeof x);
    return x;
  }

  static bool better(float a, float b, bool smallest) {
    if (a != a || b != b) return a == a && b != b;
    return smallest ? a < b : a > b;
  }

  /// The best k so far, in order.
  struct Best {
    Kept* kept = nullptr;
    std::int32_t count = 0;
  };

  /// One that is no better than the last of k is passed over.
  static void keep(Best& best, std::int32_t k, float value, std::int32_t number, bool smallest) {
    if (best.count == k && !better(value, best.kept[k - 1].value, smallest)) return;
    std::int32_t place = best.count < k ? best.count++ : k - 1;
    for (; place > 0 && better(value, best.kept[place - 1].value, smallest); --place)
      best.kept[place] = best.kept[place - 1];
    best.kept[place] = {value, number};
  }

  static void best_k(const isa::TopK& op, const std::byte* row, Kept* kept) {
    Best best{kept};
    for (std::int32_t i = 0; i < op.input.shape[3]; ++i)
      keep(best, op.output.shape[3], value_at(row + i * op.input.stride[3]), i, op.smallest);
  }

  static void topk(const isa::TopK& op, const Operands& at) {
    const std::int32_t k = op.output.shape[3];
    auto* kept =
        reinterpret_cast<Kept*>(scratch(ScratchSlot::kWorking, static_cast<std::size_t>(k) * sizeof(Kept)));
    isa::View in = op.input, out = op.output;
    in.shape[3] = out.shape[3] = 1;
    const Rows<S, 2> rows({&out, &in});
    rows.for_each([&](const std::array<std::int64_t, 2>& offset) {
      for (std::int64_t r = 0; r < rows.count(); ++r) {
        const std::byte* row = at.input + offset[1] + r * rows.inner()[1];
        std::byte* to = at.output + offset[0] + r * rows.inner()[0];
        if (k == 1) {
          kept[0] = best_of(op, row);
        } else {
          best_k(op, row, kept);
        }
        for (std::int32_t i = 0; i < k; ++i)
          store_number(op.output, to + i * op.output.stride[3], kept[i].number);
      }
    });
  }

  static void store_number(const isa::View& output, std::byte* to, std::int32_t number) {
    const std::int64_t wide = number;
    if (output.dtype == DType::kI64) {
      std::memcpy(to, &wide, sizeof wide);
    } else {
      std::memcpy(to, &number, sizeof number);
    }
  }
};

}  // namespace chengying::chip
