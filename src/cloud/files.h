// Files: the data folder: the store, model files by digest, compiled executables, secrets. One service at a
// time holds it (a lock); control processes that share a store share their folder too, each under its name.
// Secrets are readable by their owner only. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"

namespace chengying::cloud {

class Files {
 public:
  /// Makes the folder and takes its lock. kConflict if another process holds it.
  static Result<Files> open(const std::filesystem::path& folder, const std::string& process = "");
  Files(Files&& other) noexcept;
  Files& operator=(Files&&) = delete;
  ~Files();

  std::filesystem::path store() const { return folder_ / "store.sqlite"; }
  std::filesystem::path uploads() const { return uploads_; }
  std::filesystem::path operator_key() const { return folder_ / "operator.key"; }
  std::filesystem::path model(const Digest& digest) const { return folder_ / "models" / digest.hex(); }
  std::filesystem::path executable(const Digest& key) const {
    return folder_ / "executables" / (key.hex() + ".cyx");
  }
  /// The secret that signs quotes; made at random the first time.
  Result<std::string> quote_secret() const;
  /// The private key that signs price books; made at random the first time.
  Result<std::string> book_key() const;
  /// Writes a secret with mode 0600 from its first byte.
  Status write_secret(const std::filesystem::path& path, std::string_view text) const;

 private:
  Files(std::filesystem::path folder, std::filesystem::path uploads, int lock)
      : folder_(std::move(folder)), uploads_(std::move(uploads)), lock_(lock) {}
  std::filesystem::path folder_, uploads_;
  int lock_ = -1;
};

}  // namespace chengying::cloud
