// Quotes: the price before the work, by the same functions that bill it after.
#include "billing/quote.h"

#include "cloud/modelled_time.h"
#include "cloud/request_shape.h"
#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

namespace {
QuoteAnswer answer_of(const billing::Quote& quote, const billing::Offer& offer, std::string_view secret) {
  QuoteAnswer answer;
  answer.id = quote.id;
  answer.token = sign_quote(quote, secret);
  answer.offer = quote.offer;
  answer.chip = offer.chip;
  answer.cores = quote.cores;
  answer.price = quote.price;
  answer.currency = quote.currency;
  answer.price_book_version = quote.price_book_version;
  answer.expires_at = format_utc(quote.expires_wall_us);
  answer.batch = quote.batch;
  answer.arguments = quote.arguments;
  answer.cycles = quote.cycles;
  answer.nanoseconds = quote.clock_hz == 0 ? 0 : nanoseconds_of(quote.cycles, quote.clock_hz);
  answer.picojoules = quote.picojoules;
  answer.executable = quote.executable;
  answer.seconds = quote.seconds;
  return answer;
}

/// What a quote for inference is about: found by endpoint, or by model and offer.
struct Subject {
  std::shared_ptr<const isa::Executable> executable;
  const billing::Offer* offer = nullptr;
  std::int64_t price_book_version = 0;
  std::uint64_t clock_hz = 0;
  std::vector<std::int64_t> arguments;  // none: whatever they will be
  runtime::RunCost cost;
};

/// None are fine here, even of a model that takes some.
Result<std::vector<std::int64_t>> quoted_arguments(const Signature& signature,
                                                   const InferQuoteRequest& request) {
  if (request.arguments.empty()) return std::vector<std::int64_t>{};
  return order_arguments(signature, request.arguments);
}
}  // namespace

Result<QuoteAnswer> Service::quote_infer(const Caller& caller, const InferQuoteRequest& request) {
  if (!caller.may(Scope::kInfer)) TRY(needs(caller, Scope::kDeploy));
  if (request.batch < 1 || request.batch > config_.limits.batch) {
    return fail(Code::kInvalidArgument, "batch {} is not in 1..{}", request.batch, config_.limits.batch);
  }
  Subject subject;
  if (!request.endpoint.empty()) {
    TRY_ASSIGN(const ServingLock serving, endpoints_.lock(caller.tenant, request.endpoint));
    subject.executable = serving->placement->executable;
    subject.price_book_version = serving->price_book_version;
    subject.offer = books_.at(serving->price_book_version).find(serving->endpoint->offer);
    subject.clock_hz = serving->placement->clock_hz;
    TRY_ASSIGN(subject.arguments, quoted_arguments(serving->endpoint->signature, request));
    TRY_ASSIGN(subject.cost, serving->placement->costs.cost_of(request.batch, subject.arguments));
  } else {
    TRY_ASSIGN(const Model found, model(caller, request.model));
    TRY_ASSIGN(subject.offer, offer(request.offer));
    TRY_ASSIGN(const runtime::Device* device, chips_.of_kind(subject.offer->chip));
    subject.price_book_version = price_book().version;
    subject.clock_hz = clock_hz_of(device->spec());
    TRY_ASSIGN(subject.executable,
               executables_.get({found, device->spec(), subject.offer->cores, request.batches}));
    TRY_ASSIGN(subject.arguments, quoted_arguments(signature_of_executable(*subject.executable), request));
    TRY_ASSIGN(subject.cost,
               runtime::cost_of(*subject.executable, device->spec(), request.batch, subject.arguments));
  }
  billing::Quote quote;
  quote.id = "qt_" + random_hex(12);
  quote.kind = billing::QuoteKind::kWork;
  quote.tenant = caller.tenant;
  quote.offer = subject.offer->id;
  quote.price_book_version = subject.price_book_version;
  quote.currency = price_book().currency;
  quote.expires_wall_us = clock_.wall_us() + config_.limits.quote_seconds * 1'000'000;
  quote.cores = subject.offer->cores;
  quote.executable = subject.executable->digest;
  quote.batch = request.batch;
  quote.arguments = to_text(subject.arguments);
  quote.cycles = subject.cost.cycles;
  quote.picojoules = subject.cost.picojoules;
  quote.clock_hz = subject.clock_hz;
  TRY_ASSIGN(quote.price, billing::work_price(quote.cycles, quote.cores, quote.clock_hz,
                                              subject.offer->work_micro_per_core_hour));
  return answer_of(quote, *subject.offer, quote_secret_);
}

Result<QuoteAnswer> Service::quote_lease(const Caller& caller, std::string_view offer_id,
                                         std::int64_t seconds) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const billing::Offer* found, offer(offer_id));
  if (found->term == billing::Term::kShared) {
    return fail(Code::kInvalidArgument, "offer {} is shared: it needs no lease", offer_id);
  }
  if (seconds < 1 || seconds > found->seconds_max) {
    return fail(Code::kInvalidArgument, "{} seconds are not in 1..{}, the longest lease of offer {}", seconds,
                found->seconds_max, offer_id);
  }
  billing::Quote quote;
  quote.id = "qt_" + random_hex(12);
  quote.kind = billing::QuoteKind::kCapacity;
  quote.tenant = caller.tenant;
  quote.offer = found->id;
  quote.price_book_version = price_book().version;
  quote.currency = price_book().currency;
  quote.expires_wall_us = clock_.wall_us() + config_.limits.quote_seconds * 1'000'000;
  quote.cores = found->cores;
  quote.seconds = seconds;
  TRY_ASSIGN(quote.price, price_of_lease(*found, seconds));
  return answer_of(quote, *found, quote_secret_);
}

Result<billing::Quote> Service::redeemable(const Caller& caller, std::string_view token,
                                           billing::QuoteKind kind) const {
  TRY_ASSIGN(billing::Quote quote, billing::read_quote(token, quote_secret_));
  // Another tenant's quote looks like none at all.
  if (quote.tenant != caller.tenant) {
    return fail(Code::kInvalidArgument, "not a quote of this service: its signature does not fit");
  }
  if (quote.kind != kind) return fail(Code::kInvalidArgument, "quote {} is for something else", quote.id);
  if (clock_.wall_us() >= quote.expires_wall_us) {
    return fail(Code::kInvalidArgument, "quote {} expired at {}: ask for a new one", quote.id,
                format_utc(quote.expires_wall_us));
  }
  const auto book = books_.find(quote.price_book_version);
  if (book == books_.end() || book->second.find(quote.offer) == nullptr) {
    return fail(Code::kInvalidArgument, "quote {} names an offer that this service lacks", quote.id);
  }
  return quote;
}

}  // namespace chengying::cloud
