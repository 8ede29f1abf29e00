#include "random_steps.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::fuzz {
namespace {

constexpr std::int32_t kInputElements = 4096;

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 27;
  return x * 0x3c79ac492ba7b653U + 0x1c69b3f74ac4ae35U;
}

}  // namespace

Steps::Steps(std::span<const std::byte> bytes) : bytes_(bytes) {
  for (const std::byte b : bytes) state_ = mixed(state_ + static_cast<std::uint64_t>(b));
  for (const auto& [name, dtype] : {std::pair("floats", DType::kF32), std::pair("bytes", DType::kU8),
                                    std::pair("numbers", DType::kI32), std::pair("long", DType::kI64)}) {
    const isa::View view = builder_.input(name, dtype, {kInputElements});
    values_.push_back({view.at, dtype, kInputElements});
  }
}

std::int32_t Steps::in(std::int32_t low, std::int32_t high) {
  std::uint64_t choice;
  if (bytes_.empty()) {
    state_ = mixed(state_);
    choice = state_ >> 33;
  } else {
    choice = static_cast<std::uint64_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    if (high - low > 255 && !bytes_.empty())
      choice = choice * 257 + static_cast<std::uint64_t>(bytes_.front());
  }
  return low + static_cast<std::int32_t>(choice % static_cast<std::uint64_t>(high - low + 1));
}

float Steps::any_float() {
  constexpr std::array<std::uint32_t, 8> kOdd = {0x7fc00000, 0xffc12345, 0x7f800000, 0xff800000,
                                                 0x00000001, 0x80000000, 0x7f7fffff, 0x807fffff};
  if (chance(97)) return real(-4, 4);
  return __builtin_bit_cast(float, kOdd[static_cast<std::size_t>(in(0, 7))]);
}

std::array<std::size_t, 4> Steps::random_order() {
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  if (chance(50)) return order;
  for (std::size_t i = 3; i > 0; --i)
    std::swap(order[i], order[static_cast<std::size_t>(in(0, static_cast<int>(i)))]);
  return order;
}

void Steps::set_strides(isa::View& view, const std::array<std::size_t, 4>& order) {
  auto stride = static_cast<std::int64_t>(size_of(view.dtype));
  for (std::size_t i = 4; i-- > 0;) {
    view.stride[order[i]] = stride;
    stride *= view.shape[order[i]];
  }
}

isa::View Steps::input(DType dtype, const Shape& shape) {
  std::vector<Value> fitting;
  for (const Value& value : values_)
    if (value.dtype == dtype) fitting.push_back(value);
  CHECK(!fitting.empty());
  const Value& value = fitting[static_cast<std::size_t>(in(0, static_cast<int>(fitting.size()) - 1))];
  isa::View view{.at = value.at, .dtype = dtype, .shape = shape, .stride = {}};
  set_strides(view, random_order());
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  for (std::size_t d = 0; d < 4; ++d) {
    const auto extent = static_cast<std::int64_t>(view.extent_bytes()) / size;
    if (extent > value.elements || chance(8)) view.stride[d] = 0;
  }
  const auto spare = value.elements - static_cast<std::int64_t>(view.extent_bytes()) / size;
  view.at.offset +=
      static_cast<std::uint64_t>(in(0, static_cast<int>(std::min<std::int64_t>(spare, 200))) * size);
  return view;
}

isa::View Steps::image(DType dtype, const Shape& shape, std::int32_t pixel) {
  std::vector<Value> fitting;
  for (const Value& value : values_)
    if (value.dtype == dtype && value.elements >= std::int64_t{shape[0]} * shape[1] * shape[2] * pixel)
      fitting.push_back(value);
  CHECK(!fitting.empty());  // the request's inputs are as long as any image
  const Value& value = fitting[static_cast<std::size_t>(in(0, static_cast<int>(fitting.size()) - 1))];
  return isa::dense_view(value.at, dtype, shape, pixel * static_cast<std::int64_t>(size_of(dtype)));
}

isa::View Steps::output(DType dtype, const Shape& shape, bool in_order) {
  isa::View view = chance(50) ? builder_.dram(dtype, shape)
                              : builder_.sram(static_cast<std::uint16_t>(in(0, 1)), dtype, shape);
  set_strides(view, in_order ? std::array<std::size_t, 4>{0, 1, 2, 3} : random_order());
  return view;
}

isa::Address Steps::constant(std::vector<std::byte> content) {
  const isa::Address at = builder_.constant(content.size());
  constants_.emplace_back(at.offset, std::move(content));
  return at;
}

isa::Address Steps::floats(std::int32_t count, float low, float high) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& x : values) x = chance(98) ? real(low, high) : any_float();
  const auto bytes = std::as_bytes(std::span(values));
  return constant({bytes.begin(), bytes.end()});
}

isa::Address Steps::any_bytes(std::size_t count) {
  std::vector<std::byte> content(count);
  for (std::byte& b : content) {
    state_ = mixed(state_);
    b = static_cast<std::byte>(state_ >> 40);
  }
  return constant(std::move(content));
}

void Steps::emit(isa::Operation operation, const isa::View& output) {
  std::vector<std::uint32_t> waits(builder_.program().instructions.size());
  for (std::uint32_t i = 0; i < waits.size(); ++i) waits[i] = i;
  builder_.core(static_cast<std::uint16_t>(in(0, 1))).add(std::move(operation), std::move(waits));
  values_.push_back({output.at, output.dtype, output.elements()});
}

RandomProgram Steps::finish() {
  const std::vector<Value> made(values_.begin() + 4, values_.end());
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto elements = static_cast<std::int32_t>(made[i].elements);
    const isa::View to = builder_.output("value" + std::to_string(i), made[i].dtype, {elements});
    isa::View from = to;
    from.at = made[i].at;
    emit(isa::Copy{from, to}, to);
  }
  builder_.constants_in_dram();
  auto executable = std::make_shared<isa::Executable>(builder_.executable(open_chip()));
  auto constants = std::make_shared<AlignedBytes>(builder_.constant_bytes());
  for (const auto& [offset, content] : constants_) std::ranges::copy(content, constants->data() + offset);
  executable->constants = constants->span();
  executable->constants_owner = std::move(constants);

  RandomProgram result;
  for (const isa::Binding& binding : builder_.program().inputs) {
    std::vector<std::byte>& bytes = result.inputs.emplace_back(binding.bytes());
    for (std::size_t i = 0; i < kInputElements; ++i) {
      const float x = any_float();
      const std::int32_t small = in(-20, 19);
      const std::int64_t wide = small;
      if (binding.dtype == DType::kF32) std::memcpy(bytes.data() + 4 * i, &x, 4);
      if (binding.dtype == DType::kU8) bytes[i] = static_cast<std::byte>(in(0, 255));
      if (binding.dtype == DType::kI32) std::memcpy(bytes.data() + 4 * i, &small, 4);
      if (binding.dtype == DType::kI64) std::memcpy(bytes.data() + 8 * i, &wide, 8);
    }
  }
  result.arguments = arguments_;
  result.executable = std::move(executable);
  return result;
}

}  // namespace chengying::fuzz
