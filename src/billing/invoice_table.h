// The invoice's lines as tables for people: what every page of it shows, whatever it is made of. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "billing/invoice.h"

namespace chengying::billing {

struct InvoiceColumn {
  std::string_view name;  // "": the invoice's currency
  bool is_number = false;
};
inline constexpr std::array<InvoiceColumn, 8> kInvoiceColumns{{{"kind"},
                                                               {"subject"},
                                                               {"offer"},
                                                               {"slice"},
                                                               {"records", true},
                                                               {"used", true},
                                                               {"per core-hour", true},
                                                               {"", true}}};
using InvoiceCells = std::array<std::string, kInvoiceColumns.size()>;

/// Of one project, in the order of the invoice's lines.
struct InvoiceTable {
  std::string heading;
  std::vector<InvoiceCells> rows;
  std::string sum;  // of the last column
};

/// By project.
std::vector<InvoiceTable> tables_of(const Invoice& invoice);

/// What stands above the tables and below them, a line each: whose it is and of when; the total; what makes
/// it up; the digests of what it sums up and its own. `tenant_name` "": the id alone.
std::vector<std::string> head_of(const Invoice& invoice, std::string_view tenant_name);
std::string total_of(const Invoice& invoice);
std::string metered_of(const Invoice& invoice);
std::vector<std::string> digests_of(const Invoice& invoice);

}  // namespace chengying::billing
