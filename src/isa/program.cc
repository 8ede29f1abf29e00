#include "isa/program.h"

#include <algorithm>

#include "base/check.h"

namespace chengying::isa {

std::uint64_t Binding::bytes() const {
  const Result<std::int64_t> count = element_count(shape);
  CHECK(count.has_value());  // decode and verify refuse such a shape before anybody asks
  return static_cast<std::uint64_t>(*count) * size_of(dtype);
}

std::uint64_t Program::host_bytes() const {
  std::uint64_t end = 0;
  for (const std::vector<Binding>* bindings : {&inputs, &outputs})
    for (const Binding& binding : *bindings) end = std::max(end, binding.offset + binding.bytes());
  return (end + 63) / 64 * 64;
}

std::vector<std::int64_t> Program::highest_arguments() const {
  std::vector<std::int64_t> highest;
  for (const Argument& argument : arguments) highest.push_back(argument.high);
  return highest;
}

const Program* Executable::program_for(std::int32_t batch) const {
  const auto found = std::ranges::find(programs, batch, &Program::batch);
  return found == programs.end() ? nullptr : &*found;
}

}  // namespace chengying::isa
