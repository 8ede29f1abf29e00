// chengying verify: recomputes an invoice from its records, with nothing but files.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "billing/invoice.h"
#include "cli/chip_source.h"
#include "cli/commands.h"
#include "cli/embedded.h"
#include "cli/verify_programs.h"

namespace chengying::cli {
namespace {

constexpr std::uint64_t kFileLimitBytes = std::uint64_t{4} << 30;
constexpr char kPriceBook[] = "config/prices.toml";

struct VerifyOptions {
  std::string invoice, records, chips_folder;
  std::vector<std::string> books, executables;
};

Result<std::vector<std::string>> price_books(const VerifyOptions& options) {
  std::vector<std::string> books;
  for (const std::string& path : options.books) {
    TRY_ASSIGN(books.emplace_back(), read_text_file(path, kFileLimitBytes));
  }
  if (books.empty()) books.emplace_back(embedded_file(kPriceBook).value_or(""));
  return books;
}

Result<std::int64_t> check_programs(const VerifyOptions& options, const std::string& records) {
  std::vector<isa::Executable> executables;
  for (const std::string& path : options.executables) {
    TRY_ASSIGN(executables.emplace_back(), isa::load_executable(path));
  }
  TRY_ASSIGN(const auto chips, all_chips(options.chips_folder));
  return verify_programs(records, executables, chips);
}

Status verify(const VerifyOptions& options, bool as_json) {
  TRY_ASSIGN(const std::string invoice, read_text_file(options.invoice, kFileLimitBytes));
  TRY_ASSIGN(const std::string records, read_text_file(options.records, kFileLimitBytes));
  TRY_ASSIGN(const auto books, price_books(options));
  TRY_ASSIGN(const billing::Verified verified, billing::verify_invoice(invoice, records, books));
  std::int64_t recomputed = 0;
  if (!options.executables.empty()) {
    TRY_ASSIGN(recomputed, check_programs(options, records));
  }
  const std::string total = billing::to_micro_string(verified.total_micro);
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"verified", true},
                                                                  {"records", verified.records},
                                                                  {"lines", verified.lines},
                                                                  {"recomputed_from_programs", recomputed},
                                                                  {"total", total},
                                                                  {"currency", verified.currency}}));
  } else {
    fmt::print("verified: {} records make {} lines, {} {} in total\n", verified.records, verified.lines,
               total, verified.currency);
    if (recomputed > 0)
      fmt::print("cycles and joules of {} records follow from their programs\n", recomputed);
  }
  return {};
}

}  // namespace

void add_verify(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<VerifyOptions>();
  app.add_option("INVOICE", options->invoice, "The invoice, as JSON")->required();
  app.add_option("--records", options->records, "Its usage records, as JSON lines")->required();
  app.add_option("--prices", options->books, "Price book(s) that were in force (default: the built-in one)");
  app.add_option("--executable", options->executables,
                 "Executables that ran: recompute cycles and joules from their programs too");
  app.add_option("--chips-dir", options->chips_folder,
                 "Chip specs of this folder instead of the built-in ones");
  on_run(app, invocation, [options, &invocation] { return verify(*options, invocation.json); });
}

}  // namespace chengying::cli
