#include "isa/instruction.h"

#include <array>

#include "base/check.h"

namespace chengying::isa {
namespace {

// One row per opcode, in the order of the variant.
struct OpcodeRow {
  std::string_view name;
  Engine engine;
};
constexpr std::array<OpcodeRow, std::variant_size_v<Operation>> kOpcodes{{
    {"conv", Engine::kTensor},      {"depthwise_conv", Engine::kTensor}, {"pool", Engine::kVector},
    {"binary", Engine::kVector},    {"unary", Engine::kVector},          {"lut", Engine::kVector},
    {"convert", Engine::kVector},   {"softmax", Engine::kVector},        {"reduce", Engine::kVector},
    {"copy", Engine::kMemory},      {"matmul", Engine::kTensor},         {"compare", Engine::kVector},
    {"select", Engine::kVector},    {"gather", Engine::kMemory},         {"scatter", Engine::kMemory},
    {"topk", Engine::kVector},      {"norm", Engine::kVector},           {"rotary", Engine::kVector},
    {"resize", Engine::kVector},    {"grouped_matmul", Engine::kTensor}, {"sample", Engine::kVector},
    {"attention", Engine::kTensor}, {"scan", Engine::kTensor},
}};

constexpr std::array<std::string_view, kEngineCount> kEngineNames{"tensor", "vector", "memory"};
constexpr std::array<std::string_view, 3> kPoolNames{"max", "average", "average_with_pad"};
constexpr std::array<std::string_view, 7> kBinaryNames{"add", "sub", "mul", "div", "max", "min", "pow"};
constexpr std::array<std::string_view, kUnaryKindCount> kUnaryNames{
    "relu",     "clip",  "leaky_relu", "elu",        "sigmoid", "hard_sigmoid", "hard_swish", "tanh",
    "exp",      "log",   "sqrt",       "reciprocal", "neg",     "abs",          "erf",        "gelu",
    "softplus", "floor", "ceil",       "round",      "silu",    "mish"};
constexpr std::array<std::string_view, kCompareKindCount> kCompareNames{
    "equal", "not_equal", "less", "less_or_equal", "and", "or", "xor"};
constexpr std::array<std::string_view, 2> kNormNames{"layer", "rms"};
constexpr std::array<std::string_view, 5> kReduceNames{"sum", "mean", "max", "min", "sum_of_squares"};

template <std::size_t N, class Enum>
std::string_view row(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view("unknown");
}

}  // namespace

Engine engine_of(const Operation& operation) {
  return kOpcodes[operation.index()].engine;
}
std::string_view name_of(const Operation& operation) {
  return kOpcodes[operation.index()].name;
}
std::string_view name_of(Engine engine) {
  return row(kEngineNames, engine);
}
std::string_view name_of(PoolKind kind) {
  return row(kPoolNames, kind);
}
std::string_view name_of(BinaryKind kind) {
  return row(kBinaryNames, kind);
}
std::string_view name_of(UnaryKind kind) {
  return row(kUnaryNames, kind);
}
std::string_view name_of(CompareKind kind) {
  return row(kCompareNames, kind);
}
std::string_view name_of(NormKind kind) {
  return row(kNormNames, kind);
}
std::string_view name_of(ReduceKind kind) {
  return row(kReduceNames, kind);
}

}  // namespace chengying::isa
