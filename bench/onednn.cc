// Our kernels beside oneDNN's (Debian's libdnnl): the convolutions of ResNet-50 and the matrix products of
// MiniLM and BERT, u8 by i8 to u8 with scales, bias, residual and clamp at 0, on one thread, in turn in one
// run. Prints medians of the turns, the ratio, and the share of what this core's multipliers can do.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "chip/kernels/kernels.h"
#include "conv_layer.h"
#include "least_seconds.h"
#include "peak.h"

extern "C" void omp_set_num_threads(int);  // of the OpenMP that oneDNN runs on

namespace chengying {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

constexpr int kTurns = 15;
constexpr double kTurnSeconds = 0.01;

dnnl::primitive_attr epilogue_of(const ConvShape& s) {
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(2, std::vector<float>(static_cast<std::size_t>(s.k), 1e-4F));
  dnnl::post_ops after;
  if (s.residual) after.append_sum(0.9F);
  after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(after);
  return attributes;
}

/// The same work as a Layer, with the weights in the order that oneDNN likes best.
class Peer {
 public:
  explicit Peer(const ConvShape& s) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    s.product ? make_product(s) : make_convolution(s);
  }
  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  void make_convolution(const ConvShape& s) {
    const memory::dim pad = s.kernel / 2, after = (s.size_out - 1) * s.stride + s.kernel - s.size_in - pad;
    const dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        {{1, s.c, s.size_in, s.size_in}, Type::u8, Tag::nhwc},
        {{s.k, s.c, s.kernel, s.kernel}, Type::s8, Tag::any}, {{s.k}, Type::s32, Tag::x},
        {{1, s.k, s.size_out, s.size_out}, Type::u8, Tag::nhwc}, {s.stride, s.stride}, {pad, pad},
        {std::max<memory::dim>(after, 0), std::max<memory::dim>(after, 0)});
    const dnnl::convolution_forward::primitive_desc chosen(description, epilogue_of(s), engine_);
    primitive_ = dnnl::convolution_forward(chosen);
    fill(chosen);
  }
  void make_product(const ConvShape& s) {
    const dnnl::inner_product_forward::desc description(
        dnnl::prop_kind::forward_inference, {{s.size_in, s.c}, Type::u8, Tag::nc},
        {{s.k, s.c}, Type::s8, Tag::any}, {{s.k}, Type::s32, Tag::x}, {{s.size_out, s.k}, Type::u8, Tag::nc});
    const dnnl::inner_product_forward::primitive_desc chosen(description, epilogue_of(s), engine_);
    primitive_ = dnnl::inner_product_forward(chosen);
    fill(chosen);
  }
  template <class Chosen>
  void fill(const Chosen& chosen) {
    const auto made = [&](int argument, const memory::desc& of) {
      memory place(of, engine_);
      std::minstd_rand random(static_cast<unsigned>(argument + 1));
      auto* bytes = static_cast<unsigned char*>(place.get_data_handle());
      for (std::size_t i = 0; i < of.get_size(); ++i) bytes[i] = static_cast<unsigned char>(random() >> 8);
      arguments_.insert({argument, place});
    };
    made(DNNL_ARG_SRC, chosen.src_desc());
    made(DNNL_ARG_WEIGHTS, chosen.weights_desc());
    made(DNNL_ARG_BIAS, chosen.bias_desc());
    made(DNNL_ARG_DST, chosen.dst_desc());
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> arguments_;
};

double seconds_of(auto&& work, int repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / repeats;
}

struct Pair {
  double ours = 0, theirs = 0;
};

Pair measure(const ConvShape& s, const chip::Kernels& kernels) {
  Layer layer(s);
  Peer peer(s);
  const auto ours = [&] { kernels.conv(layer.op, layer.operands); };
  const auto theirs = [&] { peer.run(); };
  const double once = std::max(seconds_of(ours, 3), seconds_of(theirs, 3));
  const int repeats = static_cast<int>(std::clamp(kTurnSeconds / once, 2.0, 2000.0));
  std::vector<double> our_turns, their_turns;
  for (int turn = 0; turn < kTurns; ++turn) {
    our_turns.push_back(seconds_of(ours, repeats));
    their_turns.push_back(seconds_of(theirs, repeats));
  }
  return {median(our_turns), median(their_turns)};
}

void print_row(const char* name, int count, const Pair& time, double share) {
  fmt::print("{:<20}{:>6}{:>11.1f}{:>11.1f}{:>9.2f}x{:>9.1f} %\n", name, count, time.ours * 1e6,
             time.theirs * 1e6, time.theirs / time.ours, 100 * share);
}

template <class Shapes>
void print_table(const char* title, const Shapes& shapes, const chip::Kernels& kernels, double peak) {
  fmt::print("\n{:<20}{:>6}{:>11}{:>11}{:>10}{:>11}\n", title, "count", "ours, us", "oneDNN, us", "faster",
             "of peak");
  Pair sum;
  double macs = 0;
  for (const ConvShape& s : shapes) {
    const Pair time = measure(s, kernels);
    print_row(s.name, s.count, time, peak > 0 ? macs_of(s) / peak / time.ours : 0);
    sum.ours += s.count * time.ours;
    sum.theirs += s.count * time.theirs;
    macs += s.count * macs_of(s);
  }
  print_row("all", 1, sum, peak > 0 ? macs / peak / sum.ours : 0);
}

}  // namespace
}  // namespace chengying

int main() {
  using namespace chengying;
  omp_set_num_threads(1);
  const dnnl_version_t* version = dnnl_version();
  const double peak = peak_macs_per_second();
  fmt::print("oneDNN {}.{}.{}, one thread; peak of this core: {:.1f} Gop/s u8 x i8\n", version->major,
             version->minor, version->patch, 2e-9 * peak);
  const chip::Kernels& kernels = chip::kernels_of(chip::best_kernels());
  print_table("ResNet-50", kResNet50, kernels, peak);
  print_table("products", kProducts, kernels, peak);
  return 0;
}
