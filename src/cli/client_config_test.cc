#include "cli/client_config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace chengying::cli {
namespace {

namespace fs = std::filesystem;

class ClientConfigTest : public testing::Test {
 protected:
  ClientConfigTest() {
    folder_ = fs::path(testing::TempDir()) / fmt::format("client_config_{}", ::getpid());
    fs::remove_all(folder_);
    ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
    ::unsetenv("CHENGYING_SERVER");
    ::unsetenv("CHENGYING_KEY");
  }
  fs::path folder_;
};

TEST_F(ClientConfigTest, TheCommandLineOutranksTheEnvironmentAndThatTheFile) {
  ASSERT_TRUE(save_client_config({"http://file:1", "chg_file"}));
  EXPECT_EQ(complete({})->server, "http://file:1");
  EXPECT_EQ(complete({})->key, "chg_file");
  ::setenv("CHENGYING_SERVER", "http://environment:1", 1);
  ::setenv("CHENGYING_KEY", "chg_environment", 1);
  EXPECT_EQ(complete({})->server, "http://environment:1");
  EXPECT_EQ(complete({})->key, "chg_environment");
  EXPECT_EQ(complete({"http://flag:1", "chg_flag"})->server, "http://flag:1");
  EXPECT_EQ(complete({"http://flag:1", "chg_flag"})->key, "chg_flag");
}

TEST_F(ClientConfigTest, WithoutAnythingItIsThisMachine) {
  EXPECT_EQ(complete({})->server, "http://127.0.0.1:8080");
  EXPECT_EQ(complete({})->key, "");
}

TEST_F(ClientConfigTest, ASavedKeyIsReadableByItsOwnerAloneAndGoesToItsServerAlone) {
  ASSERT_TRUE(save_client_config({"http://file:1", "chg_file"}));
  const auto mode = fs::status(client_config_path()).permissions();
  EXPECT_EQ(mode & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
  EXPECT_EQ(complete({"http://other:1", ""})->key, "");
}

TEST_F(ClientConfigTest, ABrokenFileIsNamedWithoutItsContents) {
  fs::create_directories(client_config_path().parent_path());
  std::ofstream(client_config_path()) << "key = chg_secret";
  const auto config = complete({});
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("client.toml"), std::string::npos);
  EXPECT_EQ(config.error().message.find("chg_secret"), std::string::npos);
}

}  // namespace
}  // namespace chengying::cli
