// Changed specs are held to the same rules as files.
#include "isa/spec_edit.h"

#include <gtest/gtest.h>

namespace chengying::isa {
namespace {

ChipSpec hanguang() {
  auto chip = load_chip_spec(CHENGYING_SOURCE_DIR "/chips/hanguang800.toml");
  EXPECT_TRUE(chip);
  return *std::move(chip);
}

std::string error_of(std::string_view key, double value) {
  ChipSpec chip = hanguang();
  Status status = set_number(chip, key, value);
  if (status) status = finish_edit(chip);
  return status ? "" : status.error().message;
}

TEST(SpecEdit, sets_a_number_by_its_key_and_moves_the_digest) {
  ChipSpec chip = hanguang();
  const Digest before = chip.digest;
  ASSERT_TRUE(set_number(chip, "chip.clock_hz", 500e6));
  ASSERT_TRUE(set_number(chip, "tensor.u8.pixels", 4));
  ASSERT_TRUE(finish_edit(chip));
  EXPECT_EQ(chip.clock_hz, 500e6);
  EXPECT_EQ(chip.tensor.u8->pixels, 4);
  EXPECT_NE(chip.digest, before);
  ASSERT_TRUE(set_number(chip, "chip.clock_hz", 700e6));
  ASSERT_TRUE(set_number(chip, "tensor.u8.pixels", 9));
  ASSERT_TRUE(finish_edit(chip));
  EXPECT_EQ(chip.digest, before);
}

TEST(SpecEdit, refuses_what_a_file_would_be_refused_for) {
  EXPECT_EQ(error_of("chip.cores", 0), "chip.cores: value is 0 cores; allowed: 1 to 1024");
  EXPECT_EQ(error_of("chip.cores", 2.5), "chip.cores: value is 2.5; a whole number is expected");
  EXPECT_EQ(error_of("power.idle_watts", 300),
            "power.idle_watts: the chip idles above its tdp_watts; idle_watts must be at most tdp_watts");
  const std::string unknown = error_of("chip.clock", 1);
  EXPECT_EQ(unknown.substr(0, 73),
            "chip hanguang800 has no number 'chip.clock'; it has: chip.cores, chip.clo");
}

}  // namespace
}  // namespace chengying::isa
