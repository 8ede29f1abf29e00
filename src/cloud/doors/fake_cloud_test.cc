// The longer members of FakeCloud; see fake_cloud.h.
#include "cloud/doors/fake_cloud.h"

#include <utility>

#include "base/file.h"

namespace chengying::doors {

Result<cloud::Model> FakeCloud::create_model_from_file(const cloud::Caller&, std::string_view name,
                                                       const std::filesystem::path& file) {
  TRY_ASSIGN(last_model, read_text_file(file, 1 << 20));
  cloud::Model model;
  model.id = "sha256:1";
  model.name = name;
  model.size_bytes = static_cast<std::int64_t>(last_model.size());
  return model;
}

void FakeCloud::infer(const cloud::Caller&, cloud::InferRequest request, cloud::InferDone done) {
  if (refuse_infer) return done(std::unexpected(*refuse_infer));
  cloud::InferAnswer answer;
  answer.receipt.request_id = request.request_id;
  answer.receipt.cycles = 1234;
  answer.receipt.price = Money::nano(223);
  answer.receipt.currency = "USD";
  answer.outputs.push_back({"y", request.inputs.at(0).tensor});
  last_infer = std::move(request);
  threads_.emplace_back(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

}  // namespace chengying::doors
