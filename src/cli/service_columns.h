// The columns by which leases, endpoints, tenants and the like are shown: one place, so that lists and single
// things agree.
#pragma once

#include <vector>

#include "cli/listing.h"

namespace chengying::cli {

std::vector<ListColumn> model_columns();
std::vector<ListColumn> offer_columns();
std::vector<ListColumn> lease_columns();
std::vector<ListColumn> event_columns();
std::vector<ListColumn> endpoint_columns();
std::vector<ListColumn> tenant_columns();
std::vector<ListColumn> key_columns();
std::vector<ListColumn> project_columns();
std::vector<ListColumn> cap_columns();
std::vector<ListColumn> quota_columns();
std::vector<ListColumn> fleet_columns();
std::vector<ListColumn> spend_columns();
std::vector<ListColumn> month_columns();
std::vector<ListColumn> invoice_columns();
std::vector<ListColumn> quote_columns();
std::vector<ListColumn> balance_columns();
/// What a run costs by the chip's model: cycles, time, energy.
std::vector<ListColumn> work_columns();

}  // namespace chengying::cli
