#include "cloud/doors/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chengying::doors {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Metrics, CountsByRouteAndStatusWithCumulativeLatencies) {
  Metrics metrics;
  metrics.observe("/a/{id}", 200, 1ms);
  metrics.observe("/a/{id}", 200, 3ms);
  metrics.observe("/a/{id}", 404, 20s);
  const std::string text = metrics.text({}, {});
  EXPECT_THAT(text, HasSubstr("chengying_http_requests_total{route=\"/a/{id}\",status=\"200\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_requests_total{route=\"/a/{id}\",status=\"404\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_request_seconds_bucket{route=\"/a/{id}\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_request_seconds_bucket{route=\"/a/{id}\",le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_request_seconds_bucket{route=\"/a/{id}\",le=\"10\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_request_seconds_bucket{route=\"/a/{id}\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_request_seconds_count{route=\"/a/{id}\"} 3\n"));
}

TEST(Metrics, ShowTheCloudsLevels) {
  cloud::Stats stats;
  stats.chips = {{"host", 2, 1}};
  stats.cycles = 7;
  const std::string text =
      Metrics().text(stats, {.server = {.connections = 5}, .quick_queued = 2, .slow_queued = 0});
  EXPECT_THAT(text, HasSubstr("chengying_chip_free_cores{chip=\"host\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("chengying_cycles_total 7\n"));
  EXPECT_THAT(text, HasSubstr("chengying_http_connections 5\n"));
  EXPECT_THAT(text, HasSubstr("chengying_door_queued{lane=\"quick\"} 2\n"));
}

}  // namespace
}  // namespace chengying::doors
