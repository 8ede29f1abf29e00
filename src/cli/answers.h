// Answers: a model's outputs as people read them: the largest of a classifier's numbers with their names, or
// a summary. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/named_tensor.h"
#include "cli/samples.h"

namespace chengying::cli {

struct Answer {
  std::size_t index = 0;
  std::string label;  // "" if the model names none
  float value = 0;
};

/// Names of classes from the metadata's "labels" (a JSON array of strings); empty if there are none or it is
/// broken.
std::vector<std::string> labels_of(const Metadata& metadata);

/// Whether a tensor is a classifier's: f32 [n, classes], or [n, classes, 1, 1].
bool is_classification(const Tensor& tensor);

/// The `count` largest of each row of a classification (CHECKed), largest first.
std::vector<std::vector<Answer>> top_answers(const Tensor& tensor, std::size_t count,
                                             const std::vector<std::string>& labels);

/// "probabilities f32[1,1000], 0.000 to 0.982, mean 0.001"
std::string summary_of(const NamedTensor& named);

}  // namespace chengying::cli
