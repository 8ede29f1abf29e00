#include "cli/answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "runtime/top_k.h"

namespace chengying::cli {

constexpr char kLabelsKey[] = "labels";

std::vector<std::string> labels_of(const Metadata& metadata) {
  const auto found = metadata.find(kLabelsKey);
  if (found == metadata.end()) return {};
  boost::system::error_code error;
  const auto value = boost::json::parse(found->second, error);
  if (error || !value.is_array()) return {};
  std::vector<std::string> labels;
  for (const auto& label : value.get_array()) {
    if (!label.is_string()) return {};
    labels.emplace_back(label.get_string());
  }
  return labels;
}

bool is_classification(const Tensor& tensor) {
  const Shape& shape = tensor.shape();
  const bool flat =
      shape.size() >= 2 && std::ranges::all_of(shape.begin() + 2, shape.end(), [](auto d) { return d == 1; });
  return tensor.dtype() == DType::kF32 && flat && shape[0] >= 1 && shape[1] >= 2;
}

std::vector<std::vector<Answer>> top_answers(const Tensor& tensor, std::size_t count,
                                             const std::vector<std::string>& labels) {
  CHECK(is_classification(tensor));
  const auto classes = static_cast<std::size_t>(tensor.shape()[1]);
  std::vector<std::vector<Answer>> rows;
  for (std::size_t row = 0; row < static_cast<std::size_t>(tensor.shape()[0]); ++row) {
    std::vector<Answer>& answers = rows.emplace_back();
    for (const auto& top : runtime::top_k(tensor.as<float>().subspan(row * classes, classes), count)) {
      const auto index = static_cast<std::size_t>(top.index);
      answers.push_back({index, index < labels.size() ? labels[index] : "", top.value});
    }
  }
  return rows;
}

std::string summary_of(const NamedTensor& named) {
  const std::string head =
      fmt::format("{} {}{}", named.name, name_of(named.tensor.dtype()), to_string(named.tensor.shape()));
  if (named.tensor.dtype() != DType::kF32 || named.tensor.elements() == 0) return head;
  const auto values = named.tensor.as<float>();
  const auto [low, high] = std::ranges::minmax(values);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return fmt::format("{}, {:.4g} to {:.4g}, mean {:.4g}", head, low, high, mean);
}

}  // namespace chengying::cli
