#include "cli/table.h"

#include <gtest/gtest.h>

namespace chengying::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCellAndLinesEndWithoutBlanks) {
  Table table({{"NAME"}, {"CYCLES", Align::kRight}, {"NOTE"}});
  table.add({"conv", "1,234,567", ""});
  table.add({"größe", "8", "x"});
  EXPECT_EQ(table.text(),
            "NAME      CYCLES  NOTE\n"
            "-----  ---------  ----\n"
            "conv   1,234,567\n"
            "größe          8  x\n");
}

TEST(Text, NumbersHaveThreeDigitsAndTheUnitThatFits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(duration_text(0.00123), "1.23 ms");
  EXPECT_EQ(duration_text(12.345e-6), "12.3 us");
  EXPECT_EQ(duration_text(0.9999e-3), "1.00 ms");
  EXPECT_EQ(duration_text(0), "0.00 ns");
  EXPECT_EQ(duration_text(123), "123 s");
  EXPECT_EQ(energy_text(0.0456), "45.6 mJ");
  EXPECT_EQ(bytes_text(1536), "1.50 KiB");
  EXPECT_EQ(scaled_text(2.5e12), "2.50 T");
  EXPECT_EQ(percent_text(0.974), "97.4 %");
}

}  // namespace
}  // namespace chengying::cli
