// The commands of a history: mostly what could be, at times what could not.
#include <algorithm>

#include "billing/price_book.h"
#include "history.h"
#include "history_world.h"

namespace chengying::cloud {

using testing::nano;

std::string History::some_tenant() {
  const auto& accounts = books_.now().accounts;
  return std::next(accounts.begin(), static_cast<std::ptrdiff_t>(below(accounts.size())))->first;
}
std::string History::some_lease() {
  const auto& leases = books_.now().leases;
  if (leases.empty() || below(10) == 0)
    return fmt::format("ls_{}", below(static_cast<std::uint64_t>(leases_ + 1)));
  return std::next(leases.begin(), static_cast<std::ptrdiff_t>(below(leases.size())))->first;
}

Command History::create_tenant() {
  return CreateTenant{"tn_0", "name of tn_0", Money()};  // exists
}
Command History::credit_line() {
  return SetCreditLine{some_tenant(), nano(amount(12) * 1'000 - 1'000)};
}
Command History::deposit() {
  return Deposit{some_tenant(), below(2) == 0 ? "" : fmt::format("d{}", below(50)),
                 nano(amount(40) * 500 - 500)};
}

Command History::hold() {
  if (!held_.empty() && below(3) == 0) {  // the same again, or with another body
    HoldWork again = some_held();
    if (below(4) == 0) again.body = sha256("other");
    return again;
  }
  HoldWork hold;
  hold.tenant = some_tenant();
  hold.request = fmt::format("r{}", requests_++);
  hold.named = below(4) != 0;
  hold.body = sha256(hold.request);
  hold.amount = nano(below(60) == 0 ? -1 : amount(9) * 1'000);
  if (below(3) != 0) hold.project = project_of(hold.tenant);
  if (below(3) != 0) hold.key = key_of(hold.tenant);
  if (below(5) == 0)
    hold.quote = fmt::format("qt_{}", below(4) == 0 ? below(static_cast<std::uint64_t>(quotes_ + 1))
                                                    : static_cast<std::uint64_t>(++quotes_));
  held_.push_back(hold);
  if (held_.size() > kHeldMost) held_.pop_front();
  return hold;
}
/// Mostly one of the last: not settled yet.
const HoldWork& History::some_held() {
  const std::size_t recent = below(5) == 0 ? held_.size() : std::min<std::size_t>(held_.size(), 6);
  return held_[held_.size() - 1 - below(recent)];
}
Command History::post() {
  if (held_.empty()) return void_all();
  const HoldWork& hold = some_held();
  PostWork post;
  post.tenant = hold.tenant;
  post.request = hold.request;
  post.named = hold.named;
  post.endpoint = fmt::format("ep_{}", below(3));
  post.offer = "o";
  post.chip = "a";
  post.clock_hz = 1;
  post.quote = hold.quote;
  post.project = hold.project;
  post.key = hold.key;
  post.work_price = kWorkPrice;
  post.price_book_version = 1;
  // 36 cycles are 1000 nano-units. Mostly what was held; at times less, at times more.
  const std::int64_t wanted =
      std::max<std::int64_t>(hold.amount.nano() / 1'000 + (below(8) == 0 ? amount(3) - 1 : 0), 0);
  post.cycles = static_cast<std::uint64_t>(wanted * 36);
  post.picojoules = post.cycles * 3;
  return post;
}
Command History::void_work() {
  if (held_.empty()) return void_all();
  const HoldWork& hold = some_held();
  return VoidWork{hold.tenant, hold.request};
}
Command History::void_all() {
  if (below(20) != 0 && !held_.empty()) return void_work();
  return VoidUnanswered{};
}

Command History::cap() {
  const std::string tenant = some_tenant();
  const std::string subjects[] = {tenant, project_of(tenant), key_of(tenant)};
  const std::string& subject = subjects[below(3)];
  if (below(4) == 0) return RemoveCap{tenant, subject};
  return SetCap{tenant, subject, nano(amount(40) * 1'000 - 1'000), below(2) == 0 ? "" : "50,100",
                below(2) == 0 ? "" : "month"};
}
Command History::credit() {
  return Credit{some_tenant(), "", nano(amount(4) * 300), "a bad day"};
}
Command History::refund() {
  return Refund{some_tenant(), "", nano(amount(40) * 500), "closed"};
}

Command History::request_lease() {
  RequestLease lease;
  lease.id = fmt::format("ls_{}", leases_++);
  lease.tenant = some_tenant();
  if (below(3) != 0) lease.project = project_of(lease.tenant);
  lease.request = below(2) == 0 ? "" : fmt::format("l{}", below(400));
  lease.offer = "o";
  const Kind& kind = kFleet[below(2)];
  lease.chip = kind.name;
  lease.cores = static_cast<std::uint16_t>(1 << below(kind.cores == 2 ? 2 : 4));
  if (lease.cores == kind.cores) lease.chips = static_cast<std::uint16_t>(1 << below(3));
  constexpr const char* kTerms[] = {"on_demand", "reserved", "spot"};
  lease.term = kTerms[below(3)];
  lease.seconds_max = 1 + amount(lease.term == "reserved" ? 9'000 : 60);
  lease.body = sha256(fmt::format("{}{}", lease.chip, lease.cores));
  lease.capacity_price = lease.term == "reserved" ? 1 : kCapacityPrice;
  lease.price_book_version = 1;
  lease.cores_most = lease.leases_most = 1'000'000;
  lease.wait_seconds = below(3) == 0 ? 0 : amount(2'000);
  lease.notice_seconds = lease.term == "spot" ? 30 : 0;
  const auto term = *billing::parse_term(lease.term);
  lease.hold = *billing::capacity_price(billing::billed_seconds(term, lease.seconds_max * 1'000'000),
                                        std::int64_t{lease.cores} * lease.chips, lease.capacity_price);
  return lease;
}
Command History::activate_lease() {
  std::vector<std::string> granted;
  for (const auto& [id, lease] : books_.now().leases) {
    if (lease.state == "granted") granted.push_back(id);
  }
  const std::string id = granted.empty() || below(10) == 0 ? some_lease() : granted[below(granted.size())];
  const auto it = books_.now().leases.find(id);
  const std::int64_t fence = it == books_.now().leases.end() ? 0 : it->second.fence;
  return ActivateLease{id, below(10) == 0 ? fence - 1 : fence};
}
Command History::extend_lease() {
  const std::string id = some_lease();
  const auto it = books_.now().leases.find(id);
  const std::string tenant = it == books_.now().leases.end() ? "tn_0" : it->second.payer.tenant;
  return ExtendLease{id, tenant, "", amount(70), 100};
}
Command History::resize_lease() {
  const std::string id = some_lease();
  const auto it = books_.now().leases.find(id);
  const bool known = it != books_.now().leases.end();
  const auto cores = static_cast<std::uint16_t>(1 << below(known && it->second.chip == "b" ? 4 : 2));
  const std::int64_t price = known ? it->second.price : 1;
  return ResizeLease{id, known ? it->second.payer.tenant : "tn_0", "", "o", cores, 1, price, 0, 1, 1'000'000};
}
Command History::move_lease() {
  const std::string id = some_lease();
  const auto it = books_.now().leases.find(id);
  return MoveLease{id, it == books_.now().leases.end() ? "tn_0" : it->second.payer.tenant, ""};
}
Command History::meter_lease() {
  return MeterLease{some_lease()};
}
Command History::drain_lease() {
  return DrainLease{some_lease(), "released"};
}
Command History::end_lease() {
  return EndLease{some_lease(), below(5) == 0, "ended"};
}
Command History::schedule() {
  return Schedule{};
}
Command History::chip_state() {
  const Kind& kind = kFleet[below(2)];
  const std::string id = fmt::format("{}.{}", kind.name, below(static_cast<std::uint64_t>(kind.count)));
  constexpr const char* kStates[] = {"up", "up", "up", "draining", "failed", "gone"};
  const std::int64_t good = below(2) == 0 ? 0 : machine_.now.monotonic_us - amount(20'000'000);
  return SetChipState{id, kStates[below(6)], "so it is", std::max<std::int64_t>(good, 0)};
}

}  // namespace chengying::cloud
