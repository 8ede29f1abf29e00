// Footprints against the obvious definition: a set of byte numbers.
#include "isa/footprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace chengying::isa {
namespace {

using Bytes = std::set<std::int64_t>;

Bytes bytes_of(const View& view, std::int32_t padding = 0) {
  Bytes bytes;
  for (std::int64_t a = 0; a < view.shape[0]; ++a)
    for (std::int64_t b = 0; b < view.shape[1]; ++b)
      for (std::int64_t c = 0; c < view.shape[2]; ++c)
        for (std::int64_t d = 0; d < view.shape[3] - padding; ++d)
          for (std::int64_t e = 0; e < static_cast<std::int64_t>(size_of(view.dtype)); ++e)
            bytes.insert(static_cast<std::int64_t>(view.at.offset) + a * view.stride[0] + b * view.stride[1] +
                         c * view.stride[2] + d * view.stride[3] + e);
  return bytes;
}

void collect(const Footprint& f, Bytes& bytes) {
  if (f.dense()) {
    for (std::int64_t i = 0; i < f.run(); ++i) bytes.insert(f.begin() + i);
    return;
  }
  for (std::int64_t i = 0; i < f.dims()[0].count; ++i) collect(f.inner(i), bytes);
}

Bytes bytes_of(const Footprint& f) {
  Bytes bytes;
  collect(f, bytes);
  return bytes;
}

using Random = std::mt19937;

std::int32_t pick(Random& random, int low, int high) {
  return std::uniform_int_distribution<std::int32_t>(low, high)(random);
}

/// A window of a dense [n, h, w, c] image of a few hundred bytes: what tiles and slices of one buffer look
/// like.
View random_window(Random& random, std::array<std::int32_t, 4> image) {
  View view = dense_view({Space::kDram, 0, 0}, DType::kU8, image, image[3]);
  for (std::size_t d = 0; d < 4; ++d) {
    const std::int32_t from = pick(random, 0, image[d] - 1);
    view.at.offset += static_cast<std::uint64_t>(from * view.stride[d]);
    view.shape[d] = pick(random, 1, image[d] - from);
    if (pick(random, 0, 3) == 0) {
      view.at.offset -= static_cast<std::uint64_t>(from * view.stride[d]);
      view.shape[d] = image[d];
    }
  }
  return view;
}

View random_view(Random& random) {
  View view{.at = {Space::kDram, 0, static_cast<std::uint64_t>(pick(random, 0, 60))},
            .dtype = pick(random, 0, 3) == 0 ? DType::kI16 : DType::kU8,
            .shape = {},
            .stride = {}};
  for (std::size_t d = 0; d < 4; ++d) {
    view.shape[d] = pick(random, 1, 4);
    view.stride[d] = pick(random, 0, 40);
  }
  return view;
}

bool share(const Bytes& a, const Bytes& b) {
  return std::ranges::any_of(a, [&](std::int64_t byte) { return b.contains(byte); });
}

TEST(Footprint, holds_the_bytes_of_its_view) {
  Random random(1);
  int nested = 0;
  for (int round = 0; round < 20000; ++round) {
    const View view = random_view(random);
    const std::int32_t padding = pick(random, 0, view.shape[3] - 1);
    const Footprint f = Footprint::of(view, padding);
    const Bytes bytes = bytes_of(view, padding);
    EXPECT_EQ(f.begin(), *bytes.begin());
    EXPECT_EQ(f.end(), *bytes.rbegin() + 1);
    if (!f.nested()) continue;
    ++nested;
    ASSERT_EQ(bytes_of(f), bytes) << to_string(view);
  }
  EXPECT_GT(nested, 2000);
}

TEST(Footprint, of_a_dense_image_is_one_run) {
  const Footprint f = Footprint::of(dense_view({Space::kDram, 0, 64}, DType::kF32, {2, 5, 7, 3}, 12));
  EXPECT_TRUE(f.dense());
  EXPECT_EQ(f.run(), 2 * 5 * 7 * 12);
  View slice = dense_view({Space::kDram, 0, 64}, DType::kU8, {2, 5, 7, 3}, 16);
  EXPECT_EQ(Footprint::of(slice).dims().size(), 1u);
}

TEST(Footprint, split_keeps_every_byte_once) {
  Random random(2);
  for (int round = 0; round < 20000; ++round) {
    const Footprint f = Footprint::of(random_window(random, {2, 3, 4, 6}));
    const std::int64_t period =
        std::array<std::int64_t, 4>{6, 12, 24, 72}[static_cast<std::size_t>(pick(random, 0, 3))];
    const std::vector<Footprint> pieces = f.split(period, pick(random, -30, 30));
    if (pieces.empty()) continue;
    Bytes bytes;
    std::size_t count = 0;
    for (const Footprint& piece : pieces) {
      const Bytes part = bytes_of(piece);
      count += part.size();
      bytes.insert(part.begin(), part.end());
    }
    ASSERT_EQ(bytes, bytes_of(f));
    ASSERT_EQ(count, bytes.size());
  }
}

TEST(Footprint, overlap_is_exact) {
  Random random(3);
  int shared = 0;
  for (int round = 0; round < 40000; ++round) {
    const bool windows = round % 2 == 0;
    const View a = windows ? random_window(random, {2, 3, 4, 6}) : random_view(random);
    const View b = windows ? random_window(random, {2, 3, 4, 6}) : random_view(random);
    const Footprint fa = Footprint::of(a), fb = Footprint::of(b);
    if (!fa.nested() || !fb.nested()) continue;
    Budget budget{10000};
    const bool expected = share(bytes_of(a), bytes_of(b));
    shared += expected;
    ASSERT_EQ(overlap(fa, fb, budget), expected) << to_string(a) << " " << to_string(b);
    ASSERT_FALSE(budget.exhausted);
  }
  EXPECT_GT(shared, 1000);
}

TEST(Footprint, contains_only_what_it_holds) {
  Random random(4);
  for (int round = 0; round < 40000; ++round) {
    const View a = random_window(random, {2, 3, 4, 6}), b = random_window(random, {2, 3, 4, 6});
    if (surely_contains(Footprint::of(a), Footprint::of(b))) {
      const Bytes outer = bytes_of(a), inner = bytes_of(b);
      ASSERT_TRUE(std::ranges::includes(outer, inner));
    }
    ASSERT_TRUE(surely_contains(Footprint::of(a), Footprint::of(a)));
  }
}

TEST(Footprint, cover_is_exact_for_windows_of_one_image) {
  Random random(5);
  int full = 0, partial = 0;
  for (int round = 0; round < 60000; ++round) {
    const std::array<std::int32_t, 4> image{pick(random, 1, 2), pick(random, 1, 4), pick(random, 1, 4),
                                            pick(random, 1, 4)};
    std::vector<Footprint> parts;
    Bytes bytes;
    for (int count = pick(random, 1, 8); count > 0; --count) {
      const View part = random_window(random, image);
      parts.push_back(Footprint::of(part));
      bytes.merge(bytes_of(part));
    }
    const View wanted = random_window(random, image);
    const Bytes wanted_bytes = bytes_of(wanted);
    const bool expected = std::ranges::includes(bytes, wanted_bytes);
    (expected ? full : partial)++;
    Budget budget{100000};
    ASSERT_EQ(covered(Footprint::of(wanted), parts, budget), expected) << to_string(wanted);
    ASSERT_FALSE(budget.exhausted);
  }
  EXPECT_GT(full, 5000);
  EXPECT_GT(partial, 5000);
}

TEST(Footprint, cover_never_claims_a_byte_that_is_not_there) {
  Random random(6);
  for (int round = 0; round < 40000; ++round) {
    std::vector<Footprint> parts;
    Bytes bytes;
    for (int count = pick(random, 1, 6); count > 0; --count) {
      const View part = random_view(random);
      if (!Footprint::of(part).nested()) continue;
      parts.push_back(Footprint::of(part));
      bytes.merge(bytes_of(part));
    }
    const View wanted = random_view(random);
    Budget budget{100000};
    const Bytes wanted_bytes = bytes_of(wanted);
    ASSERT_TRUE(!covered(Footprint::of(wanted), parts, budget) || std::ranges::includes(bytes, wanted_bytes))
        << to_string(wanted);
  }
}

TEST(Footprint, questions_end_on_the_safe_side_without_budget) {
  const Footprint f = Footprint::of(dense_view({}, DType::kU8, {1, 1, 8, 4}, 16));
  Budget none{0};
  EXPECT_TRUE(overlap(f, Footprint(4, 2), none));
  EXPECT_TRUE(none.exhausted);
  none = {0};
  EXPECT_FALSE(covered(Footprint(0, 20), std::vector{Footprint(0, 10), Footprint(10, 10)}, none));
}

// Channel slices of one large buffer take as many steps as those of a small one.
TEST(Footprint, work_does_not_grow_with_the_image) {
  const auto steps = [](std::int32_t side) {
    std::vector<Footprint> slices;
    for (std::int32_t s = 0; s < 4; ++s)
      slices.push_back(Footprint::of(dense_view({Space::kDram, 0, static_cast<std::uint64_t>(s) * 64},
                                                DType::kU8, {1, side, side, 64}, 256)));
    Budget budget{1 << 20};
    const Footprint whole = Footprint::of(dense_view({}, DType::kU8, {1, side, side, 256}, 256));
    EXPECT_TRUE(covered(whole, slices, budget));
    EXPECT_FALSE(overlap(slices[0], slices[1], budget));
    return (1 << 20) - budget.steps;
  };
  EXPECT_EQ(steps(10), steps(1000));
  EXPECT_LT(steps(1000), 200u);
}

}  // namespace
}  // namespace chengying::isa
