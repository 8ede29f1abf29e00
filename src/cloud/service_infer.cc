// A request's way: check -> price -> hold -> run -> usage and charge durable -> answer. Nothing waits: the
// hold is answered by the store's writer, the run by the slice, the post by the writer again.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cloud/modelled_time.h"
#include "cloud/request_shape.h"
#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

/// One request between `infer` and its answer. Shared by the callbacks along its way, one of which has it at
/// a time.
struct PendingRequest {
  ServingLock serving;
  InferDone done;
  std::shared_ptr<TenantLoad> load;
  std::vector<std::string> wanted_outputs;
  std::vector<Tensor> inputs;
  std::chrono::steady_clock::time_point deadline;
  PostWork post;  // what will be charged
  Digest body;
  Money price;  // held: what the quote says, or what it will be
  Receipt receipt;
  std::vector<std::int64_t> arguments{};
  std::shared_ptr<const std::atomic<bool>> gone{};
  bool left() const { return gone != nullptr && *gone; }
};

namespace {
Digest body_of(const InferRequest& request) {
  Hasher hasher;
  hasher.update(request.endpoint);
  if (request.body) {
    hasher.update("|" + request.body->hex());
    return hasher.finish();
  }
  for (const NamedTensor& input : request.inputs) {
    hasher.update(fmt::format("|{}|{}|{}|", input.name, name_of(input.tensor.dtype()),
                              chengying::to_string(input.tensor.shape())));
    hasher.update(input.tensor.bytes());
  }
  for (const auto& [name, value] : request.arguments) hasher.update(fmt::format("|{}={}", name, value));
  return hasher.finish();
}

Status check_outputs(const std::vector<std::string>& wanted, const Signature& signature) {
  for (const std::string& name : wanted) {
    if (std::ranges::find(signature.outputs, name, &Port::name) == signature.outputs.end()) {
      return fail(Code::kInvalidArgument, "output \"{}\" is not one of the model's", name.substr(0, 128));
    }
  }
  return {};
}

std::uint64_t bytes_of(const std::vector<Tensor>& tensors) {
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : tensors) bytes += tensor.bytes().size();
  return bytes;
}

/// Whether a quote is for what `post` will run: to the cycle, or for whatever its arguments are.
bool covers(const billing::Quote& quote, const PostWork& post) {
  const bool same = quote.executable == post.executable && quote.batch == post.batch &&
                    quote.offer == post.offer && quote.clock_hz == post.clock_hz;
  const bool open = quote.arguments.empty() && !post.arguments.empty() && quote.cycles >= post.cycles;
  return same && (open || (quote.arguments == post.arguments && quote.cycles == post.cycles));
}

std::vector<NamedTensor> named_outputs(const Signature& signature, const std::vector<std::string>& wanted,
                                       std::vector<Tensor> tensors) {
  std::vector<NamedTensor> outputs;
  for (std::size_t i = 0; i < tensors.size() && i < signature.outputs.size(); ++i) {
    const std::string& name = signature.outputs[i].name;
    if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
    outputs.push_back({name, std::move(tensors[i])});
  }
  return outputs;
}
}  // namespace

std::shared_ptr<TenantLoad> Service::load_of(const std::string& tenant) {
  {
    const std::shared_lock lock(loads_mutex_);
    const auto it = loads_.find(tenant);
    if (it != loads_.end()) return it->second;
  }
  const Quota may =
      quota_of(tenant).value_or(Quota{.requests_per_second = config_.limits.requests_per_second});
  const std::unique_lock lock(loads_mutex_);
  auto& load = loads_[tenant];
  if (load == nullptr) load = std::make_shared<TenantLoad>(may.requests_per_second);
  return load;
}

void Service::infer(const Caller& caller, InferRequest request, InferDone done) {
  ++totals_.requests;
  ++totals_.in_flight;
  auto admitted = admit(caller, request);
  if (!admitted) {
    ++totals_.refused;
    --totals_.in_flight;
    return done(std::unexpected<Error>(std::move(admitted).error()));
  }
  auto pending = *std::move(admitted);
  pending->done = std::move(done);
  HoldWork hold{caller.tenant,         pending->post.request, pending->post.named,
                pending->body,         pending->price,        pending->post.quote,
                pending->post.project, pending->post.key,     config_.process};
  const auto held = store_->submit_early(std::move(hold), [this, pending](Result<Effects> effects) {
    if (!effects) return finish(*pending, std::unexpected<Error>(std::move(effects).error()));
    run_held(pending, *std::move(effects));
  });
  if (!held) finish(*pending, std::unexpected<Error>(held.error()));
}

Result<std::shared_ptr<PendingRequest>> Service::admit(const Caller& caller, InferRequest& request) {
  TRY(needs(caller, Scope::kInfer));
  if (draining_) return fail(Code::kUnavailable, "the service is stopping: try again later");
  TRY(check_name("request id", request.request_id, true));
  TRY_ASSIGN(ServingLock serving, endpoints_.lock(caller.tenant, request.endpoint));
  TRY(check_outputs(request.outputs, serving->endpoint->signature));
  auto pending = std::make_shared<PendingRequest>(
      PendingRequest{std::move(serving), {}, {}, {}, {}, {}, {}, {}, {}, {}});
  if (!request.request_id.empty()) pending->body = body_of(request);
  TRY_ASSIGN(OrderedInputs ordered,
             order_inputs(*pending->serving->placement->executable, pending->serving->endpoint->signature,
                          std::move(request.inputs)));
  if (ordered.batch > config_.limits.batch) {
    return fail(Code::kInvalidArgument, "a batch of {} is over the limit of {}", ordered.batch,
                config_.limits.batch);
  }
  TRY_ASSIGN(pending->arguments, order_arguments(pending->serving->endpoint->signature, request.arguments));
  pending->inputs = std::move(ordered.tensors);
  pending->post.bytes = bytes_of(pending->inputs);
  pending->post.started_us = store_->now().monotonic_us;
  pending->post.batch = ordered.batch;
  pending->wanted_outputs = std::move(request.outputs);
  pending->deadline = request.deadline;
  pending->gone = std::move(request.gone);
  TRY(price(caller, request, *pending));
  auto load = load_of(caller.tenant);
  if (!load->take(clock_.monotonic_us())) {
    return fail(Code::kResourceExhausted,
                "more than {} requests in a second, the quota of this tenant: slow down", load->per_second());
  }
  if (++load->in_flight > config_.limits.requests_in_flight) {
    --load->in_flight;
    return fail(Code::kResourceExhausted,
                "{} requests are in flight, the limit of a tenant: wait for answers",
                config_.limits.requests_in_flight);
  }
  pending->load = std::move(load);
  return pending;
}

Status Service::price(const Caller& caller, const InferRequest& request, PendingRequest& pending) const {
  const Serving& serving = *pending.serving;
  const Endpoint& endpoint = *serving.endpoint;
  TRY_ASSIGN(const runtime::RunCost cost,
             serving.placement->costs.cost_of(pending.post.batch, pending.arguments));
  PostWork& post = pending.post;
  post.arguments = to_text(pending.arguments);
  post.tenant = caller.tenant;
  post.named = !request.request_id.empty();
  post.request = post.named ? request.request_id : "rq_" + random_hex(12);
  post.endpoint = endpoint.id;
  post.lease = endpoint.lease;
  post.fence = serving.placement->fence;
  post.project = caller.project;
  post.key = caller.key;
  post.offer = endpoint.offer;
  post.chip = endpoint.chip;
  post.cores = endpoint.cores;
  post.clock_hz = serving.placement->clock_hz;
  post.executable = endpoint.executable;
  post.cycles = cost.cycles;
  post.picojoules = cost.picojoules;
  post.price_book_version = serving.price_book_version;
  post.work_price = serving.work_price;
  if (!request.quote.empty()) {
    TRY_ASSIGN(const billing::Quote quote, redeemable(caller, request.quote, billing::QuoteKind::kWork));
    if (!covers(quote, post)) {
      return fail(Code::kInvalidArgument,
                  "quote {} is for another program, offer, batch or arguments than this request", quote.id);
    }
    post.quote = quote.id;
    post.price_book_version = quote.price_book_version;
    post.work_price = books_.at(quote.price_book_version).find(quote.offer)->work_micro_per_core_hour;
    pending.price = quote.price;
  } else {
    TRY_ASSIGN(pending.price, billing::work_price(post.cycles, post.cores, post.clock_hz, post.work_price));
  }
  Receipt& receipt = pending.receipt;
  receipt.request_id = post.request;
  receipt.endpoint = endpoint.id;
  receipt.executable = endpoint.executable.hex();
  receipt.chip = endpoint.chip;
  receipt.cores = endpoint.cores;
  receipt.batch = post.batch;
  receipt.arguments = post.arguments;
  receipt.cycles = post.cycles;
  receipt.nanoseconds = nanoseconds_of(post.cycles, post.clock_hz);
  receipt.picojoules = post.picojoules;
  receipt.price = pending.price;
  receipt.currency = price_book().currency;
  receipt.quote = post.quote;
  return {};
}

void Service::run_held(std::shared_ptr<PendingRequest> pending, Effects effects) {
  if (effects.repeated) {
    // Charged before: run again for the same answer, with the receipt of the charge.
    pending->receipt.already_charged = true;
    pending->receipt.record = effects.record->sequence;
    pending->receipt.price = effects.record->price;
    pending->receipt.quote = effects.record->quote;
  }
  if (pending->left() && !pending->receipt.already_charged) {
    record_failure(pending->post, Code::kUnavailable);
    return finish(*pending, fail(Code::kUnavailable, "the client left before its request ran"));
  }
  const Target& target = pending->serving->next_target();
  runtime::Work work{.loaded = target.loaded,
                     .batch = pending->post.batch,
                     .inputs = std::move(pending->inputs),
                     .deadline = pending->deadline,
                     .done = [this, pending](runtime::RunDone done) { settle_run(pending, std::move(done)); },
                     .fence = pending->serving->placement->fence,
                     .arguments = pending->arguments};
  if (auto submitted = target.device->submit(target.slice, std::move(work)); !submitted) {
    if (!pending->receipt.already_charged) void_hold(pending->post.tenant, pending->post.request);
    finish(*pending, std::unexpected<Error>(submitted.error()));
  }
}

void Service::settle_run(std::shared_ptr<PendingRequest> pending, runtime::RunDone done) {
  const bool charged_before = pending->receipt.already_charged;
  if (done.outputs && pending->left() && !charged_before) {
    done.outputs = fail(Code::kUnavailable, "the client left before its answer");
  }
  if (!done.outputs) {
    Error error = std::move(done.outputs).error();
    if (!charged_before) {
      record_failure(pending->post, error.code);
      if (error.code == Code::kUnavailable) error.message += "; nothing was charged";
    }
    return finish(*pending, std::unexpected<Error>(std::move(error)));
  }
  if (done.cost.cycles != pending->post.cycles) {
    spdlog::error("endpoint {}: quoted {} cycles, ran {}: the lesser is charged", pending->post.endpoint,
                  pending->post.cycles, done.cost.cycles);
  }
  pending->receipt.clock_nanoseconds = done.cost.clock_ns;
  auto outputs = std::make_shared<std::vector<Tensor>>(*std::move(done.outputs));
  // The answer leaves once its record is durable. A repeated request waits too: the charge it names may still
  // be in the open transaction.
  Command last = Barrier{};
  if (!charged_before) {
    PostWork post = pending->post;
    post.cycles = std::min(post.cycles, done.cost.cycles);
    post.bytes += bytes_of(*outputs);
    last = std::move(post);
  }
  store_->settle(std::move(last), [this, pending, outputs, charged_before](Result<Effects> effects) {
    if (!effects) {
      if (!charged_before) void_hold(pending->post.tenant, pending->post.request);
      return finish(*pending, std::unexpected<Error>(std::move(effects).error()));
    }
    if (effects->record) {
      pending->receipt.record = effects->record->sequence;
      pending->receipt.price = effects->record->price;
      totals_.charged_nano += static_cast<std::uint64_t>(effects->record->price.nano());
    }
    totals_.images += static_cast<std::uint64_t>(pending->post.batch);
    totals_.cycles += pending->post.cycles;
    totals_.picojoules += pending->post.picojoules;
    InferAnswer answer{
        named_outputs(pending->serving->endpoint->signature, pending->wanted_outputs, std::move(*outputs)),
        pending->receipt};
    finish(*pending, std::move(answer));
  });
}

void Service::finish(PendingRequest& pending, Result<InferAnswer> answer) {
  if (!answer) ++totals_.failed;
  --pending.load->in_flight;
  // The last use of this object: when the count is 0, a stopping service may go.
  InferDone done = std::move(pending.done);
  done(std::move(answer));
  --totals_.in_flight;
}

void Service::record_failure(PostWork post, Code why) {
  post.status = name_of(why);
  // Copied before the post is moved from: arguments of a call are evaluated in no order.
  auto settled = [this, tenant = post.tenant, request = post.request](const Result<Effects>& effects) {
    // The record went with a transaction that was abandoned; what was held must not.
    if (!effects) void_hold(tenant, request);
  };
  store_->settle(std::move(post), std::move(settled));
}

void Service::void_hold(const std::string& tenant, const std::string& request) {
  store_->settle(VoidWork{tenant, request}, [this, tenant, request](const Result<Effects>& effects) {
    // Not there: it was lost with a transaction that was abandoned, so there is nothing to give back.
    if (effects || effects.error().code == Code::kNotFound) return;
    const std::lock_guard lock(work_mutex_);
    to_void_.emplace_back(tenant, request);  // the keeper tries again
  });
}

}  // namespace chengying::cloud
