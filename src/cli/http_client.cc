// The one place that includes Beast's client side.
#include "cli/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>

#include "cli/version.h"

namespace chengying::cli {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Response = http::response_parser<http::string_body>;

constexpr std::chrono::seconds kConnectTime{10};
constexpr std::chrono::seconds kContinueTime{60};
constexpr std::chrono::minutes kAnswerTime{30};  // a quote may compile a model

}  // namespace

struct HttpClient::State {
  std::string host, port;
  net::io_context io;
  beast::tcp_stream stream{io};
  beast::flat_buffer buffer;
  bool open = false;

  /// Starts something asynchronous and waits for its end: so it has a deadline, which blocking calls have
  /// not.
  template <class Start>
  error_code wait(Start start) {
    error_code result;
    start([&result](error_code error, auto&&...) { result = error; });
    io.restart();
    io.run();
    return result;
  }

  Status connect();
  Status read_head(Response& response, std::chrono::nanoseconds time);
  template <class Body>
  Status write(http::request<Body>& message);
  Status write_file(http::request<http::empty_body>& message, const HttpRequest& request,
                    std::optional<Response>& answer);
  Result<HttpReply> read_answer(std::optional<Response>& answer);
  Status send_file(http::file_body::value_type& file, const HttpRequest& request, std::uint64_t size);
  std::unexpected<Error> failed(std::string_view what, const error_code& error);
};

std::unexpected<Error> HttpClient::State::failed(std::string_view what, const error_code& error) {
  open = false;
  stream.close();
  if (error == beast::error::timeout) {
    return fail(Code::kDeadlineExceeded, "http://{}:{} {}: no answer in time", host, port, what);
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) {
    return fail(Code::kUnavailable, "http://{}:{} {}: the server broke off", host, port, what);
  }
  return fail(Code::kUnavailable, "http://{}:{} {}: {}", host, port, what, error.message());
}

Status HttpClient::State::connect() {
  if (open) return {};
  buffer.clear();
  error_code error;
  net::ip::tcp::resolver resolver(io);
  const auto addresses = resolver.resolve(host, port, error);
  if (error) return failed("can't be found", error);
  stream.expires_after(kConnectTime);
  error = wait([&](auto done) { stream.async_connect(addresses, done); });
  if (error) return failed("can't be reached (is `chengying serve` running?)", error);
  stream.socket().set_option(net::ip::tcp::no_delay(true), error);
  open = true;
  return {};
}

Status HttpClient::State::read_head(Response& response, std::chrono::nanoseconds time) {
  response.body_limit(boost::none);
  stream.expires_after(time);
  const error_code error = wait([&](auto done) { http::async_read_header(stream, buffer, response, done); });
  if (error) return failed("did not answer", error);
  return {};
}

template <class Body>
Status HttpClient::State::write(http::request<Body>& message) {
  stream.expires_after(kAnswerTime);
  const error_code error = wait([&](auto done) { http::async_write(stream, message, done); });
  if (error) return failed("does not listen", error);
  return {};
}

Status HttpClient::State::send_file(http::file_body::value_type& file, const HttpRequest& request,
                                    std::uint64_t size) {
  std::vector<char> chunk(256 * 1024);
  for (std::uint64_t sent = 0; sent < size;) {
    error_code error;
    const std::size_t count = file.file().read(chunk.data(), chunk.size(), error);
    if (error || count == 0) return fail(Code::kUnavailable, "{}: can't be read", request.body_file.string());
    stream.expires_after(kContinueTime);
    error = wait([&](auto done) { net::async_write(stream, net::buffer(chunk.data(), count), done); });
    if (error) return {};  // the server has answered already, most likely: read that
    sent += count;
    if (request.progress) request.progress(sent, size);
  }
  return {};
}

/// Sends the head and, once the server has said that it will take it, the file. If it refuses: the head of
/// its answer.
Status HttpClient::State::write_file(http::request<http::empty_body>& message, const HttpRequest& request,
                                     std::optional<Response>& answer) {
  http::file_body::value_type file;
  error_code error;
  file.open(request.body_file.c_str(), beast::file_mode::scan, error);
  if (error) return fail(Code::kInvalidArgument, "{}: {}", request.body_file.string(), error.message());
  const std::uint64_t size = file.size();
  message.content_length(size);
  message.set(http::field::expect, "100-continue");
  TRY(write(message));
  TRY(read_head(answer.emplace(), kContinueTime));
  if (answer->get().result() != http::status::continue_) return {};
  answer.reset();
  return send_file(file, request, size);
}

Result<HttpReply> HttpClient::State::read_answer(std::optional<Response>& answer) {
  if (!answer) TRY(read_head(answer.emplace(), kAnswerTime));
  const error_code error = wait([&](auto done) { http::async_read(stream, buffer, *answer, done); });
  if (error) return failed("did not finish its answer", error);
  const auto& message = answer->get();
  HttpReply reply;
  reply.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    reply.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  reply.body = message.body();
  open = answer->keep_alive();
  if (!open) stream.close();
  return reply;
}

std::optional<std::string_view> HttpReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (beast::iequals(key, name)) return value;
  }
  return std::nullopt;
}

Result<HttpClient> HttpClient::make(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) {
    return fail(Code::kInvalidArgument,
                "'{}' is no server: it must be http://HOST[:PORT] (for https, put a proxy in front)", url);
  }
  rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  auto state = std::make_unique<State>();
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  state->host = rest.substr(0, has_port ? colon : rest.size());
  state->port = has_port ? rest.substr(colon + 1) : "80";
  if (state->host.starts_with('[') && state->host.ends_with(']')) {
    state->host = state->host.substr(1, state->host.size() - 2);
  }
  unsigned number = 0;
  const auto [end, error] =
      std::from_chars(state->port.data(), state->port.data() + state->port.size(), number);
  if (state->host.empty() || rest.find('/') != std::string_view::npos || error != std::errc() ||
      number == 0 || number > 65535 || end != state->port.data() + state->port.size()) {
    return fail(Code::kInvalidArgument, "'{}' is no server: it must be http://HOST[:PORT]", url);
  }
  return HttpClient(std::move(state));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::ask(const HttpRequest& request) {
  State& state = *state_;
  TRY(state.connect());
  http::request<http::empty_body> head;
  head.version(11);
  head.method_string(request.method);
  head.target(request.target);
  head.set(http::field::host, state.host + ":" + state.port);
  head.set(http::field::user_agent, fmt::format("chengying/{}", kVersion));
  for (const auto& [name, value] : request.headers) head.set(name, value);
  std::optional<Response> answer;
  if (!request.body_file.empty()) {
    TRY(state.write_file(head, request, answer));
  } else {
    http::request<http::string_body> message(std::move(head.base()), request.body);
    message.prepare_payload();
    TRY(state.write(message));
  }
  return state.read_answer(answer);
}

}  // namespace chengying::cli
