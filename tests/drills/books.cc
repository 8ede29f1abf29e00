#include "books.h"

#include <fmt/format.h>

#include <algorithm>

#include "books_arithmetic.h"
#include "cloud/wall_time.h"

namespace chengying::cloud {

namespace {
std::string work_hold(const std::string& tenant, const std::string& request) {
  return fmt::format("work:{}:{}", tenant, request);
}
}  // namespace

void Books::commit() {
  committed_ = now_;
  new_requests_.clear();
  new_quotes_.clear();
}

void Books::rollback() {
  now_ = committed_;
  for (const Request& request : new_requests_) requests_.erase(request);
  for (const std::string& quote : new_quotes_) quotes_.erase(quote);
  new_requests_.clear();
  new_quotes_.clear();
}

void Books::withdraw() {
  now_ = before_;
  if (remembered_) requests_.erase(*remembered_);
}

Expected Books::expect(const Command& command, const Now& now) {
  monotonic_us_ = now.monotonic_us;
  month_ = month_of(now.wall_us);
  remembered_.reset();
  const std::string_view kind = name_of(command);
  if (kind.ends_with("_lease")) before_ = now_;
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
  return it->second == body ? repeated() : refused(Code::kConflict);
}

void Books::remember(const Request& request, const Digest& body) {
  if (std::get<2>(request).empty()) return;
  requests_.emplace(request, body);
  remembered_ = request;
  new_requests_.push_back(request);
}

std::optional<Code> Books::set_aside(const std::string& id, Hold hold) {
  const auto it = now_.accounts.find(hold.payer.tenant);
  if (hold.amount < 0) return Code::kInvalidArgument;
  if (it == now_.accounts.end()) return Code::kNotFound;
  Account& account = it->second;
  if (account.balance + account.credit - account.held < hold.amount) return Code::kPaymentRequired;
  std::vector<Cap*> caps;
  for (const std::string* subject : {&hold.payer.tenant, &hold.payer.project, &hold.payer.key}) {
    const auto cap = now_.caps.find(*subject);
    if (cap != now_.caps.end()) caps.push_back(&cap->second);
  }
  for (const Cap* cap : caps) {
    if (cap->amount - cap->spent_in(month_) - cap->held < hold.amount) return Code::kPaymentRequired;
  }
  const auto same = now_.holds.find(id);
  if (same != now_.holds.end() && !hold.lease) return Code::kConflict;
  account.held += hold.amount;
  for (Cap* cap : caps) {
    cap->begin(month_);
    cap->held += hold.amount;
  }
  if (same != now_.holds.end()) {
    same->second.amount += hold.amount;
  } else {
    now_.holds.emplace(id, std::move(hold));
  }
  return std::nullopt;
}

void Books::pay(const Payer& payer, std::int64_t held, std::int64_t price) {
  Account& account = now_.accounts.at(payer.tenant);
  account.held -= held;
  account.balance -= price;
  now_.revenue += price;
  for (const std::string* subject : {&payer.tenant, &payer.project, &payer.key}) {
    const auto cap = now_.caps.find(*subject);
    if (cap == now_.caps.end()) continue;
    cap->second.held -= held;
    if (price == 0) continue;
    cap->second.begin(month_);
    cap->second.spent += price;
  }
}

void Books::charge(const std::string& hold, std::int64_t price) {
  const auto it = now_.holds.find(hold);
  pay(it->second.payer, it->second.amount, price);
  if (!it->second.quote.empty()) {
    quotes_.insert(it->second.quote);
    new_quotes_.push_back(it->second.quote);
  }
  ++now_.records;
  now_.holds.erase(it);
}

void Books::release(const std::string& hold) {
  const auto it = now_.holds.find(hold);
  pay(it->second.payer, it->second.amount, 0);
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
  const auto fault = set_aside(id, {{c.tenant, c.project, c.key}, c.amount.nano(), false, c.body, c.quote});
  return {.refused = fault};
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
  release(hold->first);
  return {};
}

Expected Books::on(const VoidUnanswered&) {
  const auto of_request = [](const auto& each) { return !each.second.lease; };
  if (std::ranges::none_of(now_.holds, of_request)) return repeated();
  for (const auto& [id, hold] : now_.holds) {
    if (!hold.lease) pay(hold.payer, hold.amount, 0);
  }
  std::erase_if(now_.holds, of_request);
  return {};
}

Expected Books::on(const SetCap& c) {
  if (c.amount < Money()) return refused(Code::kInvalidArgument);
  Cap cap{c.amount.nano(), 0, 0, c.per == "month", month_};
  for (const auto& [id, hold] : now_.holds) {
    const bool under =
        hold.payer.tenant == c.subject || hold.payer.project == c.subject || hold.payer.key == c.subject;
    cap.held += under ? hold.amount : 0;
  }
  if (cap.held > cap.amount) return refused(Code::kConflict);
  now_.caps[c.subject] = cap;
  return {};
}

Expected Books::on(const RemoveCap& c) {
  return now_.caps.erase(c.subject) == 1 ? Expected() : refused(Code::kNotFound);
}

Expected Books::on(const Credit& c) {
  if (c.amount <= Money()) return refused(Code::kInvalidArgument);
  now_.accounts.at(c.tenant).balance += c.amount.nano();
  now_.revenue -= c.amount.nano();
  ++now_.records;
  return {};
}

Expected Books::on(const Refund& c) {
  if (c.amount <= Money()) return refused(Code::kInvalidArgument);
  Account& account = now_.accounts.at(c.tenant);
  if (account.balance - account.held < c.amount.nano()) return refused(Code::kPaymentRequired);
  account.balance -= c.amount.nano();
  now_.deposited -= c.amount.nano();
  return {};
}

Expected Books::on(const StoreInvoice& c) {
  now_.accounts.at(c.tenant).balance += c.rounding.nano();
  now_.rounded += c.rounding.nano();
  return {};
}

}  // namespace chengying::cloud
