#include "billing/record_sums.h"

#include <algorithm>
#include <array>

namespace chengying::billing {

namespace {
/// Capacity first: it is what a tenant decides on.
constexpr std::array kOrder{RecordKind::kCapacity, RecordKind::kWork, RecordKind::kAdjustment};

const std::string& subject_of(const Record& record) {
  const std::array<const std::string*, 3> subjects{&record.endpoint, &record.lease, &record.note};
  return *subjects.at(static_cast<std::size_t>(record.kind));
}

InvoiceLine line_for(const Record& record) {
  InvoiceLine line;
  line.kind = record.kind;
  line.subject = subject_of(record);
  line.project = record.project;
  line.offer = record.offer;
  line.chip = record.chip;
  line.cores = record.cores;
  line.chips = record.chips;
  line.price_book_version = record.price_book_version;
  line.micro_per_core_hour = record.micro_per_core_hour;
  return line;
}

/// `more`: a record, or a line of the same key.
template <class More>
Status add_to(InvoiceLine& line, const More& more, Money price, std::int64_t count) {
  TRY_ASSIGN(line.exact, billing::add(line.exact, price));
  const bool overflow = __builtin_add_overflow(line.seconds, more.seconds, &line.seconds) ||
                        __builtin_add_overflow(line.cycles, more.cycles, &line.cycles) ||
                        __builtin_add_overflow(line.picojoules, more.picojoules, &line.picojoules);
  if (overflow) return fail(Code::kInvalidArgument, "the sums of line {} overflow", line.subject);
  line.count += count;
  return {};
}
}  // namespace

RecordSums::Key<std::string_view> RecordSums::key_of(const Record& record) {
  const auto order = static_cast<int>(std::ranges::find(kOrder, record.kind) - kOrder.begin());
  return {order,
          record.project,
          subject_of(record),
          record.offer,
          record.price_book_version,
          record.chip,
          record.cores,
          record.chips,
          record.micro_per_core_hour};
}

InvoiceLine& RecordSums::line_of(const Record& record) {
  const auto key = key_of(record);
  const auto found = lines_.find(key);
  if (found != lines_.end()) return found->second;
  return lines_.emplace(Key<std::string>(key), line_for(record)).first->second;
}

Status RecordSums::add(const Record& record) {
  TRY(add_to(line_of(record), record, record.price, record.status.empty() ? 1 : 0));
  if (record.kind != RecordKind::kAdjustment) price_books_.insert(record.price_book_version);
  if (records_ == 0) {
    period_from_ = record.at;
    first_sequence_ = record.sequence;
  }
  ++records_;
  period_to_ = record.at;
  last_sequence_ = record.sequence;
  chain_after_ = record.hash;
  return {};
}

Status RecordSums::merge(const RecordSums& later) {
  if (later.records_ == 0) return {};
  for (const auto& [key, line] : later.lines_) {
    const auto [mine, is_new] = lines_.try_emplace(key, line);
    if (!is_new) TRY(add_to(mine->second, line, line.exact, line.count));
  }
  price_books_.insert(later.price_books_.begin(), later.price_books_.end());
  if (records_ == 0) {
    period_from_ = later.period_from_;
    first_sequence_ = later.first_sequence_;
  }
  records_ += later.records_;
  period_to_ = later.period_to_;
  last_sequence_ = later.last_sequence_;
  chain_after_ = later.chain_after_;
  return {};
}

std::vector<InvoiceLine> RecordSums::lines() const {
  std::vector<InvoiceLine> lines;
  for (const auto& [key, line] : lines_) lines.push_back(line);
  return lines;
}

}  // namespace chengying::billing
