// The files of a profile: a trace that reads as JSON and tells the walk, a roofline with each layer; and
// paths that cannot be written.
#include "cli/profile_files.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "base/file.h"
#include "cli/roofline.h"
#include "cli/trace.h"
#include "isa/testing.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;
using isa::testing::ProgramBuilder;

/// Copy in, a convolution, copy out, on one core of the small chip.
struct Profiled {
  Profiled() {
    ProgramBuilder b(1);
    const isa::View x = b.input("x", DType::kU8, {1, 8, 8, 16}), y = b.output("y", DType::kU8, {1, 8, 8, 16});
    const isa::View in = b.sram(0, DType::kU8, {1, 8, 8, 16}), out = b.sram(0, DType::kU8, {1, 8, 8, 16});
    const auto copied = b.add(isa::Copy{x, in});
    const auto convolved = b.add(b.conv_u8(in, out), {copied});
    b.add(isa::Copy{out, y}, {convolved});
    b.constants_in_sram(0);
    chip.launch_seconds = 1e-6;
    executable = b.executable(chip);
    executable.layers = {{"layer \"one\" <1>", "conv", 0}};
    timing = timing::walk(program(), chip, 1);
  }
  const isa::Program& program() const { return executable.programs.front(); }

  isa::ChipSpec chip = isa::testing::small_chip();
  isa::Executable executable;
  timing::Timing timing;
};

std::string text_of(const json::value& event, const char* key) {
  return event.at(key).as_string().c_str();
}

TEST(Trace, HasATrackForEachEngineAndASliceForEachInstruction) {
  const Profiled p;
  const json::value trace = json::parse(trace_json(p.executable, p.program(), p.chip, p.timing));
  std::size_t tracks = 0, instructions = 0;
  for (const json::value& event : trace.at("traceEvents").as_array()) {
    if (text_of(event, "ph") == "M" && text_of(event, "name") == "thread_name") ++tracks;
    if (text_of(event, "ph") != "X" || text_of(event, "cat") != "instruction") continue;
    const auto index = static_cast<std::size_t>(event.at("args").at("instruction").to_number<int>());
    const timing::InstructionTime& time = p.timing.instructions[index];
    EXPECT_NEAR(event.at("ts").to_number<double>(), static_cast<double>(time.start_cycle) * 1e-3, 1e-4);
    EXPECT_NEAR(event.at("dur").to_number<double>(),
                static_cast<double>(time.end_cycle - time.start_cycle) * 1e-3, 1e-4);
    ++instructions;
  }
  EXPECT_EQ(tracks, isa::kEngineCount);
  EXPECT_EQ(instructions, p.program().instructions.size());
}

// A clock whose cycle is no whole number of nanoseconds. What Perfetto cannot nest it drops.
TEST(Trace, HasSlicesThatNestOrFollowEachOtherOnEachTrack) {
  Profiled p;
  p.chip.clock_hz = 0.7e9;
  p.timing = timing::walk(p.program(), p.chip, 1);
  struct Slice {
    std::int64_t begin, end;
  };
  std::map<std::pair<int, int>, std::vector<Slice>> tracks;
  const auto nanoseconds = [](const json::value& event, const char* key) {
    return std::llround(event.at(key).to_number<double>() * 1000);
  };
  const json::value trace = json::parse(trace_json(p.executable, p.program(), p.chip, p.timing));
  for (const json::value& event : trace.at("traceEvents").as_array())
    if (text_of(event, "ph") == "X")
      tracks[{event.at("pid").to_number<int>(), event.at("tid").to_number<int>()}].push_back(
          {nanoseconds(event, "ts"), nanoseconds(event, "ts") + nanoseconds(event, "dur")});
  EXPECT_GE(tracks.size(), 2u);  // copies and the convolution
  for (const auto& [track, slices] : tracks)
    for (const Slice& a : slices)
      for (const Slice& b : slices)
        EXPECT_FALSE(a.begin < b.begin && b.begin < a.end && a.end < b.end)
            << track.second << ": " << a.begin << " to " << a.end << " and " << b.begin << " to " << b.end;
}

// Readers leave out process 0 and thread 0, and some know a track by its thread alone.
TEST(Trace, NumbersTracksSoThatEveryReaderKeepsThem) {
  Profiled p;
  p.timing.busy_cycles.resize(2);  // a slice of two cores, the second without work
  const json::value trace = json::parse(trace_json(p.executable, p.program(), p.chip, p.timing));
  std::map<int, int> process_of_thread;
  for (const json::value& event : trace.at("traceEvents").as_array()) {
    EXPECT_FALSE(text_of(event, "cat").empty());
    const int process = event.at("pid").to_number<int>(), thread = event.at("tid").to_number<int>();
    EXPECT_GE(process, 1);
    EXPECT_GE(thread, 1);
    EXPECT_EQ(process_of_thread.try_emplace(thread, process).first->second, process) << thread;
  }
  EXPECT_EQ(process_of_thread.size(), 2 * isa::kEngineCount);
}

TEST(Trace, SaysWhatEachEngineWaitedFor) {
  const Profiled p;
  const std::string trace = trace_json(p.executable, p.program(), p.chip, p.timing);
  EXPECT_NE(trace.find("\"name\":\"waits for the command processor\""), trace.npos);
  EXPECT_NE(trace.find("waits for layer \\\"one\\\" <1> (copy): latency"), trace.npos);
  EXPECT_NE(trace.find("waits for layer \\\"one\\\" <1> (copy): host link"), trace.npos);
}

TEST(Roofline, ShowsEachLayerBelowTheRoof) {
  const Profiled p;
  const Plot plot = roofline_of(p.executable, p.program(), p.chip, p.timing);
  ASSERT_EQ(plot.series.size(), 2u);
  ASSERT_EQ(plot.series[0].points.size(), 1u);
  const PlotPoint layer = plot.series[0].points[0], ridge = plot.series[1].points[1];
  EXPECT_EQ(layer.label, "layer \"one\" <1>");
  EXPECT_EQ(ridge.y, 2.0 * 16 * 16 * 4 * 1e9);
  EXPECT_EQ(ridge.x, ridge.y / 256e9);  // the small chip's SRAM: 256 bytes a cycle
  EXPECT_LT(layer.y, std::min(ridge.y, layer.x * 256e9));
}

TEST(ProfileFiles, AreWrittenWhereTheyAreWanted) {
  const Profiled p;
  const std::string folder = ::testing::TempDir();
  const ProfileFiles files{folder + "/profile_files_trace.json", folder + "/profile_files_roof.svg"};
  ASSERT_TRUE(write_profile_files(files, p.executable, p.program(), p.chip, p.timing));
  EXPECT_NE(read_text_file(files.trace, 1 << 20).value_or("").find("traceEvents"), std::string::npos);
  EXPECT_NE(read_text_file(files.roofline, 1 << 20).value_or("").find("<svg"), std::string::npos);
}

TEST(ProfileFiles, ThatCannotBeWrittenAreRefusedByTheirPath) {
  const Profiled p;
  for (const ProfileFiles& files :
       {ProfileFiles{"/nowhere/trace.json", ""}, ProfileFiles{"", "/nowhere/trace.json"}}) {
    const Status status = write_profile_files(files, p.executable, p.program(), p.chip, p.timing);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message.substr(0, 19), "/nowhere/trace.json");
  }
}

}  // namespace
}  // namespace chengying::cli
