// An invoice as a PDF: what its page of HTML shows, on as many pages as it needs, with the tenant's name. It
// is here and not in billing because lengths on paper are no integers. The same invoice gives the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "billing/invoice.h"

namespace chengying::cloud {

/// `tenant_name`: any UTF-8. kUnavailable if a font is missing.
Result<std::string> invoice_pdf(const billing::Invoice& invoice, std::string_view tenant_name);

}  // namespace chengying::cloud
