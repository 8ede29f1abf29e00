#include "billing/verify_records.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace chengying::billing {

namespace {
/// Big enough that a thread seldom asks for the next, small enough that all threads end together.
constexpr std::size_t kPartBytes = std::size_t{4} << 20;

/// Some lines of the text, whole ones but for the last of all, whose end may be missing.
struct Part {
  std::string_view text;
  std::size_t start = 0;    // its first byte in the whole text
  std::int64_t before = 0;  // lines before it
  Digest previous;          // what its first record must name as the record before
};

/// Which record; put into words only when something is wrong with it.
struct Place {
  std::int64_t sequence = 0, line = 0;
  std::string words() const { return fmt::format("record {} (line {})", sequence, line); }
};

Status check_against_book(const Record& record, const Books& books, const Place& place) {
  if (record.kind == RecordKind::kAdjustment) return {};  // has no offer: it is money, by its note
  const auto wrong = [&](std::string_view field, const auto& is, const auto& should) {
    return differs(place.words(), field, is, should);
  };
  const auto book = books.find(record.price_book_version);
  if (book == books.end()) {
    return fail(Code::kDataLoss, "{}: price_book_version is {}, which the invoice does not list",
                place.words(), record.price_book_version);
  }
  const Offer* offer = book->second.find(record.offer);
  if (offer == nullptr) {
    return fail(Code::kDataLoss, "{}: offer is {}, which price book version {} lacks", place.words(),
                record.offer, record.price_book_version);
  }
  if (record.chip != offer->chip) return wrong("chip", record.chip, offer->chip);
  if (record.cores != offer->cores) return wrong("cores", record.cores, offer->cores);
  const std::uint16_t chips = record.kind == RecordKind::kCapacity ? offer->chips : std::uint16_t{1};
  if (record.chips != chips) return wrong("chips", record.chips, chips);
  const std::int64_t price = record.kind == RecordKind::kWork ? offer->work_micro_per_core_hour
                                                              : offer->capacity_micro_per_core_hour;
  if (record.micro_per_core_hour != price) {
    return wrong("micro_per_core_hour", record.micro_per_core_hour, price);
  }
  return {};
}

/// `line`: what `record` was read from, so in canonical form.
Status check_record(const Record& record, std::string_view line, const Invoice& invoice,
                    const Digest& previous, const Books& books, const Place& place) {
  const auto wrong = [&](std::string_view field, const auto& is, const auto& should) {
    return differs(place.words(), field, is, should);
  };
  if (record.sequence != place.sequence) return wrong("sequence", record.sequence, place.sequence);
  if (record.tenant != invoice.tenant) return wrong("tenant", record.tenant, invoice.tenant);
  TRY(check_against_book(record, books, place));
  auto price = price_of(record);
  if (!price) return within(place.words(), std::move(price).error());
  if (record.price != *price) return wrong("price_nano", record.price.nano(), price->nano());
  if (record.previous != previous) return wrong("previous", record.previous.hex(), previous.hex());
  const Digest hash = hash_of_line(line);
  if (record.hash != hash) return wrong("hash", record.hash.hex(), hash.hex());
  return {};
}

/// Where `line`, which begins at `start`, first differs from the same record put right: a byte of the file.
std::size_t first_wrong_byte(std::string_view line, std::size_t start, const Record& record,
                             std::int64_t sequence, const Digest& previous) {
  Record right = record;
  right.sequence = sequence;
  right.previous = previous;
  if (const auto price = price_of(right)) right.price = *price;
  seal(right);
  const std::string should = to_json(right);
  return start + static_cast<std::size_t>(std::ranges::mismatch(line, should).in1 - line.begin());
}

/// The hash that a line ends with; zeros where there is none, which its own part will find.
Digest last_hash_of(std::string_view lines) {
  constexpr std::string_view kEnd = "\"}\n";
  constexpr std::size_t kHex = 2 * sizeof(Digest::bytes);
  if (lines.size() < kEnd.size() + kHex) return {};
  return Digest::from_hex(lines.substr(lines.size() - kEnd.size() - kHex, kHex)).value_or(Digest{});
}

std::vector<Part> parts_of(std::string_view jsonl, const Digest& chain_before) {
  std::vector<Part> parts;
  Part next{{}, 0, 0, chain_before};
  while (next.start < jsonl.size()) {
    const std::string_view rest = jsonl.substr(next.start);
    const std::size_t end = rest.size() > kPartBytes ? rest.find('\n', kPartBytes) : std::string_view::npos;
    next.text = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    parts.push_back(next);
    next.start += next.text.size();
    next.before += std::ranges::count(next.text, '\n');
    next.previous = last_hash_of(next.text);
  }
  return parts;
}

Result<RecordSums> check_part(const Part& part, const Invoice& invoice, const Books& books) {
  RecordSums sums;
  Record record;  // one for all lines: its strings keep their memory
  Digest previous = part.previous;
  std::string_view rest = part.text;
  while (!rest.empty()) {
    const std::int64_t index = part.before + sums.records();
    const Place place{invoice.first_sequence + index, index + 1};
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return fail(Code::kDataLoss, "{}: the line is cut off", place.words());
    const std::string_view line = rest.substr(0, end);
    const std::size_t start = part.start + part.text.size() - rest.size();
    if (Status read = parse_record_into(record, line); !read) {
      return fail(Code::kDataLoss, "{}: {} (the line begins at byte {})", place.words(), read.error().message,
                  start);
    }
    if (Status fits = check_record(record, line, invoice, previous, books, place); !fits) {
      return fail(Code::kDataLoss, "{} (byte {} of the records)", fits.error().message,
                  first_wrong_byte(line, start, record, place.sequence, previous));
    }
    TRY(sums.add(record));
    previous = record.hash;
    rest.remove_prefix(end + 1);
  }
  return sums;
}

/// One result for each part, in order, up to the first fault.
std::vector<Result<RecordSums>> check_parts(const std::vector<Part>& parts, const Invoice& invoice,
                                            const Books& books) {
  std::vector<Result<RecordSums>> results(parts.size());
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> faulty = false;
  // Parts are taken in order, so once one has a fault, all before it are taken: the first fault is found.
  const auto take_parts = [&] {
    while (!faulty) {
      const std::size_t i = next++;
      if (i >= parts.size()) return;
      results[i] = check_part(parts[i], invoice, books);
      if (!results[i]) faulty = true;
    }
  };
  const std::size_t threads = std::min<std::size_t>(parts.size(), std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(take_parts);
  take_parts();
  return results;
}
}  // namespace

Result<CheckedRecords> check_records(const Invoice& invoice, std::string_view jsonl, const Books& books) {
  auto digest = std::async(std::launch::async, [jsonl] { return sha256(jsonl); });
  CheckedRecords checked;
  for (const Result<RecordSums>& part : check_parts(parts_of(jsonl, invoice.chain_before), invoice, books)) {
    if (!part) return std::unexpected(part.error());
    TRY(checked.sums.merge(*part));
  }
  checked.digest = digest.get();
  if (checked.sums.records() != invoice.records) {
    return differs("invoice", "records", invoice.records, checked.sums.records());
  }
  return checked;
}

}  // namespace chengying::billing
