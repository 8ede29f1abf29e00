// The records' half of verify_invoice: each line of the text against the price books, its own fields and the
// chain. Needs no more memory than the text itself. Reads it on as many threads as there are processors; what
// it finds, and of several faults which, is as if it read it from front to back.
#pragma once

#include <map>
#include <string_view>

#include "billing/invoice.h"
#include "billing/price_book.h"

namespace chengying::billing {

using Books = std::map<std::int64_t, PriceBook>;

struct CheckedRecords {
  RecordSums sums;
  Digest digest;  // of the whole text
};
/// kDataLoss names the first record, field and byte that differs.
Result<CheckedRecords> check_records(const Invoice& invoice, std::string_view jsonl, const Books& books);

template <class A, class B>
std::unexpected<Error> differs(std::string_view where, std::string_view field, const A& is, const B& should) {
  return fail(Code::kDataLoss, "{}: {} is {}, should be {}", where, field, is, should);
}

}  // namespace chengying::billing
