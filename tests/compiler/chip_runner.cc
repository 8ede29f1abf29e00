#include "chip_runner.h"

#include "base/check.h"

namespace chengying::compiler::testing {

isa::ChipSpec chip_named(const std::string& name) {
  auto chip = isa::load_chip_spec(std::string(CHENGYING_SOURCE_DIR "/chips/") + name + ".toml");
  CHECK(chip.has_value());
  return *std::move(chip);
}

std::vector<Tensor> run(const std::shared_ptr<const isa::Executable>& executable, const isa::ChipSpec& chip,
                        std::int32_t batch, const std::vector<Tensor>& inputs, unsigned threads,
                        chip::KernelSet kernels) {
  chip::Engine engine(chip, executable->cores, threads, kernels);
  CHECK(engine.load(executable).has_value());
  const isa::Program& program = *executable->program_for(batch);
  std::vector<Tensor> outputs;
  for (const isa::Binding& binding : program.outputs) outputs.emplace_back(binding.dtype, binding.shape);
  std::vector<std::span<const std::byte>> in;
  std::vector<std::span<std::byte>> out;
  for (const Tensor& tensor : inputs) in.push_back(tensor.bytes());
  for (Tensor& tensor : outputs) out.push_back(tensor.bytes());
  CHECK(!engine.run(program, in, out).has_value());
  return outputs;
}

}  // namespace chengying::compiler::testing
