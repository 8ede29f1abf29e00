// The one place that includes Beast's server side. A connection is a coroutine on a strand of its own.
#include "cloud/doors/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "base/digest.h"
#include "cloud/doors/answers.h"
#include "cloud/doors/replies.h"
#include "cloud/doors/spool.h"

namespace chengying::doors {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;
using Parser = http::request_parser<http::buffer_body>;

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kBufferBytesMax =
    256 * 1024;  // unread bytes of a connection; bounds chunk extensions too
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kCancelAgain{20};

class Connection;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::put:
      return Method::kPut;
    case http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

}  // namespace

struct HttpServer::State {
  State(const ServerOptions& wanted, Admit admit_head) : options(wanted), admit(std::move(admit_head)) {}

  const ServerOptions options;
  const Admit admit;
  const std::string id_prefix = random_hex(4);
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::size_t> in_flight = 0;
  std::atomic<std::uint64_t> body_bytes = 0;
  std::atomic<bool> draining = false;
  std::shared_ptr<Replies> replies = std::make_shared<Replies>();

  mutable std::mutex mutex;  // guards open
  std::condition_variable closed;
  std::list<Connection*> open;

  // Last, so that the connections, which live in io's queues, end while all above still stands.
  net::io_context io;
  std::uint16_t port = 0;
  tcp::acceptor acceptor{net::make_strand(io)};
  std::vector<std::thread> threads;

  net::awaitable<void> accept_all();
};

namespace {

using State = HttpServer::State;

/// Counts a request, and the bytes that its body may take, until it is answered.
class Reservation {
 public:
  Reservation(State& state, std::uint64_t bytes) : state_(state), bytes_(bytes) {
    in_flight_ = ++state_.in_flight;
    body_bytes_ = state_.body_bytes += bytes_;
  }
  ~Reservation() {
    --state_.in_flight;
    state_.body_bytes -= bytes_;
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  bool fits() const {
    return in_flight_ <= state_.options.in_flight_max && body_bytes_ <= state_.options.body_memory_max_bytes;
  }

 private:
  State& state_;
  std::uint64_t bytes_, body_bytes_;
  std::size_t in_flight_;
};

/// One client. Shared by its coroutine, by posted answers and by drain's posted close.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(State& state, tcp::socket socket)
      : state_(state),
        socket_(std::move(socket)),
        deadline_(socket_.get_executor()),
        answered_(socket_.get_executor()) {
    const std::lock_guard lock(state_.mutex);
    place_ = state_.open.insert(state_.open.end(), this);
  }
  ~Connection() {
    const std::lock_guard lock(state_.mutex);
    state_.open.erase(place_);
    state_.closed.notify_all();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  static net::awaitable<void> run(std::shared_ptr<Connection> self) {
    error_code ignored;
    self->socket_.set_option(tcp::no_delay(true), ignored);
    bool more = true;
    while (more && co_await self->request_begins()) more = co_await self->serve_one();
    self->socket_.close(ignored);
  }

  /// Any thread.
  void close_if_idle() {
    net::post(socket_.get_executor(), [weak = weak_from_this()] {
      error_code ignored;
      if (const auto self = weak.lock(); self && self->idle_) self->socket_.close(ignored);
    });
  }

 private:
  /// From now on all that the socket does together may take so long. Then it is cancelled, again and again
  /// until allow is called anew, because a cancel can fall between two steps of one operation.
  /// (beast::tcp_stream would close the socket instead, and the client could not be told.)
  void allow(std::chrono::milliseconds time) {
    late_ = false;
    deadline_.expires_after(time);
    arm();
  }
  void arm() {
    deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->deadline_.expiry() > net::steady_timer::clock_type::now()) return;
      error_code ignored;
      self->late_ = true;
      self->socket_.cancel(ignored);
      self->deadline_.expires_after(kCancelAgain);
      self->arm();
    });
  }

  net::awaitable<bool> request_begins() {
    if (buffer_.size() > 0) co_return true;
    if (state_.draining) co_return false;
    idle_ = true;
    allow(state_.options.idle_timeout);
    error_code error;
    const std::size_t count = co_await socket_.async_read_some(
        buffer_.prepare(4096), net::redirect_error(net::use_awaitable, error));
    buffer_.commit(count);
    idle_ = false;
    co_return !error;
  }

  net::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(state_.options.header_bytes_max);
    parser.body_limit(boost::none);  // the route's own limit is held by read_body
    RequestHead head;
    head.id = fmt::format("req_{}{:08x}", state_.id_prefix, ++state_.requests);
    allow(state_.options.header_timeout);
    error_code error;
    co_await http::async_read_header(socket_, buffer_, parser,
                                     net::redirect_error(net::use_awaitable, error));
    keep_alive_ = false;
    head_only_ = false;
    if (error) {
      auto response = broken_head(head, error);
      co_return co_await give_up(head, response);
    }
    keep_alive_ = parser.keep_alive();
    head_only_ = parser.get().method() == http::verb::head;
    auto refusal = take_head(parser, head);
    if (refusal) co_return co_await give_up(head, refusal);
    co_return co_await serve_head(parser, head);
  }

  /// What to say about a head that could not be read; nothing if nobody is there to hear it.
  std::optional<Response> broken_head(const RequestHead& head, const error_code& error) const {
    if (late_) {
      return error_answer(head, 408, "deadline_exceeded", "the request's head did not arrive in time");
    }
    if (error == http::error::header_limit) {
      return error_answer(
          head, 431, "too_large",
          fmt::format("the request's head is longer than {} bytes", state_.options.header_bytes_max));
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
    if (error.category() != http::make_error_code(http::error::bad_method).category()) return std::nullopt;
    return error_answer(head, 400, "invalid_argument",
                        fmt::format("this is not an HTTP/1.1 request: {}", error.message()));
  }

  /// Fills the head; the answer if it can't be served at all.
  static std::optional<Response> take_head(const Parser& parser, RequestHead& head) {
    const auto& message = parser.get();
    head.method = method_of(message.method());
    head.chunked = parser.chunked();
    if (const auto length = parser.content_length()) head.content_length = *length;
    for (const auto& field : message) {
      head.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    auto target = parse_target({message.target().data(), message.target().size()});
    if (!target) return error_answer(head, 400, "invalid_argument", target.error());
    head.target = *std::move(target);
    if (message.has_content_length() && head.chunked) {
      return error_answer(head, 400, "invalid_argument",
                          "a request has Content-Length or is chunked, never both");
    }
    if (message.find(http::field::transfer_encoding) != message.end() && !head.chunked) {
      return error_answer(head, 501, "unsupported",
                          "the only Transfer-Encoding that is understood is chunked");
    }
    const auto expect = message.find(http::field::expect);
    if (expect != message.end() && !beast::iequals(expect->value(), "100-continue")) {
      return error_answer(head, 417, "unsupported",
                          "the only expectation that is understood is 100-continue");
    }
    return std::nullopt;
  }

  std::expected<Accepted, Response> acceptance(const RequestHead& head) const {
    if (state_.draining) {
      return std::unexpected(error_answer(head, {Code::kUnavailable, "the service is shutting down"}));
    }
    auto accepted = state_.admit(head);
    if (accepted && body_bytes(head, *accepted) > accepted->body_bytes_max) {
      return std::unexpected(too_large(head, *accepted));
    }
    return accepted;
  }

  /// At most so many.
  static std::uint64_t body_bytes(const RequestHead& head, const Accepted& accepted) {
    return head.content_length.value_or(head.chunked ? accepted.body_bytes_max : 0);
  }

  // g++ 12 destroys some temporaries of a co_await expression twice: what is awaited with is named first.
  net::awaitable<bool> serve_head(Parser& parser, const RequestHead& head) {
    auto accepted = acceptance(head);
    if (!accepted) co_return co_await refuse(head, accepted.error());
    const Reservation reservation(state_, accepted->body_to_file ? 0 : body_bytes(head, *accepted));
    if (!reservation.fits()) {
      Response busy = error_answer(
          head, {Code::kUnavailable, "the service has as many requests in flight as it takes; try again"});
      co_return co_await refuse(head, busy);
    }
    Request request;
    request.head = head;
    request.gone = gone_ = std::make_shared<std::atomic<bool>>(false);
    if (head.may_have_body()) {
      if (head.header("Expect") && !co_await write_continue()) co_return false;
      auto refusal = co_await read_body(parser, *accepted, request);
      if (refusal) co_return co_await refuse(head, *refusal);
    }
    Response response = co_await answer_of(head, *accepted, request);
    co_return co_await write(head, response);
  }

  static Response too_large(const RequestHead& head, const Accepted& accepted) {
    return error_answer(head, {Code::kTooLarge,
                               accepted.body_bytes_max == 0
                                   ? std::string("this route takes no body")
                                   : fmt::format("the body is longer than the {} bytes that this route takes",
                                                 accepted.body_bytes_max)});
  }

  net::awaitable<std::optional<Response>> read_body(Parser& parser, const Accepted& accepted,
                                                    Request& request) {
    std::optional<SpoolWriter> spool;
    if (accepted.body_to_file) {
      auto opened = SpoolWriter::open(state_.options.spool_folder / (request.head.id + ".part"));
      if (!opened) co_return error_answer(request.head, opened.error());
      spool.emplace(*std::move(opened));
    }
    const std::uint64_t expected = request.head.content_length.value_or(0);
    if (expected > kChunkBytes) buffer_.reserve(kChunkBytes);
    allow(time_for(expected));
    std::vector<char> chunk(std::min<std::uint64_t>(kChunkBytes, expected > 0 ? expected : kChunkBytes));
    std::uint64_t total = 0;
    while (!parser.is_done()) {
      if (request.head.chunked) allow(time_for(0));  // for each piece: its length isn't known before
      parser.get().body() = {chunk.data(), chunk.size(), true};
      error_code error;
      co_await http::async_read(socket_, buffer_, parser, net::redirect_error(net::use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
      if (error) co_return broken_body(request.head);
      const std::size_t count = chunk.size() - parser.get().body().size;
      total += count;
      if (total > accepted.body_bytes_max) co_return too_large(request.head, accepted);
      if (!spool) {
        request.body.append(chunk.data(), count);
      } else if (Status written = spool->write(chunk.data(), count); !written) {
        co_return error_answer(request.head, written.error());
      }
    }
    if (spool) request.body_file = spool->take_file();
    co_return std::nullopt;
  }

  Response broken_body(const RequestHead& head) const {
    if (late_) {
      return error_answer(head, 408, "deadline_exceeded", "the request's body did not arrive in time");
    }
    return error_answer(head, 400, "invalid_argument",
                        "the request's body ends early or its chunks are malformed");
  }

  /// While somebody works for the client: whether it is still there. Bytes that come are its next request.
  void watch() {
    socket_.async_wait(tcp::socket::wait_read,
                       [weak = weak_from_this(), gone = gone_](const error_code& error) {
                         const auto self = weak.lock();
                         if (error || !self) return;  // no need any more
                         char byte = 0;
                         error_code closed;
                         self->socket_.receive(net::buffer(&byte, 1), tcp::socket::message_peek, closed);
                         if (!closed) return;
                         *gone = true;
                         self->answered_.cancel();
                       });
  }
  void end_watch() {
    error_code ignored;
    socket_.cancel(ignored);
  }

  /// Asks for an answer and waits for it without holding the thread; if it is `for_client` alone, only for as
  /// long as the client is there.
  net::awaitable<Response> answer_from(const RequestHead& head, std::function<void(Reply)> ask,
                                       bool for_client) {
    answer_.reset();
    answered_.expires_at(std::chrono::steady_clock::time_point::max());
    deadline_.cancel();
    auto reply = state_.replies->expect(head, [self = shared_from_this()](Response response) {
      net::post(self->socket_.get_executor(), [self, response = std::move(response)]() mutable {
        self->answer_ = std::move(response);
        self->answered_.cancel();
      });
    });
    watch();
    ask(std::move(reply));
    error_code ignored;
    while (!answer_ && !(for_client && *gone_)) {
      co_await answered_.async_wait(net::redirect_error(net::use_awaitable, ignored));
    }
    end_watch();
    if (!answer_) co_return Response{.status = 500};
    co_return *std::move(answer_);
  }

  /// Hands the request on.
  net::awaitable<Response> answer_of(const RequestHead& head, const Accepted& accepted, Request& request) {
    std::function<void(Reply)> ask = [&](Reply reply) { accepted.run(std::move(request), std::move(reply)); };
    co_return co_await answer_from(head, std::move(ask), false);
  }

  /// Each part leaves before the next is asked for. True if the connection can serve another request.
  net::awaitable<bool> write_parts(const RequestHead& head, Response& response) {
    http::response<http::empty_body> message;
    set_head(message, head, response);
    message.chunked(true);
    allow(state_.options.body_grace);
    http::response_serializer<http::empty_body> serializer(message);
    error_code error;
    co_await http::async_write_header(socket_, serializer, net::redirect_error(net::use_awaitable, error));
    bool ended = head_only_;
    while (!error && !ended) {
      std::function<void(Reply)> ask = [&](Reply reply) { response.parts->next(std::move(reply)); };
      Response part = co_await answer_from(head, std::move(ask), true);
      ended = part.status == 204;
      if (part.status != 200) break;  // without an end: the client sees that the last chunk is missing
      allow(time_for(part.body.size()));
      co_await net::async_write(socket_, http::make_chunk(net::buffer(part.body)),
                                net::redirect_error(net::use_awaitable, error));
    }
    response.parts.reset();
    if (error || !ended) co_return false;
    if (!head_only_) {
      allow(state_.options.body_grace);
      co_await net::async_write(socket_, http::make_chunk_last(),
                                net::redirect_error(net::use_awaitable, error));
    }
    co_return !error && message.keep_alive();
  }

  template <class Message>
  void set_head(Message& message, const RequestHead& head, const Response& response) const {
    message.result(static_cast<unsigned>(response.status));
    message.version(11);
    message.set(http::field::server, "chengying");
    message.set("Chengying-Request-Id", head.id);
    if (response.status != 204) message.set(http::field::content_type, response.content_type);
    for (const Header& header : response.headers) message.set(header.name, header.value);
    message.keep_alive(keep_alive_ && !response.close && !state_.draining);
  }

  net::awaitable<bool> write_continue() {
    http::response<http::empty_body> message{http::status::continue_, 11};
    allow(state_.options.body_grace);
    error_code error;
    co_await http::async_write(socket_, message, net::redirect_error(net::use_awaitable, error));
    co_return !error;
  }

  /// Answers a request without reading its body. True if it has none, so that the connection can go on.
  net::awaitable<bool> refuse(const RequestHead& head, Response& response) {
    if (!head.may_have_body()) co_return co_await write(head, response);
    std::optional<Response> last = std::move(response);
    co_return co_await give_up(head, last);
  }

  /// Says the last thing on a connection, if anything, and ends it.
  net::awaitable<bool> give_up(const RequestHead& head, std::optional<Response>& response) {
    if (response) {
      response->close = true;
      co_await write(head, *response);
    }
    co_await linger();
    co_return false;
  }

  /// True if the connection can serve another request.
  net::awaitable<bool> write(const RequestHead& head, Response& response) {
    if (response.parts != nullptr) co_return co_await write_parts(head, response);
    http::response<http::string_body> message;
    set_head(message, head, response);
    if (response.status != 204) message.content_length(response.body.size());
    if (!head_only_) message.body() = std::move(response.body);
    allow(time_for(message.body().size()));
    http::response_serializer<http::string_body> serializer(message);
    error_code error;
    if (head_only_) {
      co_await http::async_write_header(socket_, serializer, net::redirect_error(net::use_awaitable, error));
    } else {
      co_await http::async_write(socket_, serializer, net::redirect_error(net::use_awaitable, error));
    }
    co_return !error && message.keep_alive();
  }

  /// Ends our side and swallows for a moment what the client still sends, so that it can read the answer:
  /// closing at once would reset the connection and lose it.
  net::awaitable<void> linger() {
    error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    allow(kLingerTime);
    std::vector<char> chunk(kChunkBytes);
    while (!error) {
      co_await socket_.async_read_some(net::buffer(chunk), net::redirect_error(net::use_awaitable, error));
    }
  }

  std::chrono::milliseconds time_for(std::uint64_t bytes) const {
    return state_.options.body_grace +
           std::chrono::milliseconds(bytes * 1000 / state_.options.bytes_per_second_min);
  }

  State& state_;
  tcp::socket socket_;
  net::steady_timer deadline_;  // see allow
  bool late_ = false;           // it has passed
  beast::flat_buffer buffer_{kBufferBytesMax};
  net::steady_timer answered_;      // cancelled when answer_ is set
  std::optional<Response> answer_;  // on the strand, as all below
  std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
  bool idle_ = false, keep_alive_ = false, head_only_ = false;
  std::list<Connection*>::iterator place_;
};

net::awaitable<void> turn_away(tcp::socket socket) {
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nServer: chengying\r\nConnection: close\r\nRetry-After: 1\r\n"
      "Content-Type: application/json\r\nContent-Length: 86\r\n\r\n"
      "{\"error\":{\"code\":\"unavailable\",\"message\":\"too many connections\",\"request_id\":\"none\"}}\n";
  error_code ignored;
  co_await net::async_write(socket, net::buffer(kBusy), net::redirect_error(net::use_awaitable, ignored));
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void report(std::exception_ptr exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    spdlog::error("connection: {}", error.what());
  }
}

}  // namespace

net::awaitable<void> HttpServer::State::accept_all() {
  while (acceptor.is_open()) {
    error_code error;
    tcp::socket socket(net::make_strand(io));
    co_await acceptor.async_accept(socket, net::redirect_error(net::use_awaitable, error));
    if (error == net::error::operation_aborted) co_return;
    if (error) {  // out of file descriptors, most likely: let some close
      spdlog::warn("accept: {}", error.message());
      net::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(50));
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
      continue;
    }
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex);
      count = open.size();
    }
    const auto executor = socket.get_executor();
    if (count >= options.connections_max) {
      net::co_spawn(executor, turn_away(std::move(socket)), report);
    } else {
      net::co_spawn(executor, Connection::run(std::make_shared<Connection>(*this, std::move(socket))),
                    report);
    }
  }
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options, Admit admit) {
  auto state = std::make_unique<State>(options, std::move(admit));
  const auto refused = [&](const error_code& error) {
    return fail(Code::kUnavailable, "can't listen on {}:{}: {}", options.address, options.port,
                error.message());
  };
  error_code error;
  const auto address = net::ip::make_address(options.address, error);
  if (error) {
    return fail(Code::kInvalidArgument,
                "'{}' is not an IP address to listen on, such as 127.0.0.1 or 0.0.0.0", options.address);
  }
  const tcp::endpoint endpoint(address, options.port);
  tcp::acceptor& acceptor = state->acceptor;
  if (acceptor.open(endpoint.protocol(), error)) return refused(error);
  if (acceptor.set_option(net::socket_base::reuse_address(true), error)) return refused(error);
  if (acceptor.bind(endpoint, error)) return refused(error);
  if (acceptor.listen(net::socket_base::max_listen_connections, error)) return refused(error);
  state->port = acceptor.local_endpoint(error).port();
  net::co_spawn(acceptor.get_executor(), state->accept_all(), report);
  for (unsigned i = 0; i < std::max(1U, options.io_threads); ++i) {
    state->threads.emplace_back([&io = state->io] { io.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->io.stop();
  for (std::thread& thread : state_->threads) thread.join();
  state_->replies->close();
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

ServerCounts HttpServer::counts() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->open.size(), state_->in_flight, state_->body_bytes};
}

bool HttpServer::drain(std::chrono::milliseconds limit) {
  state_->draining = true;
  net::post(state_->acceptor.get_executor(), [state = state_.get()] {
    error_code ignored;
    state->acceptor.close(ignored);
  });
  std::unique_lock lock(state_->mutex);
  for (Connection* connection : state_->open) connection->close_if_idle();
  return state_->closed.wait_for(lock, limit, [this] { return state_->open.empty(); });
}

}  // namespace chengying::doors
