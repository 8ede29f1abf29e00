#include "peer/agreement.h"

#include <algorithm>
#include <cmath>

#include "cli/samples.h"
#include "runtime/top_k.h"

namespace chengying::peer {
namespace {

Picture picture_of(const std::filesystem::path& file, const Tensor& a, const Tensor& b) {
  const auto top = runtime::top_k(a.as<float>(), 2);
  Picture picture{.file = file.filename().string()};
  picture.first_a = static_cast<std::size_t>(top[0].index);
  picture.first_b = static_cast<std::size_t>(runtime::top_k(b.as<float>(), 1)[0].index);
  picture.margin = double{top[0].value} - double{top[1].value};
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    picture.difference =
        std::max(picture.difference, std::abs(double{a.as<float>()[i]} - double{b.as<float>()[i]}));
  }
  return picture;
}

}  // namespace

std::size_t Agreement::equal() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      pictures, [](const Picture& picture) { return picture.first_a == picture.first_b; }));
}

double Agreement::share() const {
  return pictures.empty() ? 0 : static_cast<double>(equal()) / static_cast<double>(pictures.size());
}

double Agreement::difference_max() const {
  double largest = 0;
  for (const Picture& picture : pictures) largest = std::max(largest, picture.difference);
  return largest;
}

Result<std::vector<std::filesystem::path>> pictures_of(const std::filesystem::path& folder,
                                                       std::size_t limit) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (cli::is_image_file(entry.path())) files.push_back(entry.path());
  }
  if (error || files.empty()) return fail(Code::kNotFound, "{}: no photographs", folder.string());
  std::ranges::sort(files);
  files.resize(std::min(files.size(), limit));
  return files;
}

Result<Agreement> compare(const std::vector<std::filesystem::path>& files,
                          const runtime::Preprocessing& preprocessing, const Classify& a, const Classify& b,
                          const Step& step) {
  Agreement agreement;
  for (const auto& file : files) {
    TRY_ASSIGN(const Tensor input, cli::read_image_tensor(file, preprocessing));
    TRY_ASSIGN(const Tensor from_a, a(input));
    TRY_ASSIGN(const Tensor from_b, b(input));
    agreement.pictures.push_back(picture_of(file, from_a, from_b));
    if (step) step(agreement.pictures.size(), files.size());
  }
  return agreement;
}

}  // namespace chengying::peer
