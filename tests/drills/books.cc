#include "books.h"

#include <fmt/format.h>

#include <algorithm>

namespace chengying::cloud {

namespace {
constexpr std::int64_t kSecond = 1'000'000;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}
/// Small numbers only: the product fits 64 bits.
std::int64_t capacity(std::int64_t seconds, std::int64_t cores, std::int64_t price) {
  return ceil_div(seconds * cores * price * 1000, 3600);
}
std::int64_t started_seconds(bool reserved, std::int64_t held_us) {
  const std::int64_t unit = reserved ? 3600 : 1;
  return std::max(ceil_div(held_us, unit * kSecond), std::int64_t{1}) * unit;
}
std::string work_hold(const std::string& tenant, const std::string& request) {
  return fmt::format("work:{}:{}", tenant, request);
}
Expected refused(Code code) {
  return {.repeated = false, .refused = code};
}
}  // namespace

void Books::commit() {
  committed_ = now_;
  new_requests_.clear();
  new_quotes_.clear();
}

void Books::undo() {
  now_ = committed_;
  for (const Request& request : new_requests_) requests_.erase(request);
  for (const std::string& quote : new_quotes_) quotes_.erase(quote);
  new_requests_.clear();
  new_quotes_.clear();
}

Expected Books::expect(const Command& command, const Now& now) {
  monotonic_us_ = now.monotonic_us;
  return std::visit(
      [this](const auto& c) -> Expected {
        if constexpr (requires { this->on(c); }) {
          return on(c);
        } else {
          return {};
        }
      },
      command);
}

std::optional<Expected> Books::earlier(const Request& request, const Digest& body) const {
  const auto it = requests_.find(request);
  if (std::get<2>(request).empty() || it == requests_.end()) return std::nullopt;
  return it->second == body ? Expected{.repeated = true, .refused = {}} : refused(Code::kConflict);
}

void Books::remember(const Request& request, const Digest& body) {
  if (std::get<2>(request).empty()) return;
  requests_.emplace(request, body);
  new_requests_.push_back(request);
}

std::optional<Code> Books::set_aside(const std::string& id, Hold hold) {
  const auto it = now_.accounts.find(hold.tenant);
  if (hold.amount < 0) return Code::kInvalidArgument;
  if (it == now_.accounts.end()) return Code::kNotFound;
  Account& account = it->second;
  if (account.balance + account.credit - account.held < hold.amount) return Code::kPaymentRequired;
  if (now_.holds.contains(id)) return Code::kConflict;
  account.held += hold.amount;
  now_.holds.emplace(id, std::move(hold));
  return std::nullopt;
}

void Books::charge(const std::string& hold, std::int64_t price) {
  const auto it = now_.holds.find(hold);
  Account& account = now_.accounts.at(it->second.tenant);
  account.held -= it->second.amount;
  account.balance -= price;
  now_.revenue += price;
  if (!it->second.quote.empty()) {
    quotes_.insert(it->second.quote);
    new_quotes_.push_back(it->second.quote);
  }
  ++now_.records;
  now_.holds.erase(it);
}

Expected Books::on(const CreateTenant& c) {
  if (now_.accounts.contains(c.id)) return refused(Code::kConflict);
  now_.accounts[c.id].credit = c.credit_line.nano();
  return {};
}

Expected Books::on(const SetCreditLine& c) {
  Account& account = now_.accounts.at(c.tenant);
  if (c.credit_line < Money()) return refused(Code::kInvalidArgument);
  if (account.balance + c.credit_line.nano() - account.held < 0) return refused(Code::kConflict);
  account.credit = c.credit_line.nano();
  return {};
}

Expected Books::on(const Deposit& c) {
  if (c.amount <= Money()) return refused(Code::kInvalidArgument);
  const Digest body = sha256(to_string(c.amount));
  if (const auto before = earlier({c.tenant, "deposit", c.request}, body)) return *before;
  now_.accounts.at(c.tenant).balance += c.amount.nano();
  now_.deposited += c.amount.nano();
  remember({c.tenant, "deposit", c.request}, body);
  return {};
}

Expected Books::on(const HoldWork& c) {
  const std::string id = work_hold(c.tenant, c.request);
  if (c.named) {
    if (const auto before = earlier({c.tenant, "infer", c.request}, c.body)) return *before;
    if (now_.holds.contains(id)) return refused(Code::kConflict);
  }
  const auto same = [&](const auto& each) { return each.second.quote == c.quote; };
  if (!c.quote.empty() && (quotes_.contains(c.quote) || std::ranges::any_of(now_.holds, same))) {
    return refused(Code::kConflict);
  }
  const auto fault = set_aside(id, {c.tenant, c.amount.nano(), false, c.body, c.quote});
  return {.repeated = false, .refused = fault};
}

Expected Books::on(const PostWork& c) {
  const std::string id = work_hold(c.tenant, c.request);
  const auto hold = now_.holds.find(id);
  if (hold == now_.holds.end()) return refused(Code::kUnavailable);
  // One hertz: a cycle is a second.
  const std::int64_t price = capacity(static_cast<std::int64_t>(c.cycles), c.cores, c.work_price);
  if (price > hold->second.amount) return refused(Code::kInternal);
  if (c.named) remember({c.tenant, "infer", c.request}, hold->second.body);
  charge(id, price);
  now_.cycles += c.cycles;
  return {};
}

Expected Books::on(const VoidWork& c) {
  const auto hold = now_.holds.find(work_hold(c.tenant, c.request));
  if (hold == now_.holds.end()) return refused(Code::kNotFound);
  now_.accounts.at(c.tenant).held -= hold->second.amount;
  now_.holds.erase(hold);
  return {};
}

Expected Books::on(const VoidUnanswered&) {
  const auto of_request = [](const auto& each) { return !each.second.lease; };
  if (std::ranges::none_of(now_.holds, of_request)) return {.repeated = true, .refused = {}};
  for (const auto& [id, hold] : now_.holds) {
    if (!hold.lease) now_.accounts.at(hold.tenant).held -= hold.amount;
  }
  std::erase_if(now_.holds, of_request);
  return {};
}

Expected Books::on(const RequestLease& c) {
  if (const auto before = earlier({c.tenant, "lease", c.request}, c.body)) return *before;
  if (const auto fault = set_aside("lease:" + c.id, {c.tenant, c.hold.nano(), true, c.body, c.quote})) {
    return refused(*fault);
  }
  remember({c.tenant, "lease", c.request}, c.body);
  now_.leases[c.id] = {c.tenant,         c.chip, c.cores, c.seconds_max,
                       c.capacity_price, -1,     -1,      c.term == "reserved"};
  return {};
}

Expected Books::on(const ActivateLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end() || it->second.started_us >= 0) return refused(Code::kConflict);
  it->second.started_us = monotonic_us_;
  now_.free_cores[it->second.chip] -= it->second.cores;
  return {};
}

Expected Books::on(const DrainLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end() || it->second.started_us < 0 || it->second.stopped_us >= 0) {
    return refused(Code::kConflict);
  }
  it->second.stopped_us = monotonic_us_;
  return {};
}

Expected Books::on(const EndLease& c) {
  const auto it = now_.leases.find(c.id);
  if (it == now_.leases.end()) return refused(Code::kConflict);
  const Lease& lease = it->second;
  const std::string hold = "lease:" + c.id;
  if (lease.started_us < 0) {
    now_.accounts.at(lease.tenant).held -= now_.holds.at(hold).amount;
    now_.holds.erase(hold);
  } else {
    const std::int64_t held_us = (lease.stopped_us < 0 ? monotonic_us_ : lease.stopped_us) - lease.started_us;
    const std::int64_t seconds = std::min(started_seconds(lease.reserved, held_us),
                                          started_seconds(lease.reserved, lease.seconds_max * kSecond));
    charge(hold, capacity(seconds, lease.cores, lease.price));
    now_.free_cores[lease.chip] += lease.cores;
  }
  now_.leases.erase(it);
  return {};
}

Expected Books::on(const StoreInvoice& c) {
  now_.accounts.at(c.tenant).balance += c.rounding.nano();
  now_.rounded += c.rounding.nano();
  return {};
}

}  // namespace chengying::cloud
