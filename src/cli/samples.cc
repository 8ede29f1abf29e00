#include "cli/samples.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/file.h"
#include "cli/rows.h"
#include "cli/tensor_files.h"
#include "runtime/image.h"
#include "tensor/arithmetic.h"

namespace chengying::cli {
namespace {

constexpr std::uint64_t kPreprocessingFileBytes = 64 << 10;

std::string names_of(const Ports& ports) {
  std::vector<std::string_view> names;
  for (const auto& port : ports) names.push_back(port.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

struct Argument {
  std::string name, file;
};

/// "NAME=FILE" if NAME is an input; else all of it is a file, whatever signs are in it, if there is one.
Result<Argument> split(const std::string& argument, const Ports& ports) {
  for (const auto& port : ports) {
    if (argument.starts_with(port.name + "="))
      return Argument{port.name, argument.substr(port.name.size() + 1)};
  }
  const auto equals = argument.find('=');
  std::error_code ignored;
  if (equals != argument.npos && !std::filesystem::exists(argument, ignored)) {
    return fail(Code::kInvalidArgument, "--input {}: no input is called '{}'; the model's are {}", argument,
                argument.substr(0, equals), names_of(ports));
  }
  return Argument{"", argument};
}

}  // namespace

Result<std::optional<runtime::Preprocessing>> preprocessing_of(const Metadata& metadata,
                                                               const std::string& file) {
  std::string text;
  if (!file.empty()) {
    TRY_ASSIGN(text, read_text_file(file, kPreprocessingFileBytes));
  } else if (const auto found = metadata.find(std::string(runtime::kPreprocessingKey));
             found != metadata.end()) {
    text = found->second;
  } else {
    return std::nullopt;
  }
  auto parsed = runtime::parse_preprocessing(text);
  if (!parsed) return within(file.empty() ? "the model's preprocessing" : file, parsed.error());
  return *parsed;
}

bool is_image_file(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

Result<Tensor> read_image_tensor(const std::filesystem::path& path,
                                 const std::optional<runtime::Preprocessing>& preprocessing) {
  if (!preprocessing) {
    return fail(
        Code::kInvalidArgument,
        "{}: the model does not say how a photograph becomes its input; give --preprocessing FILE with JSON "
        "like "
        R"({{"resize":256,"crop":224,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}}, or give a tensor)",
        path.string());
  }
  TRY_ASSIGN(const auto bytes, read_file(path, runtime::ImageLimits{}.bytes));
  const auto image = runtime::decode_image(bytes);
  if (!image) return within(path.string(), image.error());
  auto tensor = runtime::preprocess(*image, *preprocessing);
  if (!tensor) return within(path.string(), tensor.error());
  return tensor;
}

Result<std::vector<NamedTensor>> read_any(const std::filesystem::path& path,
                                          const std::optional<runtime::Preprocessing>& preprocessing) {
  if (!is_image_file(path)) return read_tensor_file(path);
  TRY_ASSIGN(Tensor tensor, read_image_tensor(path, preprocessing));
  std::vector<NamedTensor> tensors;
  tensors.push_back({"", std::move(tensor)});
  return tensors;
}

Result<std::size_t> port_for(const std::string& name, const Ports& ports, const std::string& file) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) return i;
  }
  if (ports.size() == 1) return std::size_t{0};
  return fail(Code::kInvalidArgument, "{}: which input is it for? Say NAME=FILE; the model's are {}", file,
              names_of(ports));
}

std::string shown(const Shape& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(size < 0 ? "?" : fmt::format("{}", size));
  return fmt::format("[{}]", fmt::join(sizes, ","));
}

Tensor as_held(Tensor tensor, DType held) {
  const DType from = tensor.dtype();
  if (held != DType::kF32 || (from != DType::kF16 && from != DType::kBF16 && from != DType::kF64))
    return tensor;
  Tensor result(DType::kF32, tensor.shape());
  for (std::int64_t i = 0; i < result.elements(); ++i) {
    float& to = result.as<float>()[static_cast<std::size_t>(i)];
    const auto at = static_cast<std::size_t>(i);
    if (from == DType::kF16) to = exact::f32_from_f16(tensor.as<std::uint16_t>()[at]);
    if (from == DType::kBF16) to = exact::f32_from_bf16(tensor.as<std::uint16_t>()[at]);
    if (from == DType::kF64) to = static_cast<float>(tensor.as<double>()[at]);
  }
  return result;
}

Result<std::vector<Tensor>> read_inputs(const std::vector<std::string>& arguments, const Ports& ports,
                                        const std::optional<runtime::Preprocessing>& preprocessing) {
  std::vector<std::vector<Tensor>> pieces(ports.size());
  for (const std::string& text : arguments) {
    TRY_ASSIGN(const Argument argument, split(text, ports));
    TRY_ASSIGN(auto tensors, read_any(argument.file, preprocessing));
    for (NamedTensor& named : tensors) {
      const std::string& name = argument.name.empty() ? named.name : argument.name;
      TRY_ASSIGN(const std::size_t port, port_for(name, ports, argument.file));
      pieces[port].push_back(as_held(std::move(named.tensor), ports[port].dtype));
    }
  }
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (pieces[i].empty()) {
      return fail(Code::kInvalidArgument, "nothing for input '{}' ({} {}); give --input {}=FILE",
                  ports[i].name, name_of(ports[i].dtype), shown(ports[i].shape), ports[i].name);
    }
    auto joined = join_rows(pieces[i]);
    if (!joined) return within(fmt::format("input '{}'", ports[i].name), joined.error());
    inputs.push_back(std::move(*joined));
  }
  return inputs;
}

}  // namespace chengying::cli
