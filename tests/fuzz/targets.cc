#include "targets.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "billing/price_book.h"
#include "chip/engine.h"
#include "cli/npy.h"
#include "cli/npz.h"
#include "cloud/doors/open_inference.h"
#include "compiler/compile.h"
#include "isa/executable_header.h"
#include "isa/program.h"
#include "isa/spec.h"
#include "isa/testing.h"
#include "random_program.h"
#include "runtime/image.h"
#include "runtime/preprocessing.h"
#include "seed_models.h"

namespace chengying::fuzz {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string as_text(std::span<const std::byte> bytes) {
  return std::string(text_of(bytes));
}

std::string source_file(std::string_view path) {
  const auto text = read_text_file(std::string(CHENGYING_SOURCE_DIR "/").append(path), 1 << 20);
  CHECK(text.has_value());
  return *text;
}

/// The digest of the content, which ends the header, is made right first, so that mutations reach the inside.
void run_executable(std::span<const std::byte> bytes) {
  auto owner = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  if (owner->size() >= isa::kHeaderBytes) {
    const Digest digest = isa::content_digest(*owner);
    std::memcpy(owner->data() + isa::kHeaderBytes - digest.bytes.size(), digest.bytes.data(),
                digest.bytes.size());
  }
  const auto executable = isa::decode(*owner, owner);
  if (!executable) return;
  static_cast<void>(isa::print(*executable));
  const isa::ChipSpec chip = open_chip();
  for (const isa::Program& program : executable->programs)
    static_cast<void>(isa::verify(program, executable->cores, executable->constants.size(), chip));
}

std::vector<std::string> executable_seeds() {
  isa::testing::ProgramBuilder builder;
  const isa::View input = builder.input("x", DType::kU8, {1, 8, 8, 8});
  const isa::View middle = builder.dram(DType::kU8, {1, 8, 8, 16});
  const isa::View output = builder.output("y", DType::kU8, {1, 8, 8, 16});
  const isa::View loaded = builder.dram(DType::kU8, {1, 8, 8, 8});
  const std::uint32_t load = builder.add(isa::Copy{input, loaded});
  const std::uint32_t conv = builder.add(builder.conv_u8(loaded, middle), {load});
  builder.add(isa::Copy{middle, output}, {conv});
  builder.constants_in_dram();
  std::vector<std::string> seeds{as_text(isa::encode(builder.executable(open_chip())))};
  for (char first = 0; first < 40; ++first) {  // of many opcodes
    const std::array choices{static_cast<std::byte>(first), std::byte{5}, std::byte{7}};
    seeds.push_back(as_text(isa::encode(*random_program(choices).executable)));
  }
  return seeds;
}

void run_chip_spec(std::span<const std::byte> bytes) {
  static_cast<void>(isa::parse_chip_spec(text_of(bytes), "fuzz.toml"));
}

std::vector<std::string> chip_spec_seeds() {
  return {source_file("chips/host.toml"), source_file("chips/hanguang800.toml")};
}

void run_onnx(std::span<const std::byte> bytes) {
  compiler::ModelSource model;
  model.bytes = std::make_shared<const std::string>(text_of(bytes));
  static_cast<void>(compiler::signature_of(model));
  static_cast<void>(compiler::compile(model, isa::testing::small_chip(), {}));
}

void run_infer_body(std::span<const std::byte> bytes) {
  const std::string_view body = text_of(bytes);
  static_cast<void>(doors::parse_infer_body(body, std::nullopt));
  // The first two bytes stand for a header that says how long the JSON part is, true or not.
  if (body.size() < 2) return;
  const std::uint64_t json_bytes =
      static_cast<unsigned char>(body[0]) * 256U + static_cast<unsigned char>(body[1]);
  static_cast<void>(doors::parse_infer_body(body.substr(2), json_bytes));
}

std::vector<std::string> infer_body_seeds() {
  const std::string json =
      R"({"id":"a","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1.5,-2]}]})";
  std::string binary =
      R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]})";
  std::string with_length{static_cast<char>(binary.size() / 256), static_cast<char>(binary.size() % 256)};
  return {json, with_length + binary + std::string(8, '\0')};
}

void run_image(std::span<const std::byte> bytes) {
  static_cast<void>(runtime::decode_image(bytes, {.bytes = 1 << 20, .pixels = 1 << 16, .side = 1024}));
}

std::vector<std::string> image_seeds() {
  return small_images();
}

void run_preprocessing(std::span<const std::byte> bytes) {
  static_cast<void>(runtime::parse_preprocessing(text_of(bytes)));
}

std::vector<std::string> preprocessing_seeds() {
  return {
      R"({"resize":256,"crop":224,"layout":"NCHW","color":"BGR","mean":[103.9,116.8,123.7],"std":[1,1,1]})"};
}

void run_price_book(std::span<const std::byte> bytes) {
  static_cast<void>(billing::parse_price_book(text_of(bytes), "fuzz.toml"));
}

std::vector<std::string> price_book_seeds() {
  return {source_file("config/prices.toml")};
}

void run_tensor_files(std::span<const std::byte> bytes) {
  static_cast<void>(cli::decode_npy(bytes));
  static_cast<void>(cli::decode_npz(bytes, 1 << 20));
}

std::vector<std::string> tensor_file_seeds() {
  Tensor tensor(DType::kF32, {2, 3});
  tensor.as<float>()[1] = 0.5F;
  const auto npy = cli::encode_npy(tensor);
  CHECK(npy.has_value());
  const std::array named{cli::NamedTensor{"x", tensor}};
  const auto npz = cli::encode_npz(named);
  CHECK(npz.has_value());
  return {as_text(*npy), as_text(*npz)};
}

/// What a run gives: its trap, or else the bytes of every output.
struct Ran {
  std::uint32_t trapped_at = 0;
  std::string trap;
  std::vector<std::vector<std::byte>> outputs;
  bool operator==(const Ran&) const = default;
};

Ran run_with(const RandomProgram& random, unsigned threads, chip::KernelSet kernels) {
  chip::Engine engine(open_chip(), 2, threads, kernels);
  const Status loaded = engine.load(random.executable);
  if (!loaded) fmt::print(stderr, "{}\n", loaded.error().message);
  CHECK(loaded.has_value());  // verify accepts what is made to be valid
  const isa::Program& program = random.executable->programs.front();
  Ran ran;
  for (const isa::Binding& binding : program.outputs) ran.outputs.emplace_back(binding.bytes());
  std::vector<std::span<const std::byte>> inputs(random.inputs.begin(), random.inputs.end());
  std::vector<std::span<std::byte>> outputs(ran.outputs.begin(), ran.outputs.end());
  if (const auto trap = engine.run(program, inputs, outputs, {.arguments = random.arguments}))
    return {trap->instruction, trap->reason, {}};
  return ran;
}

/// Law 4: every kernel set gives the reference's bytes, with any number of threads.
void run_operations(std::span<const std::byte> bytes) {
  const RandomProgram random = random_program(bytes);
  const Ran expected = run_with(random, 1, chip::KernelSet::kReference);
  for (const chip::KernelSet kernels : {chip::KernelSet::kAvx2, chip::KernelSet::kAvx512}) {
    if (!chip::supported(kernels)) continue;
    for (const unsigned threads : {1U, 2U}) {
      if (run_with(random, threads, kernels) == expected) continue;
      fmt::print(stderr, "{} with {} threads differs from the reference in\n{}\n", name_of(kernels), threads,
                 isa::print(*random.executable));
      CHECK(false);
    }
  }
}

std::vector<std::string> operation_seeds() {
  std::vector<std::string> seeds;
  for (char first = 0; first < 40; ++first) seeds.push_back(std::string(1, first) + "operations" + first);
  return seeds;
}

constexpr std::array kTargets = {
    Target{"executable", run_executable, executable_seeds},
    Target{"chip_spec", run_chip_spec, chip_spec_seeds},
    Target{"onnx", run_onnx, onnx_models},
    Target{"infer_body", run_infer_body, infer_body_seeds},
    Target{"image", run_image, image_seeds},
    Target{"preprocessing", run_preprocessing, preprocessing_seeds},
    Target{"price_book", run_price_book, price_book_seeds},
    Target{"tensor_files", run_tensor_files, tensor_file_seeds},
    Target{"operations", run_operations, operation_seeds},
};

}  // namespace

std::span<const Target> targets() {
  return kTargets;
}

}  // namespace chengying::fuzz
