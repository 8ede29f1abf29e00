// Chip files: the shipped ones are read, and each way to get one wrong is refused with these words.
#include "isa/spec.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "isa/spec_rows.h"

namespace chengying::isa {
namespace {

/// A small chip with everything, one number a line, so that tests can name lines.
constexpr std::string_view kGood = R"([chip]
title = "Test chip"
maker = "Nobody"
cores = { value = 2, unit = "cores", kind = "claimed", source = "s" }
clock_hz = { value = 1e9, unit = "Hz", kind = "measured", source = "s" }
launch_seconds = { value = 1e-6, unit = "s", kind = "estimated", source = "s" }
[tensor]
fill_cycles = { value = 10, unit = "cycles", kind = "estimated", source = "s" }
issue_cycles = { value = 5, unit = "cycles", kind = "estimated", source = "s" }
[tensor.u8]
reduce = { value = 16, unit = "MACs", kind = "derived", source = "s" }
columns = { value = 16, unit = "MACs", kind = "derived", source = "s" }
pixels = { value = 4, unit = "MACs", kind = "derived", source = "s" }
[vector]
u8_lanes = { value = 64, unit = "elements/cycle", kind = "estimated", source = "s" }
f32_lanes = { value = 16, unit = "elements/cycle", kind = "estimated", source = "s" }
issue_cycles = { value = 3, unit = "cycles", kind = "estimated", source = "s" }
[memory_engine]
bytes_per_cycle = { value = 64, unit = "B/cycle", kind = "estimated", source = "s" }
issue_cycles = { value = 2, unit = "cycles", kind = "estimated", source = "s" }
[memory]
sram_bytes = { value = 1048576, unit = "B", kind = "claimed", source = "s" }
sram_bytes_per_cycle = { value = 256, unit = "B/cycle", kind = "claimed", source = "s" }
dram_bytes = { value = 8388608, unit = "B", kind = "claimed", source = "s" }
dram_bytes_per_second = { value = 32e9, unit = "B/s", kind = "claimed", source = "s" }
ring_bytes_per_second = { value = 64e9, unit = "B/s", kind = "claimed", source = "s" }
[host_link]
bytes_per_second = { value = 16e9, unit = "B/s", kind = "claimed", source = "s" }
latency_seconds = { value = 5e-7, unit = "s", kind = "estimated", source = "s" }
[power]
mac_u8_pj = { value = 1, unit = "pJ", kind = "estimated", source = "s" }
vector_op_pj = { value = 2, unit = "pJ", kind = "estimated", source = "s" }
sram_byte_pj = { value = 3, unit = "pJ", kind = "estimated", source = "s" }
dram_byte_pj = { value = 50, unit = "pJ", kind = "estimated", source = "s" }
ring_byte_pj = { value = 6, unit = "pJ", kind = "estimated", source = "s" }
host_byte_pj = { value = 40, unit = "pJ", kind = "estimated", source = "s" }
idle_watts = { value = 2, unit = "W", kind = "estimated", source = "s" }
tdp_watts = { value = 20, unit = "W", kind = "claimed", source = "s" }
)";

/// The good file with the first `from` replaced by `to`.
std::string with(std::string_view from, std::string_view to, std::string text = std::string(kGood)) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// The good file without the line that begins with `start`.
std::string without(std::string_view start, std::string text = std::string(kGood)) {
  const std::size_t at = text.find(start);
  EXPECT_NE(at, std::string::npos) << start;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

std::string error_of(const std::string& text) {
  const Result<ChipSpec> chip = parse_chip_spec(text, "test.toml");
  return chip ? "" : chip.error().message;
}

TEST(ChipSpecFile, gives_every_number_with_its_source) {
  const Result<ChipSpec> chip = parse_chip_spec(kGood, "some/folder/test.toml");
  ASSERT_TRUE(chip) << chip.error().message;
  EXPECT_EQ(chip->name, "test");
  EXPECT_EQ(chip->title, "Test chip");
  EXPECT_EQ(chip->cores, 2);
  EXPECT_EQ(chip->clock_hz, 1e9);
  EXPECT_EQ(chip->tensor.u8->macs(), 1024);
  EXPECT_FALSE(chip->tensor.f32);
  EXPECT_FALSE(chip->is_host);
  EXPECT_EQ(chip->memory.dram_bytes, 8388608);
  EXPECT_EQ(chip->memory.cache_bytes, 0);
  EXPECT_EQ(chip->numbers.size(), 28u);
  EXPECT_EQ(chip->numbers[0].key, "chip.cores");
  EXPECT_EQ(chip->numbers[0].provenance, Provenance::kClaimed);
  EXPECT_EQ(chip->numbers.back().key, "power.tdp_watts");
  EXPECT_EQ(chip->numbers.back().unit, "W");
}

TEST(ChipSpecFile, shipped_chips_are_right) {
  const Result<std::vector<ChipSpec>> chips = load_chip_specs(CHENGYING_SOURCE_DIR "/chips");
  ASSERT_TRUE(chips) << chips.error().message;
  const auto names = [&] {
    std::vector<std::string> result;
    for (const ChipSpec& chip : *chips) result.push_back(chip.name);
    return result;
  }();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  ASSERT_NE(std::ranges::find(names, "hanguang800"), names.end());
  ASSERT_NE(std::ranges::find(names, "host"), names.end());
  const ChipSpec& hanguang = *std::ranges::find(*chips, "hanguang800", &ChipSpec::name);
  EXPECT_EQ(hanguang.cores, 4);
  EXPECT_EQ(hanguang.tensor.u8->macs(), 147456);
  EXPECT_EQ(hanguang.memory.dram_bytes, 0);
  EXPECT_TRUE(std::ranges::find(*chips, "host", &ChipSpec::name)->is_host);
}

TEST(ChipSpecFile, digest_follows_the_numbers_and_not_the_words) {
  const Digest digest = parse_chip_spec(kGood, "test.toml")->digest;
  EXPECT_EQ(parse_chip_spec(with("\"s\"", "\"another source\""), "test.toml")->digest, digest);
  EXPECT_EQ(parse_chip_spec(with("[chip]", "# a comment\n[chip]"), "other/test.toml")->digest, digest);
  EXPECT_EQ(parse_chip_spec(with("value = 1e9", "value = 1000000000"), "test.toml")->digest, digest);
  EXPECT_NE(parse_chip_spec(with("value = 1e9", "value = 1.1e9"), "test.toml")->digest, digest);
  EXPECT_NE(parse_chip_spec(kGood, "renamed.toml")->digest, digest);
  EXPECT_NE(parse_chip_spec(with("[memory]", "[memory]\nengines_reach_dram = true"), "test.toml")->digest,
            digest);
  EXPECT_NE(parse_chip_spec(with("[tensor.u8]", "[tensor.f32]", with("mac_u8_pj", "mac_f32_pj")), "test.toml")
                ->digest,
            digest);
}

/// A section of software engines, with each of its keys.
std::string software() {
  std::string text = "[kernels]\n";
  for (const char* key : {"moved_element", "looked_up", "pixel", "pair_places", "places", "window",
                          "max_place", "average_place"})
    text += fmt::format(
        "{}_cycles = {{ value = 1.5, unit = \"cycles\", kind = \"measured\", source = \"s\" }}\n", key);
  return text;
}

TEST(ChipSpecFile, says_what_loops_of_software_cost_or_nothing_of_it) {
  const auto plain = parse_chip_spec(kGood, "test.toml"),
             soft = parse_chip_spec(std::string(kGood) + software(), "test.toml");
  ASSERT_TRUE(soft) << soft.error().message;
  EXPECT_FALSE(plain->kernels.has_value());
  EXPECT_EQ(soft->kernels->average_place, 1.5);
  EXPECT_NE(plain->digest, soft->digest);
  EXPECT_THAT(error_of(without("pixel_cycles", std::string(kGood) + software())),
              ::testing::HasSubstr("kernels.pixel_cycles"));
}

TEST(ChipSpecFile, refuses_what_is_missing) {
  EXPECT_EQ(
      error_of(without("clock_hz")),
      "test.toml:1: chip.clock_hz: missing; clock_hz needs a value in Hz, for example { value = 1000, unit = "
      "\"Hz\", kind = \"measured\", source = \"how\" }");
  EXPECT_EQ(error_of(without("maker")), "test.toml:1: chip.maker: missing; a text is expected");
  EXPECT_EQ(error_of(without("columns")),
            "test.toml:10: tensor.u8.columns: missing; columns needs a value in MACs, for example { value = "
            "1, unit = "
            "\"MACs\", kind = \"measured\", source = \"how\" }");
  EXPECT_EQ(
      error_of(without("[vector]",
                       without("u8_lanes", without("f32_lanes", without("issue_cycles = { value = 3"))))),
      "test.toml:1: vector: missing section; [vector] is required");
}

TEST(ChipSpecFile, refuses_unknown_keys_and_names_the_nearest) {
  EXPECT_EQ(error_of(with("sram_bytes =", "srm_bytes =")),
            "test.toml:21: memory.sram_bytes: missing; sram_bytes needs a value in B, for example { value = "
            "1, unit = "
            "\"B\", kind = \"measured\", source = \"how\" }\n"
            "test.toml:22: memory.srm_bytes: unknown key; did you mean 'sram_bytes'?");
  EXPECT_EQ(error_of(with("[chip]", "[chips]\nx = 1\n[chip]")),
            "test.toml:1: chips: unknown section; did you mean 'chip'?");
  EXPECT_EQ(error_of(with("maker =", "colour = \"red\"\nmaker =")),
            "test.toml:3: chip.colour: unknown key; allowed: cores, clock_hz, launch_seconds, is_host, "
            "title, maker");
  EXPECT_EQ(error_of(with("unit = \"cores\"", "unit = \"cores\", unot = 1")),
            "test.toml:4: chip.cores: unknown field 'unot'; did you mean 'unit'?");
}

TEST(ChipSpecFile, refuses_numbers_without_source_kind_or_unit) {
  EXPECT_EQ(error_of(with(", source = \"s\" }", " }")),
            "test.toml:4: chip.cores: no source; say where the number comes from in source = \"...\"");
  EXPECT_EQ(error_of(with("source = \"s\"", "source = \"\"")),
            "test.toml:4: chip.cores: no source; say where the number comes from in source = \"...\"");
  EXPECT_EQ(error_of(with("kind = \"claimed\", ", "")),
            "test.toml:4: chip.cores: no kind; allowed: measured, claimed, derived, estimated");
  EXPECT_EQ(error_of(with("kind = \"claimed\"", "kind = \"guessed\"")),
            "test.toml:4: chip.cores: kind is the text \"guessed\"; allowed: measured, claimed, derived, "
            "estimated");
  EXPECT_EQ(error_of(with("unit = \"Hz\", ", "")),
            "test.toml:5: chip.clock_hz: no unit; unit = \"Hz\" is expected");
  EXPECT_EQ(error_of(with("unit = \"Hz\"", "unit = \"MHz\"")),
            "test.toml:5: chip.clock_hz: unit is the text \"MHz\"; \"Hz\" is expected");
  EXPECT_EQ(error_of(with("value = 1e9, ", "")),
            "test.toml:5: chip.clock_hz: no value; a number of Hz is expected");
}

TEST(ChipSpecFile, refuses_wrong_types) {
  EXPECT_EQ(
      error_of(
          with("cores = { value = 2, unit = \"cores\", kind = \"claimed\", source = \"s\" }", "cores = 2")),
      "test.toml:4: chip.cores: found 2; a number comes with its source, for example { value = 1, unit = "
      "\"cores\", kind = \"measured\", source = \"how\" }");
  EXPECT_EQ(error_of(with("value = 2,", "value = 2.5,")),
            "test.toml:4: chip.cores: value is 2.5; a whole number is expected");
  EXPECT_EQ(error_of(with("value = 1e9", "value = \"fast\"")),
            "test.toml:5: chip.clock_hz: value is the text \"fast\"; a number is expected");
  EXPECT_EQ(error_of(with("\"Test chip\"", "7")),
            "test.toml:2: chip.title: found 7; a text of one character or more is expected");
  EXPECT_EQ(error_of(with("[memory]", "[memory]\nengines_reach_dram = 1")),
            "test.toml:22: memory.engines_reach_dram: found 1; true or false is expected");
  EXPECT_EQ(error_of("chip = 3\n" + std::string(kGood).substr(kGood.find("[tensor]"))),
            "test.toml:1: chip: found 3; a section [chip] is expected");
}

TEST(ChipSpecFile, refuses_numbers_out_of_range) {
  EXPECT_EQ(error_of(with("value = 2,", "value = 0,")),
            "test.toml:4: chip.cores: value is 0 cores; allowed: 1 to 1024");
  EXPECT_EQ(error_of(with("value = 1e9", "value = -1")),
            "test.toml:5: chip.clock_hz: value is -1 Hz; allowed: 1000 to 100000000000");
  EXPECT_EQ(error_of(with("value = 1e9", "value = nan")),
            "test.toml:5: chip.clock_hz: value is nan Hz; allowed: 1000 to 100000000000");
  EXPECT_EQ(error_of(with("value = 16e9", "value = 0")),
            "test.toml:28: host_link.bytes_per_second: value is 0 B/s; allowed: 1 to 1e+16");
}

TEST(ChipSpecFile, refuses_contradictions) {
  EXPECT_EQ(error_of(without("sram_bytes_per_cycle")),
            "test.toml:21: memory.sram_bytes_per_cycle: SRAM and its bandwidth go together; give both "
            "sram_bytes and "
            "sram_bytes_per_cycle, or neither");
  EXPECT_EQ(error_of(without("dram_bytes_per_second")),
            "test.toml:21: memory.dram_bytes_per_second: DRAM and its bandwidth go together; give both "
            "dram_bytes and "
            "dram_bytes_per_second, or neither");
  EXPECT_EQ(
      error_of(without("host_byte_pj", without("latency_seconds", without("bytes_per_second = { value = 16e9",
                                                                          without("[host_link]"))))),
      "test.toml:1: host_link.bytes_per_second: the chip can't reach the host's tensors; give [host_link] or "
      "set "
      "memory.engines_reach_host = true");
  EXPECT_EQ(error_of(with("[tensor.u8]", "[tensor.f32]")),
            "test.toml:30: power.mac_f32_pj: [tensor.f32] and mac_f32_pj go together; give both or neither\n"
            "test.toml:31: power.mac_u8_pj: [tensor.u8] and mac_u8_pj go together; give both or neither");
  EXPECT_EQ(
      error_of(with("[tensor]", "[tensor]\nsystolic = true")),
      "test.toml:8: tensor.systolic: a systolic array takes one pixel a cycle; set pixels to 1 or systolic "
      "= false");
  EXPECT_EQ(
      error_of(with("[tensor]", "[tensor]\nsystolic_double_buffered = true")),
      "test.toml:8: tensor.systolic_double_buffered: only a systolic array keeps weights; set systolic = "
      "true or systolic_double_buffered = false");
  EXPECT_EQ(error_of(with("[tensor]",
                          "[tensor]\nweights_ahead_bytes = { value = 64, unit = \"B\", kind = \"claimed\", "
                          "source = \"s\" }")),
            "test.toml:8: tensor.weights_ahead_bytes: weights are fetched ahead from a DRAM that the engines "
            "don't reach; set memory.engines_reach_dram = true or drop weights_ahead_bytes");
  EXPECT_EQ(error_of(with("idle_watts = { value = 2", "idle_watts = { value = 21")),
            "test.toml:37: power.idle_watts: the chip idles above its tdp_watts; idle_watts must be at most "
            "tdp_watts");
}

// Each row of the table of rules can be broken, and its message then stands at a line of the file.
TEST(ChipSpecFile, every_rule_holds_for_the_shipped_chips) {
  const auto chips = load_chip_specs(CHENGYING_SOURCE_DIR "/chips");
  ASSERT_TRUE(chips) << chips.error().message;
  std::vector<std::string> names;
  for (const ChipSpec& chip : *chips) {
    names.push_back(chip.name);
    for (const SpecRule& rule : spec_rules()) EXPECT_FALSE(rule.broken(chip)) << chip.name << " " << rule.key;
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"a100", "chengying1", "h20", "hanguang800", "host", "kunlun1",
                                              "kunlun_p800", "mlu370", "mlu590", "tpu_v1", "zhenwu810e"}));
  ChipSpec nothing;
  const auto broken =
      std::ranges::count_if(spec_rules(), [&](const SpecRule& rule) { return rule.broken(nothing); });
  EXPECT_GE(broken, 4);
}

TEST(ChipSpecFile, lists_all_problems_at_once_in_order_of_lines) {
  EXPECT_EQ(
      error_of(with("value = 2,", "value = 0,", with("unit = \"pJ\"", "unit = \"nJ\"", without("title")))),
      "test.toml:1: chip.title: missing; a text is expected\n"
      "test.toml:3: chip.cores: value is 0 cores; allowed: 1 to 1024\n"
      "test.toml:30: power.mac_u8_pj: unit is the text \"nJ\"; \"pJ\" is expected");
}

TEST(ChipSpecFile, refuses_what_is_not_toml) {
  const std::string error = error_of("[chip]\ntitle = \n");
  EXPECT_EQ(error.substr(0, 31), "test.toml:2: not valid TOML: pa") << error;
  EXPECT_EQ(error_of("[chip]\nx = " + std::string(100, '[')), "test.toml:2: brackets nest deeper than 8");
  EXPECT_EQ(error_of(std::string(70000, '#')), "test.toml: 70000 bytes, the limit is 65536");
  EXPECT_EQ(load_chip_spec("/nowhere/chip.toml").error().code, Code::kNotFound);
  EXPECT_EQ(load_chip_specs("/nowhere").error().message,
            "/nowhere: cannot list the folder: No such file or directory");
}

// Any single byte changed: a spec or a message, never a crash.
TEST(ChipSpecFile, survives_every_changed_byte) {
  for (std::size_t at = 0; at < kGood.size(); at += 11)
    for (const char c : {'"', '[', '\n', '\0', '9', '='}) {
      std::string text(kGood);
      text[at] = c;
      const Result<ChipSpec> chip = parse_chip_spec(text, "test.toml");
      EXPECT_TRUE(chip || !chip.error().message.empty());
    }
}

}  // namespace
}  // namespace chengying::isa
