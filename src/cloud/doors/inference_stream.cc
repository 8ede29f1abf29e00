// A stream of answers: the samples of one request run a few at a time, in order; each part is a line of JSON
// with a receipt of its own, charged before it leaves. The next part runs when the one before has been
// written, so a client that leaves pays for what it was sent, and at most for the part that was on its way.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/digest.h"
#include "cloud/doors/answers.h"
#include "cloud/doors/handlers.h"
#include "cloud/doors/inference_request.h"

namespace chengying::doors {
namespace {

/// Rows [first, first + count) of a tensor.
Tensor rows_of(const Tensor& tensor, std::int64_t first, std::int64_t count) {
  Shape shape = tensor.shape();
  const std::size_t row = tensor.bytes().size() / static_cast<std::size_t>(shape[0]);
  shape[0] = count;
  Tensor rows(tensor.dtype(), shape);
  std::memcpy(rows.bytes().data(), tensor.bytes().data() + row * static_cast<std::size_t>(first),
              rows.bytes().size());
  return rows;
}

class InferenceStream : public Parts, public std::enable_shared_from_this<InferenceStream> {
 public:
  InferenceStream(cloud::Cloud& cloud, cloud::Caller caller, PendingInference pending,
                  cloud::InferRequest all)
      : cloud_(cloud),
        caller_(std::move(caller)),
        pending_(std::move(pending)),
        inputs_(std::exchange(all.inputs, {})),
        all_(std::move(all)) {}

  /// kInvalidArgument if the inputs can't be cut into samples.
  Status cut() {
    for (const cloud::NamedTensor& input : inputs_) {
      if (!grows(input.name)) continue;
      const Shape& shape = input.tensor.shape();
      if (shape.empty() || (samples_ != 0 && shape[0] != samples_))
        return fail(
            Code::kInvalidArgument,
            "input '{}' is {}: for a stream the first dimension of each input that has a batch is the "
            "number of samples",
            input.name, to_string(shape));
      samples_ = shape[0];
    }
    if (samples_ == 0)
      return fail(Code::kInvalidArgument, "none of the model's inputs has a batch to stream");
    return {};
  }

  /// Runs the first part; only if it has an answer does the stream begin.
  void begin(Reply reply) {
    run_part([self = shared_from_this(), reply](Response first) {
      if (first.status != 200) return reply(std::move(first));
      self->ready_ = std::move(first);
      Response response;
      response.content_type = "application/x-ndjson";
      response.parts = self;
      reply(std::move(response));
    });
  }

  void next(Reply deliver) override {
    if (ready_) {
      Response first = *std::move(ready_);
      ready_.reset();
      return deliver(std::move(first));
    }
    if (failed_ || done_ == samples_) return deliver(Response{.status = 204});
    run_part([self = shared_from_this(), deliver](Response part) {
      self->failed_ = part.status != 200;
      part.status = 200;  // an error is a line too, the last one
      deliver(std::move(part));
    });
  }

 private:
  bool grows(const std::string& name) const {
    const auto& ports = pending_.endpoint->signature.inputs;
    const auto port = std::ranges::find(ports, name, &cloud::Port::name);
    return port != ports.end() && !port->shape.empty() && port->shape.front() == -1;
  }

  cloud::InferRequest part_request(std::int64_t count) {
    cloud::InferRequest request = all_;
    for (const cloud::NamedTensor& input : inputs_) {
      request.inputs.push_back(
          {input.name, grows(input.name) ? rows_of(input.tensor, done_, count) : input.tensor});
    }
    if (!all_.request_id.empty()) {
      request.request_id = fmt::format("{}.{}", all_.request_id, done_);
      request.body = sha256(fmt::format("{}|{}|{}", all_.body->hex(), done_, count));
    }
    return request;
  }

  void run_part(Reply deliver) {
    const std::int64_t count =
        std::min(std::max<std::int64_t>(pending_.body.stream_batch, 1), samples_ - done_);
    cloud::InferRequest request = part_request(count);
    cloud_.infer(caller_, std::move(request),
                 [self = shared_from_this(), deliver, count](Result<cloud::InferAnswer> answer) {
                   deliver(self->line_of(std::move(answer), count));
                 });
  }

  Response line_of(Result<cloud::InferAnswer> answer, std::int64_t count) {
    Response response =
        answer ? answer_for(pending_, *std::move(answer)) : error_answer(pending_.head, answer.error());
    response.headers.clear();
    if (!response.body.ends_with('\n')) response.body += '\n';
    done_ += count;
    return response;
  }

  cloud::Cloud& cloud_;
  const cloud::Caller caller_;
  const PendingInference pending_;
  const std::vector<cloud::NamedTensor> inputs_;
  const cloud::InferRequest all_;  // but for the inputs
  // One part runs at a time, and whoever runs it hands it on: no two threads are here at once.
  std::int64_t samples_ = 0, done_ = 0;
  std::optional<Response> ready_;
  bool failed_ = false;
};

}  // namespace

void infer_stream(const Services& services, Call&& call, Reply reply) {
  const auto refuse = [&](const Error& error) { reply(error_answer(call.request.head, error)); };
  const std::string media_type = media_type_of(call.request.head);
  if (media_type != "application/json" && media_type != "application/octet-stream")
    return refuse({Code::kInvalidArgument,
                   "a stream takes tensors: application/json, or "
                   "application/octet-stream with Inference-Header-Content-Length"});
  PendingInference pending;
  auto request = prepare_inference(services, call, media_type, pending);
  if (!request) return refuse(request.error());
  if (!request->quote.empty())
    return refuse({Code::kInvalidArgument,
                   "a quote is for one answer; the parts of a stream are each quoted and "
                   "charged alone"});
  if (pending.body.binary_outputs || std::ranges::any_of(pending.body.outputs, &RequestedOutput::binary))
    return refuse({Code::kInvalidArgument, "a stream is lines of JSON: outputs can't be binary"});
  pending.head = call.request.head;
  auto stream =
      std::make_shared<InferenceStream>(services.cloud, call.caller, std::move(pending), *std::move(request));
  if (const Status cut = stream->cut(); !cut) return refuse(cut.error());
  stream->begin(std::move(reply));
}

}  // namespace chengying::doors
