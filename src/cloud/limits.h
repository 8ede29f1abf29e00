// Limits: everything that a tenant can have or send is bounded, in this one place. Values with defaults; the
// service's configuration may change them. A refusal (kResourceExhausted, kTooLarge, kInvalidArgument) names
// its limit.
#pragma once

#include <cstdint>

namespace chengying::cloud {

struct Limits {
  // per tenant
  std::int64_t endpoints = 64;
  std::int64_t models = 256;
  std::int64_t model_bytes_total = std::int64_t{64} << 30;
  std::int64_t leases = 64;   // not ended
  std::int64_t cores = 1024;  // of those leases
  std::int64_t requests_per_second = 100'000;
  std::int64_t projects = 256;
  std::int64_t keys = 64;  // not revoked
  std::int64_t requests_in_flight = 1024;
  // per thing
  std::int64_t model_bytes = std::int64_t{4} << 30;
  std::int64_t name_bytes = 128;  // names and request ids
  std::int64_t preprocessing_bytes = 16 << 10;
  std::int64_t labels_bytes = 1 << 20;
  std::int64_t batches = 8;          // programs of an endpoint
  std::int64_t batch = 1024;         // images of a request
  std::int64_t usage_page = 10'000;  // records of one listing
  // of the service
  std::int64_t commands_queued = 65'536;   // waiting for the store
  std::int64_t quote_seconds = 3'600;      // how long a quote can be redeemed
  std::int64_t wait_seconds = 7 * 86'400;  // that a lease may be queued
};

}  // namespace chengying::cloud
