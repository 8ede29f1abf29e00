#include "billing/price_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/file.h"

namespace chengying::billing {
namespace {

using testing::HasSubstr;

constexpr std::string_view kBook = R"(version = 3
currency = "USD"
[[offer]]
id = "a.1"
chip = "a"
cores = 1
term = "on_demand"
capacity_micro_per_core_hour = 36_000
work_micro_per_core_hour = 7
seconds_max = 60
[[offer]]
id = "a.s"
chip = "a"
cores = 2
term = "shared"
work_micro_per_core_hour = 9
)";

std::string changed(std::string_view from, std::string_view to) {
  std::string text(kBook);
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(PriceBook, ReadsOffersInFileOrder) {
  const auto book = parse_price_book(kBook, "p.toml");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->version, 3);
  ASSERT_EQ(book->offers.size(), 2U);
  EXPECT_EQ(book->offers[1].term, Term::kShared);
  EXPECT_EQ(book->find("a.1")->capacity_micro_per_core_hour, 36'000);
  EXPECT_EQ(book->find("b"), nullptr);
  EXPECT_EQ(book->digest, sha256(kBook));
}

TEST(PriceBook, TheDefaultBookIsValid) {
  const auto text = read_text_file(CHENGYING_SOURCE_DIR "/config/prices.toml", 1 << 20);
  ASSERT_TRUE(text);
  const auto book = parse_price_book(*text, "config/prices.toml");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_GE(book->offers.size(), 8U);
  for (const int eighths : {1, 2, 4, 8}) {
    const Offer* slice = book->find(fmt::format("chengying1.{}.on_demand", eighths));
    ASSERT_NE(slice, nullptr) << eighths << "/8 of a chip";
    EXPECT_EQ(slice->cores, eighths);
  }
  for (const int chips : {2, 4, 8, 16}) {
    const Offer* whole = book->find(fmt::format("hanguang800.4x{}.on_demand", chips));
    ASSERT_NE(whole, nullptr) << chips << " chips";
    EXPECT_EQ(whole->chips, chips);
  }
}

struct Fault {
  const char* from;
  const char* to;
  const char* message;
};

TEST(PriceBook, ARefusalNamesFileLineAndKey) {
  const Fault faults[] = {
      {"version = 3", "version = 0", "p.toml:1: version is 0, not in 1..1000000000"},
      {"version = 3\n", "", "version is missing"},
      {"\"USD\"", "\"usd\"", "p.toml:2: currency must be three capital letters"},
      {"36_000", "36.5", "p.toml:8: capacity_micro_per_core_hour must be an integer"},
      {"36_000", "-1", "p.toml:8: capacity_micro_per_core_hour is -1, not in 0..1000000000000"},
      {"36_000", "99999999999999999999999", "not in 0..1000000000000"},
      {"\"on_demand\"", "\"rent\"",
       "p.toml:7: term term \"rent\" is none of on_demand, shared, reserved, spot"},
      {"\"on_demand\"", "\"spot\"", "notice_seconds is missing"},
      {"seconds_max = 60", "seconds_max = 60\nnotice_seconds = 9",
       "p.toml:11: notice_seconds is for spot offers"},
      {"cores = 1", "cores = 1\nchips = 3", "p.toml:7: chips is 3, not 1, 2, 4, 8 or 16"},
      {"cores = 1", "cores = 1\nchips = 32", "p.toml:7: chips is 32, not in 1..16"},
      {"cores = 2", "cores = 2\nchips = 2", "is shared: such an offer has no"},
      {"\"a.s\"", "\"a.1\"", "p.toml:12: id \"a.1\" is there twice"},
      {"\"a.s\"", "\"a s\"", "p.toml:12: id must be 1 to 64 letters"},
      {"cores = 2", "cores = 0", "p.toml:14: cores is 0"},
      {"seconds_max = 60", "second_max = 60", "seconds_max is missing"},
      {"seconds_max = 60", "seconds_max = 60\ncolour = 1", "p.toml:11: colour is not a known key here"},
      {"work_micro_per_core_hour = 9", "work_micro_per_core_hour = 9\nseconds_max = 9",
       "is shared: such an offer has no"},
      {"currency", "[currency", "not TOML"},
  };
  for (const Fault& fault : faults) {
    const auto book = parse_price_book(changed(fault.from, fault.to), "p.toml");
    ASSERT_FALSE(book) << fault.to;
    EXPECT_EQ(book.error().code, Code::kInvalidArgument);
    EXPECT_THAT(book.error().message, HasSubstr(fault.message));
  }
  EXPECT_THAT(parse_price_book("version = 1\ncurrency = \"USD\"\n", "p").error().message,
              HasSubstr("there is no [[offer]]"));
}

TEST(Price, WorkIsExactAndRoundedUpOnce) {
  // 1e9 cycles on 4 cores at 1 GHz are 4 core-seconds; at 3600 micro-units per core-hour: 4 micro-units.
  EXPECT_EQ(work_price(1'000'000'000, 4, 1'000'000'000, 3'600)->nano(), 4'000);
  EXPECT_EQ(work_price(0, 4, 1'000'000'000, 3'600)->nano(), 0);
  EXPECT_EQ(work_price(1, 1, 1'000'000'000, 3'600)->nano(), 1);  // 1e-6 nano-units, rounded up
  EXPECT_EQ(work_price(1'000'001, 1, 1'000'000'000, 3'600)->nano(), 2);
}

TEST(Price, CapacityOfAnHourIsThePriceOfAnHour) {
  EXPECT_EQ(capacity_price(3'600, 2, 40'000)->nano(), 80'000'000);
  EXPECT_EQ(capacity_price(1, 1, 1)->nano(), 1);  // 1000/3600 of a nano-unit, rounded up
}

TEST(PriceBook, SpotOffersHaveANoticeAndLargeOnesWholeChips) {
  const auto book = parse_price_book(
      "version = 1\ncurrency = \"USD\"\n[[offer]]\nid = \"a.4x4.spot\"\nchip = \"a\"\ncores = 4\nchips = "
      "4\nterm = "
      "\"spot\"\nnotice_seconds = 120\ncapacity_micro_per_core_hour = 9\nwork_micro_per_core_hour = "
      "1\nseconds_max = 60\n",
      "p.toml");
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->offers[0].term, Term::kSpot);
  EXPECT_EQ(book->offers[0].chips, 4);
  EXPECT_EQ(book->offers[0].notice_seconds, 120);
  EXPECT_EQ(billed_seconds(Term::kSpot, 1'000'001), 2);
}

TEST(Price, SplittingWorkNeverCostsLess) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = random() % 1'000'000'000, b = random() % 1'000'000'000;
    const std::uint64_t clock = 1 + random() % 4'000'000'000;
    const std::int64_t price = static_cast<std::int64_t>(random() % 10'000'000);
    const auto cores = static_cast<std::uint16_t>(1 + random() % 16);
    const auto whole = work_price(a + b, cores, clock, price);
    const auto parts = add(*work_price(a, cores, clock, price), *work_price(b, cores, clock, price));
    EXPECT_LE(whole->nano(), parts->nano());
    EXPECT_LE(parts->nano() - whole->nano(), 1);
  }
}

TEST(Price, HugeAndImpossibleArgumentsAreRefused) {
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  EXPECT_FALSE(work_price(kHuge, 65535, 1, std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(work_price(1, 0, 1, 1));
  EXPECT_FALSE(work_price(1, 1, 0, 1));
  EXPECT_FALSE(work_price(1, 1, 1, -1));
  EXPECT_FALSE(capacity_price(-1, 1, 1));
  EXPECT_FALSE(capacity_price(std::numeric_limits<std::int64_t>::max(), 65535, 1'000'000'000));
}

TEST(Price, StartedSecondsAndHoursAreBilled) {
  EXPECT_EQ(billed_seconds(Term::kOnDemand, 0), 1);
  EXPECT_EQ(billed_seconds(Term::kOnDemand, 1'000'000), 1);
  EXPECT_EQ(billed_seconds(Term::kOnDemand, 1'000'001), 2);
  EXPECT_EQ(billed_seconds(Term::kReserved, 1), 3'600);
  EXPECT_EQ(billed_seconds(Term::kReserved, 3'600'000'001), 7'200);
}

}  // namespace
}  // namespace chengying::billing
