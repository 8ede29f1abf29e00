// chengying serve: the service, until it is told to stop.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/service_config.h"
#include "cloud/doors/door.h"

namespace chengying::cli {
namespace {

struct ServeOptions {
  ServiceFlags service;
  std::string listen = "127.0.0.1:8080";
  unsigned io_threads = 1;
  std::int64_t drain_seconds = 30;
  std::string isolation = "process";
};

/// "127.0.0.1:8080", "[::1]:8080", or only a port.
Status take_address(const std::string& listen, doors::ServerOptions& out) {
  const std::size_t colon = listen.rfind(':');
  std::string host = colon == std::string::npos ? out.address : listen.substr(0, colon);
  const std::string port = colon == std::string::npos ? listen : listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535 || host.empty()) {
    return fail(Code::kInvalidArgument, "--listen '{}' must be ADDRESS:PORT, such as 127.0.0.1:8080", listen);
  }
  out.address = host;
  out.port = static_cast<std::uint16_t>(number);
  return {};
}

/// The signals that end the service, blocked in this thread and all that it starts, so that sigwait gets
/// them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

std::string url_of(const doors::ServerOptions& server, std::uint16_t port) {
  const bool any = server.address == "0.0.0.0" || server.address == "::";
  const std::string host = any ? "127.0.0.1" : server.address;
  return host.find(':') == std::string::npos ? fmt::format("http://{}:{}", host, port)
                                             : fmt::format("http://[{}]:{}", host, port);
}

void announce(const std::string& url, const cloud::Cloud& cloud, const ServeOptions& options, bool as_json) {
  if (as_json) {
    fmt::print("{{\"url\":\"{}\",\"data\":\"{}\",\"operator_key_file\":\"{}\"}}\n", url, options.service.data,
               cloud.operator_key_file().string());
  } else {
    fmt::print("serving on {}\n  data folder   {}\n  operator key  {}\n  stop          Ctrl-C\n", url,
               options.service.data, cloud.operator_key_file().string());
  }
  std::fflush(stdout);
}

Status drain(doors::Door& door, cloud::Cloud& cloud, std::int64_t seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  door.drain(std::chrono::seconds(seconds));
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return cloud.drain(std::max(left, std::chrono::milliseconds(100)));
}

Status serve(const ServeOptions& options, bool as_json) {
  doors::DoorOptions door_options;
  TRY(take_address(options.listen, door_options.server));
  spdlog::set_level(spdlog::level::info);
  door_options.server.io_threads = options.io_threads;
  const sigset_t signals = block_signals();
  std::signal(SIGPIPE, SIG_IGN);
  ServiceFlags flags = options.service;
  flags.workers = options.isolation == "process";
  TRY_ASSIGN(cloud::Config config, service_config(flags));
  TRY_ASSIGN(const auto cloud, cloud::Cloud::open(std::move(config)));
  TRY_ASSIGN(const auto door, doors::Door::open(*cloud, door_options));
  const std::string url = url_of(door_options.server, door->port());
  TRY(write_file_atomically(address_file(options.service.data, options.service.process), url + "\n"));
  announce(url, *cloud, options, as_json);
  int signal = 0;
  sigwait(&signals, &signal);
  if (!as_json) fmt::print("stopping: requests in flight are answered first\n");
  const Status drained = drain(*door, *cloud, options.drain_seconds);
  std::error_code ignored;
  std::filesystem::remove(address_file(options.service.data, options.service.process), ignored);
  return drained;
}

}  // namespace

void add_serve(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ServeOptions>();
  app.add_option("--listen", options->listen, "ADDRESS:PORT; port 0: any free one")->capture_default_str();
  app.add_option("--io-threads", options->io_threads, "Threads that read and write connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  app.add_option("--drain-seconds", options->drain_seconds, "How long requests in flight may take at the end")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{3600}));
  app.add_option("--isolation", options->isolation,
                 "Each slice as a process of its own, or as threads of the service's")
      ->capture_default_str()
      ->check(CLI::IsMember({"process", "thread"}));
  add_service_flags(app, options->service);
  on_run(app, invocation, [options, &invocation] { return serve(*options, invocation.json); });
}

}  // namespace chengying::cli
