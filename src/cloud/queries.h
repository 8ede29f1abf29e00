// Queries: rows of the store as the facade's values. Reads only; each on the connection that it is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "billing/record.h"
#include "cloud/cloud.h"
#include "cloud/key_ring.h"
#include "cloud/store/database.h"

namespace chengying::cloud {

Result<std::vector<Tenant>> read_tenants(Database& database);
/// kNotFound.
Result<Tenant> read_tenant(Database& database, std::string_view tenant);
Result<std::vector<Key>> read_keys(Database& database, std::string_view tenant);
Result<std::vector<StoredKey>> read_valid_keys(Database& database);

Result<std::vector<Model>> read_models(Database& database, std::string_view tenant);
Result<Model> read_model(Database& database, std::string_view tenant, std::string_view id);

/// A lease with what only the service needs.
struct StoredLease {
  Lease lease;
  std::int64_t started_us = -1;     // of the service's time line, while it is active
  std::int64_t ran_us = 0;          // before that, in this stretch
  std::int64_t billed_seconds = 0;  // of this stretch
  std::int64_t taken_back_us = -1;  // spot: when its notice is over
};
Result<std::vector<StoredLease>> read_leases(Database& database, std::string_view tenant);
/// What is known of the fleet: id, state, free cores.
struct StoredChip {
  std::string id, chip, state, reason;
  std::int64_t position = 0, cores = 0, used = 0;
};
Result<std::vector<StoredChip>> read_chips(Database& database);
/// When a queued lease starts, in the store's time; nullopt if nobody can say.
Result<std::optional<std::int64_t>> read_estimate(Database& database, const Lease& lease,
                                                  std::int64_t now_us);

Result<std::vector<Project>> read_projects(Database& database, std::string_view tenant);
/// With what is spent of them in the period that `wall_us` is in.
Result<std::vector<Cap>> read_caps(Database& database, std::string_view tenant, std::int64_t wall_us);
Result<std::optional<Quota>> read_quota(Database& database, std::string_view tenant);

/// All of all tenants that have not ended, oldest first.
Result<std::vector<StoredLease>> read_open_leases(Database& database);
Result<StoredLease> read_lease(Database& database, std::string_view tenant, std::string_view id);
Result<std::vector<Event>> read_events(Database& database, std::string_view subject);
/// All of a tenant after a sequence, oldest first.
Result<std::vector<Event>> read_tenant_events(Database& database, std::string_view tenant, std::int64_t after,
                                              std::int64_t limit);

struct StoredEndpoint {
  Endpoint endpoint;  // without signature and executable, which come with the executable
  std::int64_t work_price = 0, price_book_version = 0;
};
Result<std::vector<StoredEndpoint>> read_endpoints(Database& database);

/// The tenant's records first..last by sequence.
Result<std::vector<billing::Record>> read_records(Database& database, std::string_view tenant,
                                                  std::int64_t first, std::int64_t last);
Result<std::vector<InvoiceView>> read_invoices(Database& database, std::string_view tenant);
/// With its json; kNotFound.
Result<InvoiceView> read_invoice(Database& database, std::string_view tenant, std::string_view id);

}  // namespace chengying::cloud
