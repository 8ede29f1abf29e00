// Records as comma-separated values.
#include "billing/canonical.h"
#include "billing/invoice.h"

namespace chengying::billing {

namespace {
/// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it.
std::string cell(std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
  const bool plain = text.find_first_of(",\"\r\n") == std::string_view::npos;
  if (plain && !formula) return std::string(text);
  std::string out = formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string row_of(const Record& r) {
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
      r.sequence, cell(r.at), name_of(r.kind), cell(r.request), cell(r.endpoint), cell(r.lease),
      cell(r.project), cell(r.key), cell(r.offer), cell(r.chip), r.cores, r.chips, r.clock_hz,
      r.executable.hex(), r.batch, cell(r.arguments), r.cycles, r.picojoules, r.bytes, r.seconds,
      r.seconds_before, cell(r.note), r.price_book_version, r.micro_per_core_hour, r.price.nano(),
      cell(r.quote), cell(r.status), r.started_us, r.monotonic_us, r.previous.hex(), r.hash.hex());
}
}  // namespace

Result<std::string> to_csv(std::string_view records_jsonl) {
  std::string out =
      "sequence,at,kind,request,endpoint,lease,project,key,offer,chip,cores,chips,clock_hz,executable,batch,"
      "arguments,cycles,picojoules,bytes,seconds,seconds_before,note,price_book_version,micro_per_core_hour,"
      "price_nano,quote,status,started_us,monotonic_us,previous,hash\r\n";
  while (!records_jsonl.empty()) {
    const std::size_t end = std::min(records_jsonl.find('\n'), records_jsonl.size());
    TRY_ASSIGN(const Record record, parse_record(records_jsonl.substr(0, end)));
    out += row_of(record);
    records_jsonl.remove_prefix(std::min(end + 1, records_jsonl.size()));
  }
  return out;
}

}  // namespace chengying::billing
