// Steps: builds a program one operation at a time from choices that bytes make, each over values that are
// there already. Internal to the fuzz targets.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "isa/testing.h"
#include "random_program.h"

namespace chengying::fuzz {

class Steps {
 public:
  explicit Steps(std::span<const std::byte> bytes);

  /// The next choice, low .. high; from the bytes while there are any, then from a generator that they
  /// seeded.
  std::int32_t in(std::int32_t low, std::int32_t high);
  /// Appends an operation of a random kind.
  void add_one();
  /// Copies the last values out and gives the program, its constants and inputs.
  RandomProgram finish();

 private:
  using Shape = std::array<std::int32_t, 4>;
  /// Elements side by side, all of them written.
  struct Value {
    isa::Address at;
    DType dtype = DType::kF32;
    std::int64_t elements = 0;
  };

  bool chance(int percent) { return in(1, 100) <= percent; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + in(0, static_cast<std::int32_t>(choices.size()) - 1));
  }
  float real(float low, float high) { return low + (high - low) * static_cast<float>(in(0, 255)) / 255.0F; }
  float any_float();

  /// A part of a value that an earlier step or the request wrote, as this shape: its dimensions in any order
  /// in memory, some of them repeated.
  isa::View input(DType dtype, const Shape& shape);
  /// As many elements, the innermost dimension dense, `pixel` elements from one place to the next.
  isa::View image(DType dtype, const Shape& shape, std::int32_t pixel);
  /// Room for a new value in DRAM or in an SRAM; without gaps, its dimensions in any order unless `in_order`.
  isa::View output(DType dtype, const Shape& shape, bool in_order = false);
  isa::Address floats(std::int32_t count, float low, float high);
  isa::Address any_bytes(std::size_t count);
  isa::Address constant(std::vector<std::byte> content);
  /// Appends the operation, which waits for all before it, and makes its output a value.
  void emit(isa::Operation operation, const isa::View& output);
  /// The strides of a dense array whose dimensions lie in a random order.
  static void set_strides(isa::View& view, const std::array<std::size_t, 4>& order);
  std::array<std::size_t, 4> random_order();

  Shape shape_of(std::int32_t elements_max);
  void add_elementwise();
  void add_convert();
  void add_rows();
  void add_matmul();
  void add_grouped_matmul();
  void add_convolution();
  template <class Op>
  void add_convolution_as();
  void add_pool();
  void add_resize();
  void add_choice();
  void add_gather();
  void add_topk();
  void add_draw();
  void add_scatter();
  void add_attention();
  void add_scan();
  /// An argument of low .. high; the run gets something between.
  std::uint32_t argument(std::int32_t low, std::int32_t high);

  std::span<const std::byte> bytes_;
  std::uint64_t state_ = 0x9e3779b97f4a7c15U;
  isa::testing::ProgramBuilder builder_{2};
  std::vector<Value> values_;
  std::vector<std::int64_t> arguments_;
  std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> constants_;
};

}  // namespace chengying::fuzz
