#include "cloud/health.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstring>
#include <set>

namespace chengying::cloud {

namespace {
constexpr std::array<float, 4> kQuestion{-1.5F, 2.0F, -0.0F, -300.25F};
constexpr std::array<float, 4> kAnswer{1.5F, 2.0F, 0.0F, 300.25F};

// A model of one node, y = |x|, as ONNX writes it (protobuf: tag, length, bytes).
std::string bytes_field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string number_field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}
std::string value_info(const std::string& name) {
  constexpr int kFloat = 1;
  const std::string shape = bytes_field(1, number_field(1, 1)) +
                            bytes_field(1, number_field(1, static_cast<int>(kQuestion.size())));
  const std::string type = bytes_field(1, number_field(1, kFloat) + bytes_field(2, shape));
  return bytes_field(1, name) + bytes_field(2, type);
}
std::string self_test_model() {
  const std::string node = bytes_field(1, "x") + bytes_field(2, "y") + bytes_field(4, "Abs");
  const std::string graph = bytes_field(1, node) + bytes_field(2, "self_test") +
                            bytes_field(11, value_info("x")) + bytes_field(12, value_info("y"));
  return number_field(1, 8) + bytes_field(7, graph) + bytes_field(8, number_field(2, 13));
}

std::vector<Tensor> question() {
  Tensor x(DType::kF32, {1, static_cast<std::int64_t>(kQuestion.size())});
  std::memcpy(x.bytes().data(), kQuestion.data(), sizeof(kQuestion));
  std::vector<Tensor> inputs;
  inputs.push_back(std::move(x));
  return inputs;
}

std::string judge(const runtime::RunDone& run) {
  if (!run.outputs) return "gives no answers: " + run.outputs.error().message;
  const bool right = run.outputs->size() == 1 && run.outputs->front().bytes().size() == sizeof(kAnswer) &&
                     std::memcmp(run.outputs->front().bytes().data(), kAnswer.data(), sizeof(kAnswer)) == 0;
  return right ? "" : "gives wrong answers";
}

/// How many checks in a row have to find a chip late, slow or away.
constexpr int kPatience = 3;
}  // namespace

std::shared_ptr<const isa::Executable> Health::executable_for(const runtime::Device& device,
                                                              std::uint16_t cores) {
  auto& executable = executables_[{device.spec().name, cores}];
  if (executable != nullptr) return executable;
  compiler::CompileOptions options;
  options.cores = cores;
  auto compiled = machinery_.compile({{}, std::make_shared<const std::string>(self_test_model())},
                                     device.spec(), options);
  if (!compiled) {
    spdlog::warn("chip {} has no self-test: {}", device.spec().name, compiled.error().message);
    return nullptr;
  }
  executable = std::make_shared<const isa::Executable>(std::move(compiled->executable));
  return executable;
}

void Health::start(Probe& probe, const Place& place, std::uint16_t cores, std::int64_t now_us) {
  probe.good_until_us = now_us;
  const auto executable = executable_for(*place.device, cores);
  probe.usable = executable != nullptr;
  if (executable == nullptr) return;
  const auto loaded = place.device->load(place.slice, executable);
  if (loaded) {
    probe.loaded = *loaded;
    return;
  }
  // A chip that takes no program is as gone as one that takes no work.
  probe.answer = std::make_shared<Answer>();
  probe.answer->done = true;
  probe.answer->fault = "is gone: " + loaded.error().message;
}

void Health::ask(Probe& probe, const Place& place, std::int64_t fence, std::int64_t now_us) {
  probe.answer = std::make_shared<Answer>();
  probe.asked = std::chrono::steady_clock::now();
  probe.asked_us = now_us;
  const auto finish = [answer = probe.answer](std::string fault, bool slow, bool away) {
    const std::lock_guard lock(answer->mutex);
    answer->done = true;
    answer->slow = slow;
    answer->away = away;
    answer->fault = std::move(fault);
  };
  const std::chrono::nanoseconds slow_after = options_.slow_after;
  runtime::Work work{.loaded = probe.loaded,
                     .batch = 1,
                     .inputs = question(),
                     .done =
                         [finish, slow_after](runtime::RunDone run) {
                           const bool away = !run.outputs && run.outputs.error().code == Code::kUnavailable;
                           finish(judge(run),
                                  static_cast<std::int64_t>(run.cost.clock_ns) > slow_after.count(), away);
                         },
                     .fence = fence};
  const Status submitted = place.device->submit(place.slice, std::move(work));
  if (submitted) return;
  // A full queue is a busy chip, not a broken one.
  const Code code = submitted.error().code;
  finish(code == Code::kResourceExhausted ? "" : "is gone: " + submitted.error().message, false,
         code == Code::kUnavailable);
}

bool Health::waits(const Probe& probe) {
  if (probe.answer == nullptr) return false;
  const std::lock_guard lock(probe.answer->mutex);
  return !probe.answer->done;
}

std::string Health::fault_of(Probe& probe) const {
  if (probe.answer == nullptr) return "";
  const auto answer = probe.answer;
  const std::lock_guard lock(answer->mutex);
  if (!answer->done) {
    if (std::chrono::steady_clock::now() - probe.asked <= options_.stuck_after) return "";
    return ++probe.late >= kPatience ? "is stuck: its self-test does not end" : "";
  }
  if (!answer->fault.empty() && !answer->away) return answer->fault;
  probe.answer = nullptr;  // judged
  if (answer->away) return ++probe.late >= kPatience ? answer->fault : "";
  if (answer->slow) return ++probe.late >= kPatience ? "is slow: its self-test takes too long" : "";
  probe.late = 0;
  probe.good_until_us = probe.asked_us;
  return "";
}

std::vector<Health::Failed> Health::check(const Chips& chips, std::int64_t now_us) {
  std::map<std::string, Failed> failed;
  std::set<Key> seen;
  for (const auto& [holder, places] : chips.open()) {
    for (const Place& place : places.places) {
      const Key key{place.chip, place.slice};
      seen.insert(key);
      const auto [it, fresh] = probes_.try_emplace(key);
      Probe& probe = it->second;
      if (fresh) start(probe, place, places.cores, now_us);
      if (!probe.usable) continue;
      if (const std::string fault = fault_of(probe); !fault.empty()) {
        failed[place.chip] = {place.chip, fault, probe.good_until_us};
        continue;
      }
      if (!waits(probe) && std::chrono::steady_clock::now() - probe.asked >= options_.every)
        ask(probe, place, places.fence, now_us);
    }
  }
  std::erase_if(probes_, [&](const auto& each) { return !seen.contains(each.first); });
  std::vector<Failed> out;
  for (auto& [chip, each] : failed) out.push_back(std::move(each));
  return out;
}

}  // namespace chengying::cloud
