// bad_worker WAY [FILE]: a worker that does its work well ("good") or in one of the ways that go wrong. Only
// for tests of those that watch it.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/worker/channel.h"
#include "runtime/worker/frame.h"
#include "runtime/worker/process.h"
#include "runtime/worker/serve_worker.h"

namespace chengying::runtime::worker {
namespace {

constexpr std::chrono::milliseconds kForever{0};

int good() {
  const Status served = serve_worker();
  if (!served) std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return served ? 0 : 1;
}

int die() {
  ::kill(::getpid(), SIGKILL);
  return 0;
}

int hang() {
  for (;;) ::pause();
}

/// With little more memory than it has at the start.
int hungry() {
  constexpr rlim_t kMoreBytes = rlim_t{512} << 20;
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + kMoreBytes;
  const rlimit both{limit, limit};
  ::setrlimit(RLIMIT_AS, &both);
  return good();
}

/// Opens and loads as it should; then `run` says what it does with a request.
int until_run(const std::function<int(Channel&, const RunFrame&)>& run) {
  Channel channel{Handle(kSocketOfWorker)};
  for (;;) {
    const auto packet = channel.receive(kForever);
    if (!packet) return 0;
    switch (*kind_of(packet->bytes)) {
      case Kind::kOpen:
        if (!channel.send_waiting(encode(OpenedFrame{}))) return 0;
        break;
      case Kind::kLoad:
        if (!channel.send_waiting(encode(LoadedFrame{decode<LoadFrame>(packet->bytes)->id, {}}))) return 0;
        break;
      case Kind::kRun:
        return run(channel, *decode<RunFrame>(packet->bytes));
      default:
        return 0;
    }
  }
}

int say(Channel& channel, const std::vector<std::byte>& packet) {
  if (!channel.send_waiting(packet)) return 0;
  return hang();
}

std::vector<std::byte> answer_to(const RunFrame& frame) {
  return encode(DoneFrame{frame.request, {}, {}});
}

/// Dies while it loads, as often as lines are missing in `file`.
int die_loading(const std::string& file, int times) {
  int died = 0;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) ++died;
  if (died >= times) return good();
  std::ofstream(file, std::ios::app) << "died\n";
  Channel channel{Handle(kSocketOfWorker)};
  const auto open = channel.receive(kForever);
  if (!open || !channel.send_waiting(encode(OpenedFrame{}))) return 0;
  return channel.receive(kForever) ? die() : 0;
}

struct Way {
  std::string_view name;
  int (*go)(const std::string& file);
};
constexpr std::array kWays{
    Way{"good", [](const std::string&) { return good(); }},
    Way{"ends", [](const std::string&) { return 3; }},
    Way{"never_opens", [](const std::string&) { return hang(); }},
    Way{"hungry", [](const std::string&) { return hungry(); }},
    Way{"dies_loading", [](const std::string& file) { return die_loading(file, 1 << 30); }},
    Way{"dies_loading_twice", [](const std::string& file) { return die_loading(file, 2); }},
    Way{"hangs", [](const std::string&) { return until_run([](auto&, auto&) { return hang(); }); }},
    Way{"says_nonsense",
        [](const std::string&) {
          return until_run(
              [](auto& channel, auto&) { return say(channel, std::vector<std::byte>(40, std::byte{0x55})); });
        }},
    Way{"says_nothing_much",
        [](const std::string&) {
          return until_run([](auto& channel, auto&) { return say(channel, {std::byte{1}}); });
        }},
    Way{"says_too_much",
        [](const std::string&) {
          return until_run([](auto& channel, auto& frame) {
            std::vector<std::byte> packet = answer_to(frame);
            packet.resize(kFrameBytesMost + 1);
            return say(channel, packet);
          });
        }},
    Way{"says_a_half",
        [](const std::string&) {
          return until_run([](auto& channel, auto& frame) {
            std::vector<std::byte> packet = answer_to(frame);
            packet.resize(packet.size() / 2);
            return say(channel, packet);
          });
        }},
    Way{"answers_another",
        [](const std::string&) {
          return until_run([](auto& channel, auto& frame) {
            return say(channel, encode(DoneFrame{frame.request + 1000, {}, {}}));
          });
        }},
    Way{"gives_orders",
        [](const std::string&) {
          return until_run([](auto& channel, auto& frame) { return say(channel, encode(frame)); });
        }},
};

}  // namespace
}  // namespace chengying::runtime::worker

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  for (const auto& way : chengying::runtime::worker::kWays)
    if (way.name == name) return way.go(argc > 2 ? argv[2] : "");
  std::fprintf(stderr, "bad_worker: no such way\n");
  return 2;
}
