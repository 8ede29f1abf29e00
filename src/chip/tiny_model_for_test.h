// Tiny models: random small networks, laid out by hand (without the compiler) for any batch, number of cores
// and kind of chip. What a model computes for a sample depends on its seed alone. Only for tests.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "isa/packing.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "tensor/tensor.h"

namespace chengying::chip::tiny {

/// What lies between two layers: one u8 image per sample, with room for whole groups of channels.
struct Activation {
  std::int32_t h = 1, w = 1, c = 1;
  std::int32_t zero_point = 0;
  std::int64_t pixel_stride() const { return (c + 3) / 4 * 4; }
  std::uint64_t bytes(std::int32_t batch) const {
    return (static_cast<std::uint64_t>(batch) * h * w * pixel_stride() + 63) / 64 * 64;
  }
};

enum class Kind : std::uint8_t { kConv, kDepthwise, kMaxPool, kAveragePool, kAdd, kLut };
inline constexpr int kKinds = 6;

/// A layer of the middle of the net; reads the activation before it, and the one before that if it adds.
struct Layer {
  Kind kind = Kind::kConv;
  Activation in, out;
  isa::Window window;
  bool residual = false;
  std::uint64_t weights = 0, init = 0, scale = 0;  // offsets in the constants
};

/// f32[batch,3,size,size] in, f32[batch,classes] out.
struct Model {
  std::int32_t size = 8, classes = 10;
  std::vector<Layer> layers;  // the last gives [1, 1, classes]
  std::vector<std::byte> constants;
  Activation input() const { return layers.front().in; }
};

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  Model make() {
    model_.size = pick(5, 14);
    model_.classes = pick(3, 40);
    Activation at{model_.size, model_.size, 3, pick(0, 255)};
    const std::int32_t count = pick(2, 6);
    for (std::int32_t i = 0; i < count; ++i)
      at = add(i == 0 ? Kind::kConv : static_cast<Kind>(pick(0, kKinds - 1)), at);
    at = add(Kind::kAveragePool, at, /*whole=*/true);
    add(Kind::kConv, at, /*whole=*/true);
    return std::move(model_);
  }

 private:
  std::int32_t pick(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }

  template <class T>
  std::uint64_t append(const std::vector<T>& values) {
    const std::uint64_t offset = (model_.constants.size() + 63) / 64 * 64;
    model_.constants.resize(offset + (values.size() * sizeof(T) + 63) / 64 * 64);
    std::memcpy(model_.constants.data() + offset, values.data(), values.size() * sizeof(T));
    return offset;
  }

  /// `whole`: over the whole image (the end of the net).
  Activation add(Kind kind, const Activation& in, bool whole = false) {
    Layer layer{kind, in, in, {}, false, 0, 0, 0};
    layer.out.zero_point = kind == Kind::kMaxPool ? in.zero_point : pick(0, 255);
    if (kind != Kind::kAdd && kind != Kind::kLut) set_window(layer, whole);
    if (kind == Kind::kConv) layer.out.c = whole ? model_.classes : pick(1, 50);
    const bool matches = model_.layers.size() >= 1 && same_size(model_.layers.back().in, layer.out);
    layer.residual =
        kind == Kind::kAdd ? matches : kind == Kind::kConv && !whole && matches && pick(0, 1) == 1;
    if (kind == Kind::kConv || kind == Kind::kDepthwise) add_weights(layer);
    if (kind == Kind::kLut) layer.weights = append(bytes(256));
    model_.layers.push_back(layer);
    return layer.out;
  }

  static bool same_size(const Activation& a, const Activation& b) {
    return a.h == b.h && a.w == b.w && a.c == b.c;
  }

  void set_window(Layer& layer, bool whole) {
    isa::Window& window = layer.window;
    if (whole) {
      window.kernel_h = layer.in.h;
      window.kernel_w = layer.in.w;
      layer.out.h = layer.out.w = 1;
      return;
    }
    window.kernel_h = window.kernel_w = pick(1, 3);
    window.stride_h = window.stride_w = pick(1, layer.in.h > 3 ? 2 : 1);
    window.pad_top = window.pad_left = window.kernel_h / 2;
    const auto places = [&](std::int32_t in) {
      return (in + 2 * window.pad_top - window.kernel_h) / window.stride_h + 1;
    };
    layer.out.h = places(layer.in.h);
    layer.out.w = places(layer.in.w);
  }

  std::vector<std::uint8_t> bytes(std::size_t count) {
    std::vector<std::uint8_t> values(count);
    for (auto& value : values) value = static_cast<std::uint8_t>(pick(0, 255));
    return values;
  }

  void add_weights(Layer& layer) {
    const bool depthwise = layer.kind == Kind::kDepthwise;
    const std::int32_t places = layer.window.kernel_h * layer.window.kernel_w;
    const std::int32_t each = places * (depthwise ? 1 : layer.in.c);
    std::vector<std::int8_t> weights(static_cast<std::size_t>(layer.out.c) * static_cast<std::size_t>(each));
    for (auto& weight : weights) weight = static_cast<std::int8_t>(pick(-127, 127));
    const std::size_t padded = static_cast<std::size_t>(layer.out.c + 15) / 16 * 16;
    std::vector<std::int32_t> init(padded);
    std::vector<float> scale(padded);
    for (std::size_t k = 0; k < static_cast<std::size_t>(layer.out.c); ++k) {
      std::int32_t sum = 0;
      for (std::int32_t i = 0; i < each; ++i)
        sum += weights[k * static_cast<std::size_t>(each) + static_cast<std::size_t>(i)];
      init[k] = pick(-2000, 2000) - layer.in.zero_point * sum;
      scale[k] = static_cast<float>(pick(50, 150)) / (10000.0F * std::sqrt(static_cast<float>(each)));
    }
    layer.weights = append(depthwise ? isa::pack_depthwise_i8(weights, layer.in.c, places)
                                     : isa::pack_conv_i8(weights, {layer.out.c, layer.window.kernel_h,
                                                                   layer.window.kernel_w, layer.in.c}));
    layer.init = append(init);
    layer.scale = append(scale);
  }

  std::mt19937 random_;
  Model model_;
};

inline Model make_model(std::uint32_t seed) {
  return Maker(seed).make();
}

/// Part of a layer's output: rows [y0, y1), channels [k0, k1); k0 is a multiple of 16.
struct Tile {
  std::int32_t y0 = 0, y1 = 1, k0 = 0, k1 = 1;
  bool empty() const { return y0 >= y1 || k0 >= k1; }
};

/// Whether programs keep everything in DRAM: engines take it from there and the host's tensors as they are.
inline bool works_in_dram(const isa::ChipSpec& chip) {
  return chip.memory.engines_reach_dram && chip.memory.engines_reach_host;
}

/// Lays a model out as one program. On a chip whose engines reach DRAM and the host: activations in DRAM, the
/// cores share out the rows. Else: every activation whole in the SRAM of each core, the cores share out the
/// channels and copy each other's parts. Between layers everybody waits for everybody; three buffers take
/// turns.
class Layout {
 public:
  Layout(const Model& model, const isa::ChipSpec& chip, std::int32_t batch, std::uint16_t cores)
      : model_(model), batch_(batch), cores_(cores), in_dram_(works_in_dram(chip)) {}

  isa::Program emit() {
    program_.batch = batch_;
    const Shape in{batch_, 3, model_.size, model_.size}, out{batch_, model_.classes};
    program_.inputs = {{"image", DType::kF32, in, 0}};
    program_.outputs = {{"scores", DType::kF32, out, (program_.inputs[0].bytes() + 63) / 64 * 64}};
    place();
    load_input();
    for (std::size_t i = 0; i < model_.layers.size(); ++i) emit_layer(i);
    store_output();
    return std::move(program_);
  }

 private:
  void place() {
    for (const Layer& layer : model_.layers)
      for (const Activation& each : {layer.in, layer.out}) slot_ = std::max(slot_, each.bytes(batch_));
    const std::uint64_t image = (program_.inputs[0].bytes() + 63) / 64 * 64;
    const std::uint64_t scores = (program_.outputs[0].bytes() + 63) / 64 * 64;
    const std::uint64_t scratch = kSlots * slot_ + image + 2 * scores;
    image_at_ = kSlots * slot_;
    scores_at_ = image_at_ + image;
    program_.sram_bytes.assign(cores_, in_dram_ ? 0 : scratch);
    program_.dram_bytes = in_dram_ ? scratch : 0;
  }

  isa::Address scratch(std::uint16_t core, std::uint64_t offset) const {
    if (in_dram_) return {isa::Space::kDram, 0, offset};
    return {isa::Space::kSram, core, offset};
  }
  static isa::Address constant(std::uint64_t offset) { return {isa::Space::kConstant, 0, offset}; }

  /// The activation before layer i (after all: i = layers), as core `core` sees it.
  isa::View activation(std::size_t i, const Activation& a, std::uint16_t core) const {
    return isa::dense_view(scratch(core, (i % kSlots) * slot_), DType::kU8, {batch_, a.h, a.w, a.c},
                           a.pixel_stride());
  }
  static isa::View part(isa::View view, const Tile& tile) {
    view.at.offset += static_cast<std::uint64_t>(tile.y0 * view.stride[1] + tile.k0 * view.stride[3]);
    view.shape[1] = tile.y1 - tile.y0;
    view.shape[3] = tile.k1 - tile.k0;
    return view;
  }

  void push(std::uint16_t core, isa::Operation operation) {
    current_.push_back(static_cast<std::uint32_t>(program_.instructions.size()));
    program_.instructions.push_back({core, 0, waits_, std::move(operation)});
  }
  /// From here on, everything waits for all that was pushed since the last barrier.
  void barrier() {
    if (!current_.empty()) waits_ = std::move(current_);
    current_.clear();
  }

  void load_input() {
    isa::View image = isa::dense_view({isa::Space::kHost, 0, 0}, DType::kF32,
                                      {batch_, 3, model_.size, model_.size}, model_.size * 4);
    const auto planes = std::int64_t{model_.size} * model_.size * 4;
    image.stride = {planes * 3, planes, model_.size * 4, 4};
    const std::uint16_t readers = in_dram_ ? 1 : cores_;
    if (!in_dram_) {
      for (std::uint16_t core = 0; core < readers; ++core)
        push(core, isa::Copy{image, moved(image, core, image_at_)});
      barrier();
    }
    const isa::View nhwc_host = [&] {
      isa::View view = image;
      view.shape = {batch_, model_.size, model_.size, 3};
      view.stride = {planes * 3, model_.size * 4, 4, planes};
      return view;
    }();
    const Activation input = model_.input();
    for (std::uint16_t core = 0; core < readers; ++core)
      push(core, isa::Convert{in_dram_ ? nhwc_host : moved(nhwc_host, core, image_at_),
                              activation(0, input, core), 0.02F, input.zero_point});
    barrier();
  }
  isa::View moved(isa::View view, std::uint16_t core, std::uint64_t offset) const {
    view.at = scratch(core, offset);
    return view;
  }

  Tile tile_of(const Layer& layer, std::uint16_t core) const {
    if (in_dram_) return {layer.out.h * core / cores_, layer.out.h * (core + 1) / cores_, 0, layer.out.c};
    const std::int32_t blocks = (layer.out.c + 15) / 16;
    const std::int32_t first = blocks * core / cores_, last = blocks * (core + 1) / cores_;
    return {0, layer.out.h, first * 16, std::min(last * 16, layer.out.c)};
  }

  void emit_layer(std::size_t i) {
    const Layer& layer = model_.layers[i];
    for (std::uint16_t core = 0; core < cores_; ++core)
      if (const Tile tile = tile_of(layer, core); !tile.empty()) push(core, operation_of(i, tile, core));
    barrier();
    if (in_dram_) return;
    for (std::uint16_t from = 0; from < cores_; ++from) {
      const Tile tile = tile_of(layer, from);
      for (std::uint16_t to = 0; to < cores_ && !tile.empty(); ++to)
        if (to != from)
          push(to, isa::Copy{part(activation(i + 1, layer.out, from), tile),
                             part(activation(i + 1, layer.out, to), tile)});
    }
    // The copies are reads of the other cores' parts, so the next layer waits for them and for the layer
    // itself.
    for (const std::uint32_t wait : waits_) current_.push_back(wait);
    std::ranges::sort(current_);
    barrier();
  }

  isa::Operation operation_of(std::size_t i, const Tile& tile, std::uint16_t core) const {
    const Layer& layer = model_.layers[i];
    const isa::View whole_in = activation(i, layer.in, core);
    const isa::View out = part(activation(i + 1, layer.out, core), tile);
    const isa::View same_channels = part(whole_in, {0, layer.in.h, tile.k0, tile.k1});
    isa::Window window = layer.window;
    window.pad_top -= tile.y0 * window.stride_h;
    isa::Epilogue epilogue{
        .scale = constant(layer.scale + static_cast<std::uint64_t>(tile.k0) * 4),
        .inner = {},
        .residual = {},
        .low = layer.residual ? -isa::kInfinity : static_cast<float>(-layer.out.zero_point) / 2,
        .output_zero_point = layer.out.zero_point};
    if (layer.residual && layer.kind == Kind::kConv) {
      const Layer& before = model_.layers[i - 1];
      epilogue.inner = isa::InnerQuantise{layer.out.zero_point, 0.9F};
      epilogue.residual =
          isa::Residual{part(activation(i - 1, before.in, core), tile), 0.7F, before.in.zero_point};
    }
    const isa::Address init = constant(layer.init + static_cast<std::uint64_t>(tile.k0) * 4);
    const auto weights = [&](std::size_t block_bytes) {
      return constant(layer.weights + static_cast<std::uint64_t>(tile.k0 / 16) * block_bytes);
    };
    const auto zero_point = static_cast<std::uint8_t>(layer.in.zero_point);
    switch (layer.kind) {
      case Kind::kConv:
        return isa::Conv{
            whole_in,
            out,
            weights(isa::packed_conv_i8_bytes({16, window.kernel_h, window.kernel_w, layer.in.c})),
            init,
            window,
            zero_point,
            epilogue};
      case Kind::kDepthwise:
        return isa::DepthwiseConv{
            same_channels,
            out,
            weights(isa::packed_depthwise_i8_bytes(16, window.kernel_h * window.kernel_w)),
            init,
            window,
            zero_point,
            epilogue};
      case Kind::kMaxPool:
        return isa::Pool{isa::PoolKind::kMax, same_channels, out, window, 0, 1, 0};
      case Kind::kAveragePool:
        return isa::Pool{isa::PoolKind::kAverage, same_channels, out, window, layer.in.zero_point, 1.1F,
                         layer.out.zero_point};
      case Kind::kAdd: {
        const Activation& other = layer.residual ? model_.layers[i - 1].in : layer.in;
        isa::Binary add{.kind = isa::BinaryKind::kAdd,
                        .a = part(whole_in, tile),
                        .b = part(activation(layer.residual ? i - 1 : i, other, core), tile),
                        .output = out};
        add.a_scale = 0.8F;
        add.b_scale = 0.6F;
        add.a_zero_point = layer.in.zero_point;
        add.b_zero_point = other.zero_point;
        add.output_zero_point = layer.out.zero_point;
        return add;
      }
      case Kind::kLut:
        return isa::Lut{part(whole_in, tile), out, constant(layer.weights)};
    }
    std::abort();
  }

  /// u8 scores to f32, softmax, out.
  void store_output() {
    const Layer& last = model_.layers.back();
    const std::int32_t classes = model_.classes;
    const std::uint64_t scores = (program_.outputs[0].bytes() + 63) / 64 * 64;
    const auto rows = [&](isa::Address at) {
      return isa::dense_view(at, DType::kF32, {batch_, 1, 1, classes}, classes * 4);
    };
    const isa::View raw = rows(scratch(0, scores_at_));
    const isa::View host = rows({isa::Space::kHost, 0, program_.outputs[0].offset});
    const isa::View soft = in_dram_ ? host : rows(scratch(0, scores_at_ + scores));
    push(0, isa::Convert{activation(model_.layers.size(), last.out, 0), raw, 0.05F, last.out.zero_point});
    barrier();
    push(0, isa::Softmax{raw, soft, false});
    barrier();
    if (!in_dram_) push(0, isa::Copy{soft, host});
  }

  static constexpr std::uint64_t kSlots = 3;
  const Model& model_;
  const std::int32_t batch_;
  const std::uint16_t cores_;
  const bool in_dram_;
  isa::Program program_;
  std::uint64_t slot_ = 0, image_at_ = 0, scores_at_ = 0;
  std::vector<std::uint32_t> waits_, current_;
};

/// Keeps the constants behind the scratch of the largest program, at the same place for all.
inline void place_constants(isa::Executable& executable, std::uint64_t bytes, bool in_dram) {
  std::uint64_t scratch = 0;
  for (const isa::Program& program : executable.programs)
    scratch = std::max(scratch, in_dram ? program.dram_bytes : std::ranges::max(program.sram_bytes));
  for (isa::Program& program : executable.programs) {
    if (in_dram) program.residences = {{0, bytes, isa::Space::kDram, 0, scratch}};
    for (std::uint16_t core = 0; core < executable.cores && !in_dram; ++core)
      program.residences.push_back({0, bytes, isa::Space::kSram, core, scratch});
  }
}

/// The whole executable, programs ordered by batch.
/// The chip `host`, with so many cores.
inline isa::ChipSpec host(std::int64_t cores = 4) {
  isa::ChipSpec chip = isa::load_chip_spec(CHENGYING_SOURCE_DIR "/chips/host.toml").value();
  chip.cores = cores;
  return chip;
}

inline std::shared_ptr<const isa::Executable> make_executable(const Model& model, const isa::ChipSpec& chip,
                                                              std::uint16_t cores,
                                                              const std::vector<std::int32_t>& batches) {
  auto executable = std::make_shared<isa::Executable>();
  executable->chip = chip.name;
  executable->chip_digest = chip.digest;
  executable->cores = cores;
  executable->layers = {{"tiny", "all", 0}};
  for (const std::int32_t batch : batches)
    executable->programs.push_back(Layout(model, chip, batch, cores).emit());
  place_constants(*executable, model.constants.size(), works_in_dram(chip));
  const auto constants = std::make_shared<AlignedBytes>(model.constants.size());
  std::ranges::copy(model.constants, constants->data());
  executable->constants = constants->span();
  executable->constants_owner = constants;
  return executable;
}

/// A batch of pictures: values around -2.5 to 2.5.
inline Tensor make_input(const Model& model, std::int32_t batch, std::uint32_t seed) {
  Tensor tensor(DType::kF32, {batch, 3, model.size, model.size});
  std::mt19937 random(seed);
  for (float& value : tensor.as<float>()) value = static_cast<float>(random() % 1000) / 200.0F - 2.5F;
  return tensor;
}

}  // namespace chengying::chip::tiny
