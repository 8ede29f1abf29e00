// What tests of the isa and of the folders above it build programs with: a small chip that has everything,
// and a builder of programs. Only for tests; values, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "isa/packing.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::isa::testing {

/// Two cores, 1 MiB of SRAM each, 8 MiB of DRAM, every engine and path; round numbers, 1 GHz.
inline ChipSpec small_chip() {
  ChipSpec chip;
  chip.name = "small";
  chip.cores = 2;
  chip.clock_hz = 1e9;
  chip.tensor = {.u8 = MacArray{16, 16, 4}, .f32 = MacArray{1, 16, 1}, .fill_cycles = 10, .issue_cycles = 5};
  chip.vector = {.u8_lanes = 64, .f32_lanes = 16, .issue_cycles = 3};
  chip.memory_engine = {.bytes_per_cycle = 64, .issue_cycles = 2};
  chip.memory = {.sram_bytes = 1 << 20,
                 .sram_bytes_per_cycle = 256,
                 .dram_bytes = 8 << 20,
                 .dram_bytes_per_second = 32e9,
                 .dram_latency_seconds = 100e-9,
                 .ring_bytes_per_second = 64e9,
                 .ring_latency_seconds = 20e-9,
                 .engines_reach_dram = true,
                 .engines_reach_host = false,
                 .engines_reach_other_cores = true};
  chip.host_link = {.bytes_per_second = 16e9, .latency_seconds = 500e-9};
  chip.power = {.mac_u8_pj = 1,
                .mac_f32_pj = 4,
                .vector_op_pj = 2,
                .sram_byte_pj = 3,
                .dram_byte_pj = 50,
                .ring_byte_pj = 6,
                .host_byte_pj = 40,
                .idle_watts = 2,
                .tdp_watts = 20};
  return chip;
}

/// Builds a program step by step. `core`, `waits` and `layer` of the next instruction are set beforehand.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(std::uint16_t cores = 1) { program_.sram_bytes.assign(cores, 0); }

  /// Appends a model input (all inputs before the first output); its view is dense over up to four
  /// dimensions.
  View input(std::string name, DType dtype, Shape shape) {
    return bind(program_.inputs, std::move(name), dtype, std::move(shape));
  }
  View output(std::string name, DType dtype, Shape shape) {
    return bind(program_.outputs, std::move(name), dtype, std::move(shape));
  }

  /// Room for a dense array, its pixels `pixel_bytes` apart (0: no gaps), at the next multiple of 64.
  View sram(std::uint16_t core, DType dtype, std::array<std::int32_t, 4> shape,
            std::int64_t pixel_bytes = 0) {
    return place({Space::kSram, core, 0}, program_.sram_bytes.at(core), dtype, shape, pixel_bytes);
  }
  View dram(DType dtype, std::array<std::int32_t, 4> shape, std::int64_t pixel_bytes = 0) {
    return place({Space::kDram, 0, 0}, program_.dram_bytes, dtype, shape, pixel_bytes);
  }

  /// Room for a block of constants, at the next multiple of 64.
  Address constant(std::uint64_t bytes) {
    const Address at{Space::kConstant, 0, constant_bytes_};
    constant_bytes_ += round_up(bytes);
    return at;
  }

  /// Puts all constants that were asked for so far into DRAM, after the scratch; call it last.
  void constants_in_dram() {
    program_.dram_bytes = round_up(program_.dram_bytes);
    if (constant_bytes_ != 0)
      program_.residences.push_back({0, constant_bytes_, Space::kDram, 0, program_.dram_bytes});
  }
  /// ... or into the SRAM of a core.
  void constants_in_sram(std::uint16_t core) {
    program_.sram_bytes.at(core) = round_up(program_.sram_bytes.at(core));
    if (constant_bytes_ != 0)
      program_.residences.push_back({0, constant_bytes_, Space::kSram, core, program_.sram_bytes.at(core)});
  }

  ProgramBuilder& core(std::uint16_t core) {
    core_ = core;
    return *this;
  }
  ProgramBuilder& layer(std::uint32_t layer) {
    layer_ = layer;
    return *this;
  }
  /// Appends an instruction; gives its index.
  std::uint32_t add(Operation operation, std::vector<std::uint32_t> waits = {}) {
    program_.instructions.push_back({core_, layer_, std::move(waits), std::move(operation)});
    return static_cast<std::uint32_t>(program_.instructions.size() - 1);
  }

  /// A u8 convolution with room for its constants; stride 1, no padding unless the window says so.
  Conv conv_u8(const View& input, const View& output, Window window = {}) {
    const std::int32_t k = output.shape[3];
    const std::int32_t padded = (k + kChannelBlock - 1) / kChannelBlock * kChannelBlock;
    const ConvWeightShape weights{k, window.kernel_h, window.kernel_w, input.shape[3]};
    Conv conv;
    conv.input = input;
    conv.output = output;
    conv.window = window;
    conv.weights = constant(packed_conv_i8_bytes(weights));
    conv.init = constant(padded * sizeof(std::int32_t));
    conv.epilogue.scale = constant(padded * sizeof(float));
    return conv;
  }

  std::uint64_t constant_bytes() const { return constant_bytes_; }
  Program& program() { return program_; }
  const Program& program() const { return program_; }

  /// An executable of this program alone, for `chip`, its constants zero.
  Executable executable(const ChipSpec& chip) const {
    Executable executable;
    executable.chip = chip.name;
    executable.chip_digest = chip.digest;
    executable.cores = static_cast<std::uint16_t>(program_.sram_bytes.size());
    executable.layers = {{"layer", "test", 0}};
    executable.programs = {program_};
    auto constants = std::make_shared<AlignedBytes>(constant_bytes_);
    executable.constants = constants->span();
    executable.constants_owner = std::move(constants);
    return executable;
  }

 private:
  static std::uint64_t round_up(std::uint64_t bytes) { return (bytes + 63) / 64 * 64; }

  View bind(std::vector<Binding>& bindings, std::string name, DType dtype, Shape shape) {
    std::array<std::int32_t, 4> dimensions{1, 1, 1, 1};
    for (std::size_t i = 0; i < shape.size(); ++i)
      dimensions.at(4 - shape.size() + i) = static_cast<std::int32_t>(shape[i]);
    const std::uint64_t offset = program_.host_bytes();
    bindings.push_back({std::move(name), dtype, std::move(shape), offset});
    return dense_view({Space::kHost, 0, offset}, dtype, dimensions,
                      dimensions[3] * static_cast<std::int64_t>(size_of(dtype)));
  }

  static View place(Address at, std::uint64_t& used, DType dtype, std::array<std::int32_t, 4> shape,
                    std::int64_t pixel_bytes) {
    at.offset = round_up(used);
    if (pixel_bytes == 0) pixel_bytes = shape[3] * static_cast<std::int64_t>(size_of(dtype));
    const View view = dense_view(at, dtype, shape, pixel_bytes);
    used = at.offset + static_cast<std::uint64_t>(view.stride[0] * shape[0]);
    return view;
  }

  Program program_;
  std::uint64_t constant_bytes_ = 0;
  std::uint16_t core_ = 0;
  std::uint32_t layer_ = 0;
};

}  // namespace chengying::isa::testing
