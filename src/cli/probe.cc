#include "cli/probe.h"

#include <immintrin.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "cli/kernel_probe.h"
#include "cli/turns.h"

namespace chengying::cli {
namespace {

constexpr double kQuietShare = 0.95;  // of a core: what housekeeping takes is less than the rest
constexpr double kSpreadMax = 0.1;
constexpr int kRoundsOfTurns = 64;                            // some ten seconds
constexpr std::size_t kMemoryBytes = std::size_t{256} << 20;  // far more than a core's share of any cache
constexpr double kReadSeconds = 4e-3;

template <class T>
void keep(T& value) {
  asm volatile("" : "+r"(value));
}

constexpr std::uint64_t kRounds = 100'000;
constexpr std::uint64_t kSums = 12;  // independent ones, more than any latency needs

// Loops of the kernels' own multiply-accumulates, nothing but them. Written as assembly, so that none is
// optimised away or put together.
__attribute__((target("avx512f,avx512vnni"))) void vnni512() {
  for (std::uint64_t i = 0; i < kRounds; ++i)
    asm volatile(
        "vpdpbusd %%zmm30, %%zmm31, %%zmm0\n vpdpbusd %%zmm30, %%zmm31, %%zmm1\n"
        "vpdpbusd %%zmm30, %%zmm31, %%zmm2\n vpdpbusd %%zmm30, %%zmm31, %%zmm3\n"
        "vpdpbusd %%zmm30, %%zmm31, %%zmm4\n vpdpbusd %%zmm30, %%zmm31, %%zmm5\n"
        "vpdpbusd %%zmm30, %%zmm31, %%zmm6\n vpdpbusd %%zmm30, %%zmm31, %%zmm7\n"
        "vpdpbusd %%zmm30, %%zmm31, %%zmm8\n vpdpbusd %%zmm30, %%zmm31, %%zmm9\n"
        "vpdpbusd %%zmm30, %%zmm31, %%zmm10\n vpdpbusd %%zmm30, %%zmm31, %%zmm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11");
}

__attribute__((target("avx512f"))) void fma512() {
  for (std::uint64_t i = 0; i < kRounds; ++i)
    asm volatile(
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm0\n vfmadd231ps %%zmm30, %%zmm31, %%zmm1\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm2\n vfmadd231ps %%zmm30, %%zmm31, %%zmm3\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm4\n vfmadd231ps %%zmm30, %%zmm31, %%zmm5\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm6\n vfmadd231ps %%zmm30, %%zmm31, %%zmm7\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm8\n vfmadd231ps %%zmm30, %%zmm31, %%zmm9\n"
        "vfmadd231ps %%zmm30, %%zmm31, %%zmm10\n vfmadd231ps %%zmm30, %%zmm31, %%zmm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11");
}

/// Without VNNI a u8 x i8 product of four is three instructions: to i16 pairs, to i32, and the sum.
__attribute__((target("avx2"))) void maddubs256() {
  for (std::uint64_t i = 0; i < kRounds; ++i)
    asm volatile(
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm6\n vpmaddwd %%ymm13, %%ymm6, %%ymm6\n vpaddd %%ymm6, %%ymm0, "
        "%%ymm0\n"
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm7\n vpmaddwd %%ymm13, %%ymm7, %%ymm7\n vpaddd %%ymm7, %%ymm1, "
        "%%ymm1\n"
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm8\n vpmaddwd %%ymm13, %%ymm8, %%ymm8\n vpaddd %%ymm8, %%ymm2, "
        "%%ymm2\n"
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm9\n vpmaddwd %%ymm13, %%ymm9, %%ymm9\n vpaddd %%ymm9, %%ymm3, "
        "%%ymm3\n"
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm10\n vpmaddwd %%ymm13, %%ymm10, %%ymm10\n vpaddd %%ymm10, %%ymm4, "
        "%%ymm4\n"
        "vpmaddubsw %%ymm14, %%ymm15, %%ymm11\n vpmaddwd %%ymm13, %%ymm11, %%ymm11\n vpaddd %%ymm11, %%ymm5, "
        "%%ymm5\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11");
}

__attribute__((target("avx2,fma"))) void fma256() {
  for (std::uint64_t i = 0; i < kRounds; ++i)
    asm volatile(
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm0\n vfmadd231ps %%ymm14, %%ymm15, %%ymm1\n"
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm2\n vfmadd231ps %%ymm14, %%ymm15, %%ymm3\n"
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm4\n vfmadd231ps %%ymm14, %%ymm15, %%ymm5\n"
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm6\n vfmadd231ps %%ymm14, %%ymm15, %%ymm7\n"
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm8\n vfmadd231ps %%ymm14, %%ymm15, %%ymm9\n"
        "vfmadd231ps %%ymm14, %%ymm15, %%ymm10\n vfmadd231ps %%ymm14, %%ymm15, %%ymm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11");
}

/// The loops of a set of kernels, and how many multiply-accumulates of a vector a round of each has.
struct PeakLoops {
  void (*u8)();
  std::uint64_t u8_sums;
  void (*f32)();
};
PeakLoops loops_of(chip::KernelSet kernels) {
  return kernels == chip::KernelSet::kAvx512 ? PeakLoops{vnni512, kSums, fma512}
                                             : PeakLoops{maddubs256, kSums / 2, fma256};
}

/// Reads every cache line, in order.
std::uint64_t read_all(const std::vector<std::uint64_t>& words) {
  std::uint64_t a = 0, b = 0, c = 0, d = 0;
  for (std::size_t i = 0; i + 32 <= words.size(); i += 32) {
    a += words[i] + words[i + 4];
    b += words[i + 8] + words[i + 12];
    c += words[i + 16] + words[i + 20];
    d += words[i + 24] + words[i + 28];
  }
  return a + b + c + d;
}

/// Reads all of `bytes` a thread with each of `threads`, again and again.
class Reading {
 public:
  Reading(Turns& turns, std::size_t bytes, unsigned threads)
      : memories_(threads, std::vector<std::uint64_t>(bytes / 8, 1)),
        bytes_(static_cast<double>(bytes) * threads),
        work_(turns.add(Turns::Bound::kMemory, [this] { read(); }, kReadSeconds)) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  double bytes_per_second(const Turns& turns) const { return bytes_ / turns.seconds(work_).value; }

 private:
  void read() const {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < memories_.size(); ++t) others.emplace_back([this, t] { read_one(t); });
    read_one(0);
  }
  void read_one(std::size_t thread) const {
    std::uint64_t sum = read_all(memories_[thread]);
    asm volatile("" : "+r"(sum)::"memory");  // else one round serves for all: nothing changed between them
  }

  std::vector<std::vector<std::uint64_t>> memories_;
  double bytes_;
  Turns::Work work_;
};

/// Loads that each need the one before, in random order.
class Chase {
 public:
  explicit Chase(Turns& turns) : lines_(kMemoryBytes / sizeof(Line)) {
    std::vector<std::uint32_t> order(lines_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::shuffle(order, std::mt19937(1));
    for (std::size_t i = 0; i < order.size(); ++i) lines_[order[i]].next = order[(i + 1) % order.size()];
    work_ = turns.add(Turns::Bound::kMemory, [this] {
      for (std::size_t i = 0; i < kLoads; ++i) at_ = lines_[at_].next;
      keep(at_);
    });
  }
  Chase(const Chase&) = delete;
  Chase& operator=(const Chase&) = delete;

  double seconds(const Turns& turns) const { return turns.seconds(work_).value / kLoads; }

 private:
  static constexpr std::size_t kLoads = 30'000;
  struct alignas(64) Line {
    std::uint32_t next;
  };
  std::vector<Line> lines_;
  std::uint32_t at_ = 0;
  Turns::Work work_;
};

/// Copies within the caches.
class Copying {
 public:
  explicit Copying(Turns& turns)
      : work_(turns.add(Turns::Bound::kMemory, [this] {
          std::memcpy(to_.data(), from_.data(), kBytes);
          char* written = to_.data();
          asm volatile("" : "+r"(written)::"memory");
        })) {}
  Copying(const Copying&) = delete;
  Copying& operator=(const Copying&) = delete;

  double bytes_per_cycle(const Turns& turns) const { return kBytes / turns.cycles(work_).value; }

 private:
  static constexpr std::size_t kBytes = 1 << 20;
  std::vector<char> from_ = std::vector<char>(kBytes, 1), to_ = std::vector<char>(kBytes);
  Turns::Work work_;
};

/// The median time from waking a sleeping thread to its first instruction.
double handover_seconds() {
  std::mutex mutex;
  std::condition_variable_any woken;
  bool called = false, answered = true;
  Clock::time_point answer;
  std::jthread sleeper([&](const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (woken.wait(lock, stop, [&] { return called; })) {
      answer = Clock::now();
      called = false;
      answered = true;
      woken.notify_all();
    }
  });
  std::vector<double> times;
  for (int i = 0; i < 301; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // until it sleeps for sure
    std::unique_lock lock(mutex);
    const auto start = Clock::now();
    called = true;
    answered = false;
    woken.notify_all();
    woken.wait(lock, [&] { return answered; });
    times.push_back(std::chrono::duration<double>(answer - start).count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const std::size_t colon = line.find(": "); colon != line.npos) return line.substr(colon + 2);
  return "unknown CPU";
}

/// "32768K" and the like; 0 if it reads otherwise.
std::int64_t bytes_in(const std::string& text) {
  std::size_t end = 0;
  std::int64_t value = 0;
  for (; end < text.size() && text[end] >= '0' && text[end] <= '9' && value < (1 << 30); ++end)
    value = 10 * value + (text[end] - '0');
  if (end < text.size() && text[end] == 'K') value *= 1 << 10;
  if (end < text.size() && text[end] == 'M') value *= 1 << 20;
  return value;
}

/// As the kernel sees it where it says so. sysconf asks the CPU, and in a virtual machine the CPU may answer
/// with the cache of a whole socket, of which the machine has a part.
std::int64_t last_level_cache_bytes() {
  std::int64_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size");
    if (std::string text; file >> text) largest = std::max(largest, bytes_in(text));
  }
  if (largest > 0) return largest;
  for (const int name : {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE})
    largest = std::max(largest, std::int64_t{sysconf(name)});
  return largest;
}

}  // namespace

double quiet_share() {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<double> shares(cores);
  {
    std::vector<std::jthread> threads;
    for (unsigned core = 0; core < cores; ++core)
      threads.emplace_back([&shares, core] {
        const auto start = Clock::now();
        const double own = thread_seconds();
        while (seconds_since(start) < 0.2) addition_chain(1'000'000);
        shares[core] = (thread_seconds() - own) / seconds_since(start);
      });
  }
  return std::ranges::min(shares);
}

Status check_quiet(double share, double spread) {
  if (share < kQuietShare)
    return fail(
        Code::kUnavailable,
        "this machine is busy: a thread got {:.0f} % of a core, {:.0f} % are needed; stop other work and "
        "calibrate again",
        100 * share, 100 * kQuietShare);
  if (spread > kSpreadMax)
    return fail(
        Code::kUnavailable,
        "this machine is not steady: repeats of one measurement differ by {:.0f} %, at most {:.0f} % are "
        "allowed; stop other work and calibrate again",
        100 * spread, 100 * kSpreadMax);
  return {};
}

Result<MachineFacts> measure_machine() {
  MachineFacts facts{.cpu = cpu_name(), .kernels = chip::best_kernels()};
  if (facts.kernels == chip::KernelSet::kReference)
    return fail(Code::kUnsupported, "{}: calibration needs AVX2 or AVX-512 with VNNI", facts.cpu);
  facts.cores = std::max(1U, std::thread::hardware_concurrency());
  facts.memory_bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  facts.cache_bytes = last_level_cache_bytes();
  Turns turns;
  const PeakLoops loops = loops_of(facts.kernels);
  const Turns::Work u8 = turns.add(Turns::Bound::kCore, loops.u8);
  const Turns::Work f32 = turns.add(Turns::Bound::kCore, loops.f32);
  // A core's share of the cache, as long as it is: what a slice of one core finds there.
  const auto share =
      static_cast<std::size_t>(std::max<std::int64_t>(facts.cache_bytes / facts.cores, 1 << 20));
  const Reading cache(turns, share, 1);
  const Reading dram(turns, kMemoryBytes, static_cast<unsigned>(facts.cores));
  const Chase chase(turns);
  const Copying copying(turns);
  TRY_ASSIGN(const KernelProbe kernels, KernelProbe::make(facts.kernels, turns));
  turns.measure(kRoundsOfTurns);
  const auto a_cycle = [&](Turns::Work work, std::uint64_t sums) {
    return static_cast<double>(kRounds * sums) / turns.cycles(work).value;
  };
  facts.clock_hz = turns.clock_hz();
  facts.u8_instructions_per_cycle = a_cycle(u8, loops.u8_sums);
  facts.f32_instructions_per_cycle = a_cycle(f32, kSums);
  facts.cache_bytes_per_second = cache.bytes_per_second(turns);
  facts.dram_bytes_per_second = dram.bytes_per_second(turns);
  facts.dram_latency_seconds = chase.seconds(turns);
  facts.copy_bytes_per_second = copying.bytes_per_cycle(turns) * facts.clock_hz;
  facts.kernel_costs = kernels.costs(turns);
  facts.spread = turns.spread();
  facts.handover_seconds = handover_seconds();
  return facts;
}

}  // namespace chengying::cli
