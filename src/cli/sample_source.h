// SampleSource: samples of a model's inputs, read one by one, so that a folder of many photographs needs the
// memory of one. One thread. Every error names the file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/samples.h"

namespace chengying::cli {

/// A tensor for each input of the model, for a batch of one.
using Sample = std::map<std::string, Tensor>;

class SampleSource {
 public:
  /// A folder of photographs or tensor files (each file a sample, in order of their names, at most `limit`),
  /// or one .npy or .npz whose first dimension counts samples. At least one sample.
  static Result<SampleSource> open(const std::filesystem::path& path, const Ports& ports,
                                   const std::optional<runtime::Preprocessing>& preprocessing,
                                   std::size_t limit);

  std::size_t size() const { return names_.size(); }
  /// The file's name without its folder, or the row's number.
  const std::string& name(std::size_t index) const { return names_[index]; }
  /// kInvalidArgument: types and shapes that are not the model's.
  Result<Sample> read(std::size_t index) const;

 private:
  std::vector<std::filesystem::path> files_;  // empty: of `rows_`
  std::vector<Sample> rows_;
  std::vector<std::string> names_;
  Ports ports_;
  std::optional<runtime::Preprocessing> preprocessing_;
};

/// All of a source, for calibration.
Result<std::vector<Sample>> read_samples(const std::filesystem::path& path, const Ports& ports,
                                         const std::optional<runtime::Preprocessing>& preprocessing,
                                         std::size_t limit);

/// The class of each sample: a line for each, "CLASS" in the samples' order or "NAME CLASS" in any, as a
/// whole number. Names that are not asked for are passed over.
Result<std::vector<std::size_t>> read_labels(const std::filesystem::path& path, const SampleSource& samples);

}  // namespace chengying::cli
