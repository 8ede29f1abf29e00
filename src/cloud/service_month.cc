// What a month of requests costs, by every offer that could serve them.
#include <algorithm>
#include <limits>
#include <map>

#include "cloud/service.h"
#include "cloud/text.h"

namespace chengying::cloud {

namespace {
__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kMonthSeconds = std::int64_t{30} * 86'400;
constexpr std::int64_t kRequestsMost = 1'000'000'000'000;

Result<Money> times(Money each, std::int64_t count) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(each.nano(), count, &product)) {
    return fail(Code::kInvalidArgument, "{} requests at {} are more money than can be counted", count,
                to_string(each));
  }
  return Money::nano(product);
}

Result<MonthRow> row_of(const billing::Offer& offer, const MonthRequest& request, std::uint64_t cycles,
                        std::uint64_t clock_hz) {
  MonthRow row;
  row.offer = offer.id;
  row.chip = offer.chip;
  row.term = offer.term;
  row.cores = offer.cores;
  row.chips = offer.chips;
  row.cycles = cycles;
  TRY_ASSIGN(const Money one,
             billing::work_price(cycles, offer.cores, clock_hz, offer.work_micro_per_core_hour));
  TRY_ASSIGN(row.work, times(one, request.requests));
  if (offer.term != billing::Term::kShared) {
    const Wide needed = Wide(cycles) * static_cast<std::uint64_t>(request.requests);
    const Wide lease = Wide(clock_hz) * static_cast<std::uint64_t>(kMonthSeconds) * offer.chips;
    row.leases = static_cast<std::int64_t>(std::max<Wide>((needed + lease - 1) / lease, 1));
    row.used_per_mille =
        static_cast<std::int64_t>(needed * 1000 / (lease * static_cast<std::uint64_t>(row.leases)));
    TRY_ASSIGN(const Money month, price_of_lease(offer, kMonthSeconds));
    TRY_ASSIGN(row.capacity, times(month, row.leases));
  }
  TRY_ASSIGN(row.total, billing::add(row.capacity, row.work));
  return row;
}
}  // namespace

Result<MonthTable> Service::quote_month(const Caller& caller, const MonthRequest& request) {
  if (!caller.may(Scope::kInfer)) TRY(needs(caller, Scope::kDeploy));
  if (request.requests < 1 || request.requests > kRequestsMost) {
    return fail(Code::kInvalidArgument, "requests {} is not in 1..{}", request.requests, kRequestsMost);
  }
  if (request.batch < 1 || request.batch > config_.limits.batch) {
    return fail(Code::kInvalidArgument, "batch {} is not in 1..{}", request.batch, config_.limits.batch);
  }
  MonthTable table{price_book().version, price_book().currency, {}};
  std::string chip = request.chip;
  std::map<std::uint16_t, std::uint64_t> cycles;  // by cores
  std::optional<Model> of;
  if (!request.endpoint.empty()) {
    TRY_ASSIGN(const ServingLock serving, endpoints_.lock(caller.tenant, request.endpoint));
    TRY_ASSIGN(const runtime::RunCost cost, serving->placement->costs.cost_of(request.batch));
    chip = serving->endpoint->chip;
    cycles[serving->endpoint->cores] = cost.cycles;
  } else {
    TRY_ASSIGN(of, model(caller, request.model));
  }
  TRY_ASSIGN(const runtime::Device* device, chips_.of_kind(chip));
  for (const billing::Offer& offer : price_book().offers) {
    if (offer.chip != chip) continue;
    if (of && !cycles.contains(offer.cores)) {
      TRY_ASSIGN(const auto executable,
                 executables_.get({*of, device->spec(), offer.cores, {request.batch}}));
      TRY_ASSIGN(const runtime::RunCost cost, runtime::cost_of(*executable, device->spec(), request.batch));
      cycles[offer.cores] = cost.cycles;
    }
    const auto known = cycles.find(offer.cores);
    if (known == cycles.end()) continue;  // of an endpoint: its own slice only
    TRY_ASSIGN(table.rows.emplace_back(), row_of(offer, request, known->second, clock_hz_of(device->spec())));
  }
  std::ranges::stable_sort(table.rows, {}, [](const MonthRow& row) { return row.total; });
  return table;
}

}  // namespace chengying::cloud
