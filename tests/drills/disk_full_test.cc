// The disk runs full under load: new work is refused in clear words, nothing that was answered is lost, and
// the service goes on by itself when there is room again. On a small tmpfs of its own; skipped where mounting
// is not allowed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;

class DiskFull : public CloudTest {
 protected:
  void SetUp() override {
    disk_ = std::filesystem::temp_directory_path() / ("chengying_disk_" + random_hex(6));
    std::filesystem::create_directories(disk_);
    if (mount("chengying", disk_.c_str(), "tmpfs", 0, "size=24m") != 0) {
      const std::string reason = std::strerror(errno);
      std::filesystem::remove_all(disk_);
      disk_.clear();
      GTEST_SKIP() << "a tmpfs can't be mounted here (" << reason
                   << "); StoreTest.AFullDiskRefusesLosesNothingAndGoesOnByItself covers the store";
    }
    CloudTest::SetUp();
    if (HasFatalFailure()) return;
    // The fixture's folder lies outside: begin again on the small disk.
    cloud_.reset();
    std::filesystem::copy(folder_, disk_ / "data", std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(folder_);
    folder_ = disk_ / "data";
    reopen();
  }
  void TearDown() override {
    if (disk_.empty()) return;
    CloudTest::TearDown();
    umount(disk_.c_str());
    std::filesystem::remove_all(disk_);
  }
  std::filesystem::path disk_;
};

TEST_F(DiskFull, RefusesLosesNothingAndGoesOn) {
  endpoint_of(tenant_, "abs");
  std::int64_t answered = 0, charged = 0, refused = 0;
  const auto one = [&] {
    const auto answer = infer(tenant_, "abs");
    if (answer) {
      ++answered;
      charged += answer->receipt.price.nano();
      return;
    }
    ++refused;
    EXPECT_EQ(answer.error().code, Code::kUnavailable);
    EXPECT_THAT(answer.error().message, ::testing::HasSubstr("nothing was lost"));
  };
  for (int i = 0; i < 20; ++i) one();
  EXPECT_EQ(refused, 0);
  {
    std::ofstream filler(disk_ / "filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
  }
  for (int i = 0; i < 3'000 && refused < 10; ++i) one();
  EXPECT_GE(refused, 10) << "the disk was meant to be full";
  EXPECT_FALSE(cloud_->stats().store_writable);
  std::filesystem::remove(disk_ / "filler");
  const std::int64_t before = answered;
  for (int i = 0; i < 20; ++i) one();
  EXPECT_EQ(answered, before + 20) << "it goes on by itself";
  EXPECT_EQ(cloud_->balance(tenant_)->spent.nano(), charged);
  reopen();  // checks the whole store
  EXPECT_EQ(cloud_->balance(tenant_)->spent.nano(), charged);
  EXPECT_EQ(cloud_->balance(tenant_)->held.nano(), 0);
  std::cout << fmt::format("{} answered and charged, {} refused while the disk was full, 0 lost\n", answered,
                           refused);
}

}  // namespace
}  // namespace chengying::cloud
