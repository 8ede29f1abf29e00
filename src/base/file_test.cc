#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/digest.h"

namespace chengying {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() : folder_(std::filesystem::temp_directory_path() / ("chengying-file-" + random_hex(6))) {
    std::filesystem::create_directories(folder_);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_;
};

TEST_F(FileTest, WhatIsWrittenIsReadBack) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, std::string_view("first")));
  ASSERT_TRUE(write_file_atomically(path, std::string_view("second, longer")));
  EXPECT_EQ(read_text_file(path, 100).value(), "second, longer");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1)
      << "a temporary file was left";
}

TEST_F(FileTest, MappedBytesAreTheFilesBytesAndOutliveItsName) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, std::string_view("bytes")));
  auto mapped = MappedFile::open(path);
  ASSERT_TRUE(mapped);
  std::filesystem::remove(path);
  const MappedFile moved = *std::move(mapped);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(moved.bytes().data()), moved.bytes().size()), "bytes");
}

TEST_F(FileTest, AnEmptyFileMapsToNoBytes) {
  ASSERT_TRUE(write_file_atomically(folder_ / "empty", std::string_view()));
  EXPECT_TRUE(MappedFile::open(folder_ / "empty").value().bytes().empty());
}

TEST_F(FileTest, AMissingFileIsNotFoundAndNamed) {
  const auto missing = read_file(folder_ / "none", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message,
            (folder_ / "none").string() + ": cannot open: No such file or directory");
}

TEST_F(FileTest, AFileOverTheLimitIsRefusedWithBothSizes) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", std::string_view("12345")));
  EXPECT_TRUE(read_file(folder_ / "a", 5));
  const auto refused = read_file(folder_ / "a", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_EQ(refused.error().message, (folder_ / "a").string() + ": 5 bytes, the limit is 4");
}

TEST_F(FileTest, APipeIsRefusedAtOnceAndNothingIsWrittenOverOne) {
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe, 10).error().message, pipe.string() + ": not a regular file");
  EXPECT_EQ(MappedFile::open(pipe).error().message, pipe.string() + ": not a regular file");
  EXPECT_EQ(write_file_atomically(pipe, std::string_view("x")).error().message,
            pipe.string() + ": not a regular file; it is not overwritten");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(FileTest, AFolderIsNotAFile) {
  EXPECT_EQ(read_file(folder_, 10).error().message, folder_.string() + ": not a regular file");
  EXPECT_FALSE(MappedFile::open(folder_));
}

TEST_F(FileTest, WritingIntoAMissingFolderIsAnErrorAndLeavesNothing) {
  EXPECT_EQ(write_file_atomically(folder_ / "no" / "a", std::string_view("x")).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace chengying
