// Attention of one new token and search of a table, on one thread, beside the limit of both: how fast this
// machine reads memory, measured in the same run by a loop that only adds up a buffer as large. Prints, for
// each: time, bytes a second, share of that limit. (Sequences that fit the caches may pass it.)
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "chip/kernels/kernels.h"
#include "least_seconds.h"
#include "tensor/tensor.h"

namespace chengying {
namespace {

constexpr int kTries = 7;

AlignedBytes random_bytes(std::size_t count, bool bf16) {
  AlignedBytes bytes(count);
  std::minstd_rand random(1);
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    const auto r = random();
    // Of bf16: an exponent near 1.
    const std::uint16_t x = static_cast<std::uint16_t>(bf16 ? (r & 0x807f) | 0x3f00 : r >> 8);
    std::memcpy(bytes.data() + i, &x, 2);
  }
  return bytes;
}

double read_rate(std::size_t count) {
  const AlignedBytes bytes = random_bytes(count, false);
  std::uint64_t sum = 0;
  const double seconds = least_seconds(kTries, [&] {
    std::uint64_t lanes[16] = {};
    for (std::size_t i = 0; i + 128 <= count; i += 128) {
      std::uint64_t x[16];
      std::memcpy(x, bytes.data() + i, 128);
      for (int l = 0; l < 16; ++l) lanes[l] += x[l];
    }
    for (const std::uint64_t lane : lanes) sum += lane;
  });
  if (sum == 1) fmt::print(" ");  // the sum is used
  return static_cast<double>(count) / seconds;
}

void report(const std::string& name, double seconds, double bytes) {
  const double limit = read_rate(static_cast<std::size_t>(bytes));
  fmt::print("{:<44} {:>9.3f} ms {:>7.1f} GB/s {:>7.1f} GB/s {:>5.0f} %\n", name, seconds * 1e3,
             bytes / seconds / 1e9, limit / 1e9, 100 * bytes / seconds / limit);
}

/// One token of `heads` heads, whose keys and values lie in pages of 16 in any order.
void attend(std::int32_t heads, std::int32_t heads_kv, std::int32_t length, DType dtype) {
  constexpr std::int32_t kD = 64, kPlaces = 16;
  const std::int32_t pages = length / kPlaces;
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  isa::Attention op;
  op.query = op.output = isa::dense_view({}, DType::kF32, {1, heads, 1, kD}, kD * 4);
  op.keys = op.values = isa::dense_view({}, dtype, {pages, heads_kv, kPlaces, kD}, kD * size);
  op.pages = isa::dense_view({}, DType::kI32, {1, 1, 1, pages}, pages * 4);
  op.scale = 0.125F;
  const std::size_t bytes = static_cast<std::size_t>(op.keys.elements() * size);
  const AlignedBytes keys = random_bytes(bytes, true), values = random_bytes(bytes, true),
                     query = random_bytes(static_cast<std::size_t>(heads) * kD * 4, true);
  AlignedBytes out(static_cast<std::size_t>(heads) * kD * 4);
  std::vector<std::int32_t> order(static_cast<std::size_t>(pages));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(2));
  const std::int64_t arguments[] = {length};
  const Operands at{.input = query.data(),
                    .second = keys.data(),
                    .third = values.data(),
                    .fourth = reinterpret_cast<const std::byte*>(order.data()),
                    .output = out.data(),
                    .arguments = arguments};
  const chip::Kernels& kernels = chip::kernels_of(chip::best_kernels());
  report(
      fmt::format("attention {} heads, {} of keys, {} tokens, {}", heads, heads_kv, length, name_of(dtype)),
      least_seconds(kTries, [&] { kernels.attention(op, at); }), 2.0 * static_cast<double>(bytes));
}

void scan(std::int32_t rows, std::int32_t d, DType dtype) {
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  const DType query_type = dtype == DType::kU8 ? DType::kU8 : DType::kF32;
  isa::Scan op;
  op.query =
      isa::dense_view({}, query_type, {1, 1, 1, d}, d * static_cast<std::int64_t>(size_of(query_type)));
  op.rows = isa::dense_view({}, dtype, {1, 1, rows, d}, d * size);
  op.output = isa::dense_view({}, DType::kI32, {1, 1, 1, 10}, 40);
  op.query_zero_point = op.rows_zero_point = 128;
  const std::size_t bytes = static_cast<std::size_t>(op.rows.elements() * size);
  const AlignedBytes table = random_bytes(bytes, dtype != DType::kU8),
                     query = random_bytes(static_cast<std::size_t>(d) * 4, dtype != DType::kU8);
  AlignedBytes out(64);
  const Operands at{.input = query.data(), .second = table.data(), .output = out.data()};
  const chip::Kernels& kernels = chip::kernels_of(chip::best_kernels());
  report(fmt::format("best 10 of {} rows of {}, {}", rows, d, name_of(dtype)),
         least_seconds(kTries, [&] { kernels.scan(op, at); }), static_cast<double>(bytes));
}

}  // namespace
}  // namespace chengying

int main() {
  using namespace chengying;
  fmt::print("{} kernels, 1 thread\n{:<44} {:>12} {:>12} {:>12} {:>7}\n", name_of(chip::best_kernels()), "",
             "time", "read", "limit", "share");
  for (const DType dtype : {DType::kBF16, DType::kF32}) {
    attend(32, 4, 4096, dtype);
    attend(12, 12, 4096, dtype);
    attend(12, 12, 256, dtype);
  }
  for (const DType dtype : {DType::kU8, DType::kBF16, DType::kF32}) scan(200'000, 384, dtype);
  scan(20'000, 768, DType::kU8);
}
