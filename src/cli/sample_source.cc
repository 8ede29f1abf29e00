#include "cli/sample_source.h"

#include <algorithm>

#include "cli/rows.h"
#include "cli/tensor_files.h"

namespace chengying::cli {
namespace {

Result<std::vector<std::filesystem::path>> sample_files(const std::filesystem::path& folder,
                                                        std::size_t limit) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto& path = entry->path();
    if (is_image_file(path) || is_tensor_file(path)) files.push_back(path);
  }
  if (error == std::errc::not_a_directory) {
    return fail(Code::kInvalidArgument,
                "{}: samples are a folder of photographs (.jpg, .png) or tensors, or one .npy or .npz file",
                folder.string());
  }
  if (error) return fail(Code::kNotFound, "{}: {}", folder.string(), error.message());
  if (files.empty()) {
    return fail(Code::kInvalidArgument,
                "{}: no photographs (.jpg, .png) and no tensors (.npy, .npz, .pb) to calibrate with",
                folder.string());
  }
  std::ranges::sort(files);
  if (files.size() > limit) files.resize(limit);
  return files;
}

/// What the model leaves open is any size, but for the batch, which may always be 1.
bool fits(const Tensor& tensor, const Ports::value_type& port) {
  if (tensor.dtype() != port.dtype || tensor.shape().size() != port.shape.size()) return false;
  for (std::size_t d = 0; d < port.shape.size(); ++d) {
    const bool one = d == 0 && tensor.shape()[d] == 1;
    const bool open = d != 0 && port.shape[d] < 0;
    if (!one && !open && tensor.shape()[d] != port.shape[d]) return false;
  }
  return true;
}

Result<Sample> sample_of(std::vector<NamedTensor> tensors, const Ports& ports, const std::string& file) {
  Sample sample;
  for (NamedTensor& named : tensors) {
    TRY_ASSIGN(const std::size_t port, port_for(named.name, ports, file));
    Tensor tensor = as_held(std::move(named.tensor), ports[port].dtype);
    if (!sample.emplace(ports[port].name, std::move(tensor)).second)
      return fail(Code::kInvalidArgument, "{}: two tensors for input '{}'", file, ports[port].name);
  }
  for (const auto& port : ports)
    if (!sample.contains(port.name))
      return fail(Code::kInvalidArgument, "{}: nothing for input '{}'", file, port.name);
  return sample;
}

Status check_fit(const Sample& sample, const Ports& ports, const std::string& file) {
  for (const auto& port : ports) {
    const Tensor& tensor = sample.at(port.name);
    if (fits(tensor, port)) continue;
    return fail(Code::kInvalidArgument, "{}: input '{}' is {}{}; a sample of the model is {}{}", file,
                port.name, name_of(tensor.dtype()), to_string(tensor.shape()), name_of(port.dtype),
                shown(port.shape));
  }
  return {};
}

/// Rows of the first dimension, one sample each.
Result<std::vector<Sample>> split_samples(const Sample& all, const std::string& file, std::size_t limit) {
  std::vector<Sample> samples;
  for (const auto& [name, tensor] : all) {
    if (tensor.shape().empty())
      return fail(Code::kInvalidArgument, "{}: '{}' has no first dimension", file, name);
    const auto rows = std::min(static_cast<std::size_t>(tensor.shape()[0]), limit);
    if (rows == 0) return fail(Code::kInvalidArgument, "{}: '{}' has no samples", file, name);
    if (!samples.empty() && samples.size() != rows) {
      return fail(Code::kInvalidArgument, "{}: '{}' has {} samples, another input has {}", file, name, rows,
                  samples.size());
    }
    samples.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) samples[i][name] = row_of(tensor, i);
  }
  return samples;
}

}  // namespace

Result<SampleSource> SampleSource::open(const std::filesystem::path& path, const Ports& ports,
                                        const std::optional<runtime::Preprocessing>& preprocessing,
                                        std::size_t limit) {
  SampleSource source;
  source.ports_ = ports;
  source.preprocessing_ = preprocessing;
  if (!is_tensor_file(path)) {
    TRY_ASSIGN(source.files_, sample_files(path, limit));
    for (const auto& file : source.files_) source.names_.push_back(file.filename().string());
    return source;
  }
  TRY_ASSIGN(auto tensors, read_tensor_file(path));
  TRY_ASSIGN(const Sample all, sample_of(std::move(tensors), ports, path.string()));
  TRY_ASSIGN(source.rows_, split_samples(all, path.string(), limit));
  for (std::size_t i = 0; i < source.rows_.size(); ++i) {
    source.names_.push_back(fmt::format("{}", i));
    TRY(check_fit(source.rows_[i], ports, path.string()));
  }
  return source;
}

Result<Sample> SampleSource::read(std::size_t index) const {
  if (!rows_.empty()) return rows_[index];
  const std::filesystem::path& file = files_[index];
  TRY_ASSIGN(auto tensors, read_any(file, preprocessing_));
  TRY_ASSIGN(Sample sample, sample_of(std::move(tensors), ports_, file.string()));
  TRY(check_fit(sample, ports_, file.string()));
  return sample;
}

Result<std::vector<Sample>> read_samples(const std::filesystem::path& path, const Ports& ports,
                                         const std::optional<runtime::Preprocessing>& preprocessing,
                                         std::size_t limit) {
  TRY_ASSIGN(const SampleSource source, SampleSource::open(path, ports, preprocessing, limit));
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < source.size(); ++i) {
    TRY_ASSIGN(samples.emplace_back(), source.read(i));
  }
  return samples;
}

}  // namespace chengying::cli
