#include "chip/kernels/kernels.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "chip/kernels/avx2/table.h"
#include "chip/kernels/avx512/table.h"
#include "reference/execute.h"

namespace chengying::chip {
namespace {

bool always() {
  return true;
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0;
}

struct Row {
  KernelSet set;
  std::string_view name;
  bool (*supported)();
  Kernels kernels;
};

/// From the slowest to the fastest; the index is the set.
constexpr std::array<Row, 3> kRows = {{
    {KernelSet::kReference, "reference", always, {reference::conv,    reference::depthwise_conv,
                                                  reference::pool,    reference::binary,
                                                  reference::unary,   reference::lut,
                                                  reference::convert, reference::softmax,
                                                  reference::reduce,  reference::copy,
                                                  reference::matmul,  reference::compare,
                                                  reference::select,  reference::gather,
                                                  reference::scatter, reference::topk,
                                                  reference::norm,    reference::rotary,
                                                  reference::resize,  reference::grouped_matmul,
                                                  reference::sample,  reference::attention,
                                                  reference::scan}},
    {KernelSet::kAvx2,
     "avx2",
     has_avx2,
     {avx2::conv,    avx2::depthwise_conv, avx2::pool,        avx2::binary,    avx2::unary,  avx2::lut,
      avx2::convert, avx2::softmax,        avx2::reduce,      avx2::copy,      avx2::matmul, avx2::compare,
      avx2::select,  avx2::gather,         avx2::scatter,     avx2::topk,      avx2::norm,   avx2::rotary,
      avx2::resize,  avx2::grouped_matmul, reference::sample, avx2::attention, avx2::scan}},
    {KernelSet::kAvx512,
     "avx512",
     has_avx512,
     {avx512::conv,      avx512::depthwise_conv, avx512::pool,    avx512::binary, avx512::unary,
      avx512::lut,       avx512::convert,        avx512::softmax, avx512::reduce, avx512::copy,
      avx512::matmul,    avx512::compare,        avx512::select,  avx512::gather, avx512::scatter,
      avx512::topk,      avx512::norm,           avx512::rotary,  avx512::resize, avx512::grouped_matmul,
      reference::sample, avx512::attention,      avx512::scan}},
}};

const Row& row_of(KernelSet set) {
  const auto index = static_cast<std::size_t>(set);
  CHECK(index < kRows.size() && kRows[index].set == set);
  return kRows[index];
}

KernelSet fastest() {
  KernelSet best = KernelSet::kReference;
  for (const Row& row : kRows) {
    if (row.supported()) best = row.set;
  }
  return best;
}

}  // namespace

KernelSet kernel_set_named(std::string_view asked) {
  const KernelSet best = fastest();
  if (asked.empty()) return best;
  for (const Row& row : kRows) {
    if (row.name != asked) continue;
    if (row.supported()) return row.set;
    fmt::print(stderr, "CHENGYING_KERNELS={}: this CPU lacks what that set needs; using {}\n", asked,
               name_of(best));
    return best;
  }
  fmt::print(stderr, "CHENGYING_KERNELS={}: not one of reference, avx2, avx512; using {}\n", asked,
             name_of(best));
  return best;
}

std::string_view name_of(KernelSet set) {
  return row_of(set).name;
}

bool supported(KernelSet set) {
  return row_of(set).supported();
}

KernelSet best_kernels() {
  // Once: the environment is read, and the warning given, one time.
  static const KernelSet chosen = [] {
    const char* asked = std::getenv("CHENGYING_KERNELS");
    return kernel_set_named(asked == nullptr ? std::string_view() : asked);
  }();
  return chosen;
}

const Kernels& kernels_of(KernelSet set) {
  CHECK(supported(set));
  return row_of(set).kernels;
}

namespace {

void run(const Kernels& k, const isa::Conv& o, const Operands& at) {
  k.conv(o, at);
}
void run(const Kernels& k, const isa::DepthwiseConv& o, const Operands& at) {
  k.depthwise_conv(o, at);
}
void run(const Kernels& k, const isa::Pool& o, const Operands& at) {
  k.pool(o, at);
}
void run(const Kernels& k, const isa::Binary& o, const Operands& at) {
  k.binary(o, at);
}
void run(const Kernels& k, const isa::Unary& o, const Operands& at) {
  k.unary(o, at);
}
void run(const Kernels& k, const isa::Lut& o, const Operands& at) {
  k.lut(o, at);
}
void run(const Kernels& k, const isa::Convert& o, const Operands& at) {
  k.convert(o, at);
}
void run(const Kernels& k, const isa::Softmax& o, const Operands& at) {
  k.softmax(o, at);
}
void run(const Kernels& k, const isa::Reduce& o, const Operands& at) {
  k.reduce(o, at);
}
void run(const Kernels& k, const isa::Copy& o, const Operands& at) {
  k.copy(o, at);
}
void run(const Kernels& k, const isa::MatMul& o, const Operands& at) {
  k.matmul(o, at);
}
void run(const Kernels& k, const isa::Compare& o, const Operands& at) {
  k.compare(o, at);
}
void run(const Kernels& k, const isa::Select& o, const Operands& at) {
  k.select(o, at);
}
void run(const Kernels& k, const isa::Gather& o, const Operands& at) {
  k.gather(o, at);
}
void run(const Kernels& k, const isa::Scatter& o, const Operands& at) {
  k.scatter(o, at);
}
void run(const Kernels& k, const isa::TopK& o, const Operands& at) {
  k.topk(o, at);
}
void run(const Kernels& k, const isa::Norm& o, const Operands& at) {
  k.norm(o, at);
}
void run(const Kernels& k, const isa::Rotary& o, const Operands& at) {
  k.rotary(o, at);
}
void run(const Kernels& k, const isa::Resize& o, const Operands& at) {
  k.resize(o, at);
}
void run(const Kernels& k, const isa::GroupedMatMul& o, const Operands& at) {
  k.grouped_matmul(o, at);
}
void run(const Kernels& k, const isa::Sample& o, const Operands& at) {
  k.sample(o, at);
}
void run(const Kernels& k, const isa::Attention& o, const Operands& at) {
  k.attention(o, at);
}
void run(const Kernels& k, const isa::Scan& o, const Operands& at) {
  k.scan(o, at);
}

}  // namespace

void execute(const Kernels& kernels, const isa::Operation& operation, const Operands& operands) {
  std::visit([&](const auto& one) { run(kernels, one, operands); }, operation);
}

}  // namespace chengying::chip
