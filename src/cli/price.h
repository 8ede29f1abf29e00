// Price: what work costs by the price book that the binary carries. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "billing/money.h"
#include "isa/spec.h"

namespace chengying::cli {

struct Price {
  billing::Money amount;
  std::string currency;
  std::string offer;  // whose price it is
};

/// Of `cycles` on a slice of `cores`, by the on-demand offer of that chip and size; nullopt if the book has
/// none.
Result<std::optional<Price>> price_of_work(const isa::ChipSpec& chip, std::uint16_t cores,
                                           std::uint64_t cycles);

}  // namespace chengying::cli
