// Law 5: slices share nothing. And whatever the load, each answer is what it would be alone.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "runtime/cost.h"
#include "suite.h"

namespace chengying::laws {
namespace {

using runtime::LoadedId;
using runtime::RunDone;
using runtime::SliceId;

/// An executable on a slice and what it answers, alone, to a few requests.
struct Tenant {
  const Entry* entry;
  std::shared_ptr<const isa::Executable> executable;
  SliceId slice;
  LoadedId loaded;
  std::vector<std::pair<std::int32_t, std::vector<std::byte>>>
      known;  // batch and bytes of the request with seed i

  Tensor input(std::size_t i) const {
    return entry->input(known[i].first, static_cast<std::uint32_t>(100 * i));
  }
};

Tenant make_tenant(runtime::Device& device, SliceId slice, std::uint16_t cores, const Entry& entry,
                   const std::vector<std::int32_t>& batches) {
  Tenant tenant{&entry, entry.executable(device.spec(), cores, batches), slice, {}, {}};
  tenant.loaded = device.load(slice, tenant.executable).value();
  for (std::size_t i = 0; i < 6; ++i) {
    tenant.known.emplace_back(static_cast<std::int32_t>(1 + i % 3), std::vector<std::byte>{});
    tenant.known[i].second =
        run_alone(device.spec(), tenant.executable, tenant.input(i), 1, chip::KernelSet::kReference);
  }
  return tenant;
}

/// `count` requests one after another and some at once, each compared with what is known.
void load(runtime::Device& device, const Tenant& tenant, int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::size_t, std::future<RunDone>>> open;
  const auto settle = [&] {
    for (auto& [i, answer] : open) {
      const RunDone done = answer.get();
      EXPECT_EQ(bytes_of(done), tenant.known[i].second) << tenant.entry->name;
      EXPECT_EQ(done.cost.cycles,
                runtime::cost_of(*tenant.executable, device.spec(), tenant.known[i].first)->cycles);
    }
    open.clear();
  };
  for (int n = 0; n < count; ++n) {
    const std::size_t i = random() % tenant.known.size();
    open.emplace_back(i, send(device, tenant.slice, tenant.loaded, tenant.input(i)));
    if (random() % 4 == 0) settle();
  }
  settle();
}

TEST(SlicesLaw, RandomConcurrentLoadKeepsEveryAnswer) {
  const auto device = runtime::make_engine_device(
      chip_named("host"), {.threads_per_slice = 2, .batch_delay = std::chrono::microseconds(200)});
  std::vector<Tenant> tenants;
  for (std::size_t s = 0; s < 3; ++s) {
    const SliceId slice = device->open_slice(2).value();
    for (std::size_t e = 0; e < 2; ++e)
      tenants.push_back(
          make_tenant(*device, slice, 2, suite()[(7 * s + 5 * e + 1) % suite().size()], {1, 2, 4}));
  }
  std::vector<std::jthread> clients;
  for (std::uint32_t c = 0; c < 6; ++c)
    clients.emplace_back([&, c] { load(*device, tenants[c % tenants.size()], 60, c); });
}

TEST(SlicesLaw, ANeighbourThatComesAndGoesIsNotNoticed) {
  const auto device = runtime::make_engine_device(chip_named("host"), {.threads_per_slice = 1});
  const Tenant tenant = make_tenant(*device, device->open_slice(2).value(), 2, suite()[0], {1, 2});
  std::atomic<bool> stop = false;
  std::jthread neighbour([&] {
    for (std::uint32_t n = 0; !stop; ++n) {
      const SliceId slice = device->open_slice(1).value();
      const Entry& entry = suite()[n % suite().size()];
      const LoadedId loaded = device->load(slice, entry.executable(device->spec(), 1, {1})).value();
      auto answer = send(*device, slice, loaded, entry.input(1, n));
      if (n % 2 == 0) answer.wait();  // and else it may be closed under its request
      device->close_slice(slice);
      answer.wait();
    }
  });
  load(*device, tenant, 150, 1);
  stop = true;
}

TEST(SlicesLaw, EveryRequestEndsExactlyOnceWhileSlicesClose) {
  const isa::ChipSpec chip = chip_named("host");
  const Entry& entry = suite()[1];
  const auto executable = entry.executable(chip, 1, {1, 4});
  for (std::uint32_t round = 0; round < 10; ++round) {
    const auto device = runtime::make_engine_device(
        chip, {.queue_capacity = 8, .batch_delay = std::chrono::microseconds(round % 2 == 0 ? 0 : 100)});
    const SliceId slice = device->open_slice(1).value();
    const LoadedId loaded = device->load(slice, executable).value();
    std::atomic<int> accepted = 0, ended = 0;
    {
      std::vector<std::jthread> clients;
      for (int c = 0; c < 3; ++c)
        clients.emplace_back([&] {
          for (std::uint32_t n = 0; n < 20; ++n) {
            runtime::Work work{
                loaded, 1, {}, std::chrono::steady_clock::time_point::max(), [&](const RunDone&) {
                  ++ended;
                }};
            work.inputs.push_back(entry.input(1, n));
            if (device->submit(slice, std::move(work))) ++accepted;
          }
        });
      clients.emplace_back([&] { device->close_slice(slice); });
    }
    EXPECT_EQ(ended, accepted);
    EXPECT_EQ(device->free_cores(), chip.cores);
  }
}

}  // namespace
}  // namespace chengying::laws
