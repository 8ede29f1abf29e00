#include "cli/price.h"

#include "billing/price_book.h"
#include "cli/embedded.h"

namespace chengying::cli {

constexpr std::string_view kBook = "config/prices.toml";

Result<std::optional<Price>> price_of_work(const isa::ChipSpec& chip, std::uint16_t cores,
                                           std::uint64_t cycles) {
  const auto text = embedded_file(kBook);
  if (!text) return std::nullopt;
  TRY_ASSIGN(const billing::PriceBook book, billing::parse_price_book(*text, kBook));
  for (const billing::Offer& offer : book.offers) {
    if (offer.chip != chip.name || offer.cores != cores || offer.term != billing::Term::kOnDemand) continue;
    TRY_ASSIGN(const billing::Money amount,
               billing::work_price(cycles, cores, static_cast<std::uint64_t>(chip.clock_hz),
                                   offer.work_micro_per_core_hour));
    return Price{amount, book.currency, offer.id};
  }
  return std::nullopt;
}

}  // namespace chengying::cli
