#include "cloud/backup.h"

#include <gmock/gmock.h>

#include "cloud/store/database.h"
#include "cloud/testing.h"

namespace chengying::cloud {
namespace {

using testing::CloudTest;
using ::testing::HasSubstr;

class BackupTest : public CloudTest {
 protected:
  std::filesystem::path backup() const { return folder_ / "backups" / "one"; }
  void SetUp() override {
    CloudTest::SetUp();
    std::filesystem::create_directories(folder_ / "backups");
    endpoint_of(tenant_, "e");
  }
};

TEST_F(BackupTest, IsTakenWhileRequestsRunAndServesAfterItsRestore) {
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::thread load([&] {
    while (!stop) answered += infer(tenant_, "e").has_value() ? 1 : 0;
  });
  while (answered < 20) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto sums = back_up(folder_, backup(), store_url_);
  stop = true;
  load.join();
  ASSERT_TRUE(sums) << sums.error().message;
  EXPECT_GE(sums->records, 20);
  EXPECT_LE(sums->records, answered + 1);
  EXPECT_EQ(sums->models, 1);
  cloud_.reset();

  const std::string url = testing::new_store("");
  const auto restored = restore(backup(), folder_ / "again", url);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->store.hex(), sums->store.hex());
  Config again = config();
  again.data_folder = folder_ / "again";
  again.store_url = url;
  auto opened = Cloud::open(std::move(again));
  ASSERT_TRUE(opened) << opened.error().message;
  cloud_ = *std::move(opened);
  wait_until_ready();
  const auto answer = infer(tenant_, "e");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->receipt.record, sums->records + 1) << "the tenant's records go on where the backup was";
}

TEST_F(BackupTest, RefusesWhatIsThereAndWhatIsNoDataFolder) {
  ASSERT_TRUE(back_up(folder_, backup(), store_url_));
  EXPECT_EQ(back_up(folder_, backup()).error().code, Code::kConflict);
  EXPECT_EQ(back_up(folder_ / "nothing", folder_ / "backups" / "two").error().code, Code::kNotFound);
  EXPECT_EQ(restore(folder_ / "nothing", folder_ / "again").error().code, Code::kNotFound);
  EXPECT_EQ(restore(backup(), folder_).error().code, Code::kConflict);
}

TEST_F(BackupTest, ATamperedOrNewerBackupIsNotRestoredAndLeavesNothing) {
  ASSERT_TRUE(infer(tenant_, "e"));
  ASSERT_TRUE(back_up(folder_, backup(), store_url_));
  {
    auto database = Database::open(backup() / "store.sqlite", false);
    ASSERT_TRUE(database->execute(
        "UPDATE accounts SET balance = balance + 1 WHERE id LIKE 'tenant:%' AND balance > 0"));
  }
  const auto tampered = restore(backup(), folder_ / "again");
  ASSERT_FALSE(tampered);
  EXPECT_EQ(tampered.error().code, Code::kDataLoss);
  EXPECT_THAT(tampered.error().message, HasSubstr("its entries sum up to"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "again"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "again.new"));
  {
    auto database = Database::open(backup() / "store.sqlite", false);
    ASSERT_TRUE(database->execute("PRAGMA user_version = 99"));
  }
  EXPECT_EQ(restore(backup(), folder_ / "again").error().code, Code::kUnsupported);
}

TEST_F(BackupTest, GoesFromOneDatabaseIntoTheOtherAndBackWithTheSameDigest) {
  ASSERT_TRUE(infer(tenant_, "e"));
  const auto sums = back_up(folder_, backup(), store_url_);
  ASSERT_TRUE(sums) << sums.error().message;
  cloud_.reset();
  const std::string url = testing::PostgresServer::new_store();
  const auto moved = restore(backup(), folder_ / "moved", url);
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "moved" / "store.sqlite"));
  EXPECT_EQ(restore(backup(), folder_ / "twice", url).error().code, Code::kConflict)
      << "it has a store by now";
  const auto again = back_up(folder_ / "moved", folder_ / "backups" / "again", url);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->store.hex(), sums->store.hex());
  EXPECT_EQ(again->models, 1);
}

}  // namespace
}  // namespace chengying::cloud
