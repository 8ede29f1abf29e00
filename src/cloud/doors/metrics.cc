#include "cloud/doors/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace chengying::doors {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void append_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            auto value) {
  append_head(out, name, type, help);
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

void append_cloud(std::string& out, const cloud::Stats& s) {
  append(out, "chengying_inferences_total", "counter", "Inference requests answered", s.requests);
  append(out, "chengying_inferences_failed_total", "counter", "Inference requests that failed",
         s.requests_failed);
  append(out, "chengying_inferences_refused_total", "counter", "Inference requests refused",
         s.requests_refused);
  append(out, "chengying_images_total", "counter", "Batch elements answered", s.images);
  append(out, "chengying_inferences_in_flight", "gauge", "Inference requests being served",
         s.requests_in_flight);
  append(out, "chengying_commands_total", "counter", "State changes applied", s.commands);
  append(out, "chengying_commits_total", "counter", "Commits of the store; one takes many commands",
         s.commits);
  append(out, "chengying_commit_seconds_total", "counter", "Time spent in commits",
         static_cast<double>(s.commit_nanoseconds) * 1e-9);
  append(out, "chengying_commit_failures_total", "counter", "Commits that failed", s.commit_failures);
  append(out, "chengying_commands_queued", "gauge", "State changes waiting for the store", s.commands_queued);
  append(out, "chengying_leases_active", "gauge", "Leases that hold cores", s.leases_active);
  append(out, "chengying_endpoints_ready", "gauge", "Endpoints that serve", s.endpoints_ready);
  append(out, "chengying_tenants", "gauge", "Tenants", s.tenants);
  append(out, "chengying_cycles_total", "counter", "Cycles of the chips' model that were billed", s.cycles);
  append(out, "chengying_joules_total", "counter", "Energy by the chips' model",
         static_cast<double>(s.picojoules) * 1e-12);
  append(out, "chengying_charged_nano_total", "counter", "Money posted, in 1e-9 of the currency",
         s.charged_nano);
  append(out, "chengying_store_writable", "gauge", "1 if the store takes changes", s.store_writable ? 1 : 0);
  append(out, "chengying_draining", "gauge", "1 while the service shuts down", s.draining ? 1 : 0);
  append_head(out, "chengying_chip_cores", "gauge", "Cores of a chip");
  for (const auto& chip : s.chips) {
    fmt::format_to(std::back_inserter(out), "chengying_chip_cores{{chip=\"{}\"}} {}\n", chip.name,
                   chip.cores);
  }
  append_head(out, "chengying_chip_free_cores", "gauge", "Cores of a chip that no slice holds");
  for (const auto& chip : s.chips) {
    fmt::format_to(std::back_inserter(out), "chengying_chip_free_cores{{chip=\"{}\"}} {}\n", chip.name,
                   chip.free_cores);
  }
}

}  // namespace

void Metrics::observe(std::string_view route, int status, std::chrono::nanoseconds elapsed) {
  const auto bound =
      std::ranges::find_if(kBoundsMs, [&](int limit) { return elapsed <= std::chrono::milliseconds(limit); });
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
  Histogram& histogram = latencies_[route];
  if (bound != kBoundsMs.end()) ++histogram.at_most[static_cast<std::size_t>(bound - kBoundsMs.begin())];
  ++histogram.count;
  histogram.sum += elapsed;
}

void Metrics::append_requests(std::string& out) const {
  const std::lock_guard lock(mutex_);
  append_head(out, "chengying_http_requests_total", "counter", "HTTP requests answered");
  for (const auto& [key, count] : requests_) {
    fmt::format_to(std::back_inserter(out),
                   "chengying_http_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", key.first, key.second,
                   count);
  }
  append_head(out, "chengying_http_request_seconds", "histogram",
              "Time from the head of a request to its answer");
  for (const auto& [route, histogram] : latencies_) {
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < kBoundsMs.size(); ++i) {
      cumulative += histogram.at_most[i];
      fmt::format_to(std::back_inserter(out),
                     "chengying_http_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", route,
                     kBoundsMs[i] / 1000.0, cumulative);
    }
    fmt::format_to(std::back_inserter(out),
                   "chengying_http_request_seconds_bucket{{route=\"{0}\",le=\"+Inf\"}} {1}\n"
                   "chengying_http_request_seconds_sum{{route=\"{0}\"}} {2}\n"
                   "chengying_http_request_seconds_count{{route=\"{0}\"}} {1}\n",
                   route, histogram.count, seconds(histogram.sum));
  }
}

std::string Metrics::text(const cloud::Stats& stats, const DoorLevels& levels) const {
  std::string out;
  append_requests(out);
  append(out, "chengying_http_connections", "gauge", "Open connections", levels.server.connections);
  append(out, "chengying_http_in_flight", "gauge", "HTTP requests being served", levels.server.in_flight);
  append(out, "chengying_http_body_bytes", "gauge", "Bytes set aside for bodies", levels.server.body_bytes);
  append_head(out, "chengying_door_queued", "gauge", "Requests waiting for a worker of the door");
  fmt::format_to(std::back_inserter(out),
                 "chengying_door_queued{{lane=\"quick\"}} {}\nchengying_door_queued{{lane=\"slow\"}} {}\n",
                 levels.quick_queued, levels.slow_queued);
  append_cloud(out, stats);
  return out;
}

}  // namespace chengying::doors
