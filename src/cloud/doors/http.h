// Requests and responses of the door as plain values: what the server hands up and takes back. No HTTP
// library here. Values; a Reply may be called from any thread. A request's path and query are already
// percent-decoded.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chengying::doors {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOther };
/// "GET", "POST", ...
std::string_view name_of(Method method);

struct Header {
  std::string name, value;
};

/// A target such as "/v2/models/a%20b?top_k=5", taken apart.
struct Target {
  std::vector<std::string> segments;                       // "v2", "models", "a b"
  std::vector<std::pair<std::string, std::string>> query;  // in order; a name may come twice
  std::string path;                                        // as sent, without the query
  /// The first value of `name`, or nullopt.
  std::optional<std::string_view> query_value(std::string_view name) const;
};
/// The error says what is wrong with the target: no leading '/', a broken %-escape, a NUL, an empty segment
/// inside.
std::expected<Target, std::string> parse_target(std::string_view target);

struct RequestHead {
  Method method = Method::kGet;
  Target target;
  std::vector<Header> headers;
  std::string id;                               // ours, for logs and errors: "req_..."
  std::optional<std::uint64_t> content_length;  // absent: chunked, or no body
  bool chunked = false;
  bool may_have_body() const { return chunked || content_length.value_or(0) > 0; }
  /// The value of a header (names compare without case), or nullopt.
  std::optional<std::string_view> header(std::string_view name) const;
  /// How often the header is there.
  std::size_t count(std::string_view name) const;
};

/// A file that holds an uploaded body and is removed with the last holder's value.
class SpoolFile {
 public:
  explicit SpoolFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Set when the client has gone, so that nobody will read the answer. Shared with whatever works on it.
using Gone = std::shared_ptr<const std::atomic<bool>>;

struct Request {
  RequestHead head;
  std::string body;                      // empty if the body went to a file
  std::unique_ptr<SpoolFile> body_file;  // set if and only if the route asked for it
  Gone gone = nullptr;
};

struct Response;
/// Answers one request, once. If every copy goes away without an answer, the client gets status 500.
using Reply = std::function<void(Response)>;

/// An answer that comes in parts, each asked for when the one before has left. It goes away early if the
/// client does.
class Parts {
 public:
  virtual ~Parts() = default;
  /// Answers once, from any thread: the next part is the body; status 204 says that there is none any more.
  virtual void next(Reply deliver) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<Header> headers = {};
  bool close = false;                      // end the connection after it
  std::shared_ptr<Parts> parts = nullptr;  // instead of the body
};

}  // namespace chengying::doors
