#include "billing/price_book.h"

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <set>
#include <sstream>
#include <toml.hpp>

namespace chengying::billing {

namespace {
struct TermName {
  Term term;
  std::string_view name;
};
constexpr std::array<TermName, 4> kTerms{{{Term::kOnDemand, "on_demand"},
                                          {Term::kShared, "shared"},
                                          {Term::kReserved, "reserved"},
                                          {Term::kSpot, "spot"}}};
}  // namespace

std::string_view name_of(Term term) {
  return std::ranges::find(kTerms, term, &TermName::term)->name;
}

Result<Term> parse_term(std::string_view name) {
  const auto* found = std::ranges::find(kTerms, name, &TermName::name);
  if (found != kTerms.end()) return found->term;
  return fail(Code::kInvalidArgument, "term \"{}\" is none of on_demand, shared, reserved, spot", name);
}

const Offer* PriceBook::find(std::string_view offer_id) const {
  for (const Offer& offer : offers) {
    if (offer.id == offer_id) return &offer;
  }
  return nullptr;
}

namespace {
constexpr std::int64_t kPriceMax = 1'000'000'000'000;  // micro-units: a million units per core-hour
constexpr std::int64_t kChipsMax = 16;
constexpr std::int64_t kNoticeMax = 86'400;
constexpr std::int64_t kSecondsMax = std::int64_t{366} * 24 * 3600;

/// Reads the keys of one table, remembers which, and says where a fault is.
class TableReader {
 public:
  TableReader(const toml::value& table, std::string_view path) : table_(table), path_(path) {}

  std::unexpected<Error> wrong(std::string_view key, std::string_view what) const {
    const auto place = table_.contains(std::string(key)) ? table_.at(std::string(key)).location().line()
                                                         : table_.location().line();
    return fail(Code::kInvalidArgument, "{}:{}: {} {}", path_, place, key, what);
  }
  Result<std::int64_t> integer(const std::string& key, std::int64_t low, std::int64_t high) {
    known_.insert(key);
    if (!table_.contains(key)) return wrong(key, "is missing");
    const toml::value& value = table_.at(key);
    if (!value.is_integer()) return wrong(key, "must be an integer: prices are whole micro-units");
    if (value.as_integer() < low || value.as_integer() > high) {
      return wrong(key, fmt::format("is {}, not in {}..{}", value.as_integer(), low, high));
    }
    return value.as_integer();
  }
  Result<std::string> word(const std::string& key) {
    known_.insert(key);
    if (!table_.contains(key)) return wrong(key, "is missing");
    const toml::value& value = table_.at(key);
    if (!value.is_string()) return wrong(key, "must be a string");
    const std::string text = value.as_string().str;
    const bool plain =
        !text.empty() && text.size() <= 64 &&
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
            std::string::npos;
    if (!plain) return wrong(key, "must be 1 to 64 letters, digits, '.', '_' or '-'");
    return text;
  }
  /// kInvalidArgument for a key that nobody asked for.
  Status no_others(std::initializer_list<std::string_view> besides = {}) const {
    for (const auto& [key, value] : table_.as_table()) {
      const bool expected =
          known_.contains(key) || std::find(besides.begin(), besides.end(), key) != besides.end();
      if (!expected) return wrong(key, "is not a known key here");
    }
    return {};
  }

 private:
  const toml::value& table_;
  std::string_view path_;
  std::set<std::string> known_;
};

Result<Offer> read_offer(const toml::value& value, std::string_view path) {
  if (!value.is_table()) return fail(Code::kInvalidArgument, "{}: offer must be [[offer]] tables", path);
  TableReader reader(value, path);
  Offer offer;
  TRY_ASSIGN(offer.id, reader.word("id"));
  TRY_ASSIGN(offer.chip, reader.word("chip"));
  TRY_ASSIGN(const std::int64_t cores, reader.integer("cores", 1, 1024));
  offer.cores = static_cast<std::uint16_t>(cores);
  if (value.contains("chips")) {
    TRY_ASSIGN(const std::int64_t chips, reader.integer("chips", 1, kChipsMax));
    offer.chips = static_cast<std::uint16_t>(chips);
    if (!std::has_single_bit(offer.chips))
      return reader.wrong("chips", fmt::format("is {}, not 1, 2, 4, 8 or 16", chips));
  }
  TRY_ASSIGN(const std::string term, reader.word("term"));
  auto parsed = parse_term(term);
  if (!parsed) return reader.wrong("term", parsed.error().message);
  offer.term = *parsed;
  TRY_ASSIGN(offer.work_micro_per_core_hour, reader.integer("work_micro_per_core_hour", 0, kPriceMax));
  if (offer.term != Term::kShared) {
    TRY_ASSIGN(offer.capacity_micro_per_core_hour,
               reader.integer("capacity_micro_per_core_hour", 0, kPriceMax));
    TRY_ASSIGN(offer.seconds_max, reader.integer("seconds_max", 1, kSecondsMax));
  } else if (value.contains("capacity_micro_per_core_hour") || value.contains("seconds_max") ||
             offer.chips > 1) {
    return reader.wrong("term",
                        "is shared: such an offer has no capacity price, no longest time and one chip");
  }
  if (offer.term == Term::kSpot) {
    TRY_ASSIGN(offer.notice_seconds, reader.integer("notice_seconds", 1, kNoticeMax));
  } else if (value.contains("notice_seconds")) {
    return reader.wrong("notice_seconds", "is for spot offers: nothing else is taken back");
  }
  TRY(reader.no_others());
  return offer;
}

Result<PriceBook> read_book(const toml::value& root, std::string_view path) {
  TableReader reader(root, path);
  PriceBook book;
  TRY_ASSIGN(book.version, reader.integer("version", 1, 1'000'000'000));
  TRY_ASSIGN(book.currency, reader.word("currency"));
  const bool three_capitals =
      book.currency.size() == 3 &&
      book.currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (!three_capitals) return reader.wrong("currency", "must be three capital letters, as USD");
  TRY(reader.no_others({"offer"}));
  if (!root.contains("offer") || !root.at("offer").is_array() || root.at("offer").as_array().empty()) {
    return fail(Code::kInvalidArgument, "{}: there is no [[offer]]", path);
  }
  for (const toml::value& value : root.at("offer").as_array()) {
    TRY_ASSIGN(Offer offer, read_offer(value, path));
    if (book.find(offer.id) != nullptr) {
      return TableReader(value, path).wrong("id", fmt::format("\"{}\" is there twice", offer.id));
    }
    book.offers.push_back(std::move(offer));
  }
  return book;
}
}  // namespace

Result<PriceBook> parse_price_book(std::string_view toml_text, std::string_view path) {
  // toml11 reports faults by exceptions; this is the only place that sees them.
  try {
    std::istringstream stream{std::string(toml_text)};
    const toml::value root = toml::parse(stream, std::string(path));
    TRY_ASSIGN(PriceBook book, read_book(root, path));
    book.text = toml_text;
    book.digest = sha256(toml_text);
    return book;
  } catch (const std::exception& fault) {
    return fail(Code::kInvalidArgument, "{}: not TOML: {}", path, fault.what());
  }
}

}  // namespace chengying::billing
