// Agreement: how often two engines give a photograph the same first name, and how far their numbers are
// apart. The engines get the very same input tensors. One thread (the engines have their own).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/preprocessing.h"
#include "tensor/tensor.h"

namespace chengying::peer {

/// A classifier: from an input of batch 1 to its probabilities.
using Classify = std::function<Result<Tensor>(const Tensor& input)>;

struct Picture {
  std::string file;
  std::size_t first_a = 0, first_b = 0;  // class with the largest probability
  double difference = 0;                 // largest of |a - b| over the classes
  double margin = 0;                     // of a: largest less second largest
};

struct Agreement {
  std::vector<Picture> pictures;
  std::size_t equal() const;
  double share() const;
  double difference_max() const;
};

/// Photographs (.jpg, .jpeg, .png) of a folder in order of their names, at most `limit`.
Result<std::vector<std::filesystem::path>> pictures_of(const std::filesystem::path& folder,
                                                       std::size_t limit);

/// Called after each picture.
using Step = std::function<void(std::size_t done, std::size_t total)>;

Result<Agreement> compare(const std::vector<std::filesystem::path>& files,
                          const runtime::Preprocessing& preprocessing, const Classify& a, const Classify& b,
                          const Step& step = {});

}  // namespace chengying::peer
