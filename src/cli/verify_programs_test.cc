#include "cli/verify_programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "billing/record.h"
#include "cloud/testing.h"
#include "runtime/cost.h"
#include "runtime/lengths_for_test.h"

namespace chengying::cli {
namespace {

using ::testing::HasSubstr;

class VerifyPrograms : public ::testing::Test {
 protected:
  VerifyPrograms() {
    chips_.push_back(cloud::testing::small_chip());
    const auto bytes =
        std::make_shared<const std::vector<std::byte>>(cloud::testing::absolute_file(1, {1, 4}));
    executables_.push_back(*isa::decode(*bytes, bytes));
    const auto cost = *runtime::cost_of(executables_[0], chips_[0], 4);
    record_.executable = executables_[0].digest;
    record_.chip = chips_[0].name;
    record_.clock_hz = static_cast<std::uint64_t>(std::llround(chips_[0].clock_hz));
    record_.batch = 4;
    record_.cycles = cost.cycles;
    record_.picojoules = cost.picojoules;
  }
  Result<std::int64_t> verify(billing::Record record) {
    seal(record);
    billing::Record capacity;
    capacity.kind = billing::RecordKind::kCapacity;
    seal(capacity);
    return verify_programs(to_json(capacity) + "\n" + to_json(record) + "\n", executables_, chips_);
  }
  std::vector<isa::ChipSpec> chips_;
  std::vector<isa::Executable> executables_;
  billing::Record record_;
};

TEST_F(VerifyPrograms, CyclesAndJoulesFollowFromProgramAndChip) {
  const auto checked = verify(record_);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(*checked, 1) << "capacity has no program";
}

TEST_F(VerifyPrograms, WhatTheProgramDoesNotGiveIsNamed) {
  const auto message = [&](auto change) {
    billing::Record changed = record_;
    change(changed);
    return verify(changed).error().message;
  };
  EXPECT_THAT(message([](auto& r) { r.cycles += 1; }), HasSubstr("records line 2: cycles is"));
  EXPECT_THAT(message([](auto& r) { r.picojoules -= 1; }), HasSubstr("picojoules is"));
  EXPECT_THAT(message([](auto& r) { r.clock_hz += 1; }), HasSubstr("clock_hz is"));
  EXPECT_THAT(message([](auto& r) { r.chip = "other"; }), HasSubstr("chip is other"));
  EXPECT_THAT(message([](auto& r) { r.executable = sha256("another"); }), HasSubstr("was not given"));
  chips_.clear();
  EXPECT_THAT(verify(record_).error().message, HasSubstr("whose spec was not given"));
}

TEST_F(VerifyPrograms, WorkFollowsItsArguments) {
  const auto bytes = std::make_shared<const std::vector<std::byte>>(
      isa::encode(*runtime::lengths::make_executable(chips_[0])));
  executables_ = {*isa::decode(*bytes, bytes)};
  record_.executable = executables_[0].digest;
  record_.batch = 1;
  record_.arguments = "4";
  const auto cost = *runtime::cost_of(executables_[0], chips_[0], 1, std::array{std::int64_t{4}});
  record_.cycles = cost.cycles;
  record_.picojoules = cost.picojoules;
  EXPECT_TRUE(verify(record_));
  const auto message = [&](std::string arguments) {
    billing::Record changed = record_;
    changed.arguments = std::move(arguments);
    return verify(changed).error().message;
  };
  EXPECT_THAT(message("1"), HasSubstr("cycles is"));
  EXPECT_THAT(message("129"), HasSubstr("argument 'length' is 129; it must be 1 to 128"));
  EXPECT_THAT(message("4,4"), HasSubstr("takes 1 arguments (length), 2 were given"));
  for (const char* text : {"4,", ",4", "4;4", "four", "99999999999999999999"})
    EXPECT_THAT(message(text), HasSubstr(fmt::format("arguments is \"{}\"", text)));
}

TEST_F(VerifyPrograms, WorkThatWasNotAnsweredHasNoCycles) {
  record_.status = "unavailable";
  record_.cycles = record_.picojoules = 0;
  EXPECT_EQ(verify(record_).value(), 1);
}

}  // namespace
}  // namespace chengying::cli
