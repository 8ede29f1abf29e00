#include "cli/service_config.h"

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "cli/chip_source.h"
#include "cli/embedded.h"
#include "cli/fleet_config.h"
#include "cloud/faulty_device.h"

namespace chengying::cli {
namespace {

constexpr std::uint64_t kPricesLimitBytes = std::uint64_t{1} << 20;
constexpr char kPriceBook[] = "config/prices.toml";
constexpr std::chrono::milliseconds kHealthEvery{1'000};
constexpr char kFleet[] = "config/fleet.toml";

Result<std::map<std::string, std::int64_t>> read_fleet(const std::string& path) {
  if (path.empty()) return parse_fleet(embedded_file(kFleet).value_or(""), kFleet);
  TRY_ASSIGN(const std::string text, read_text_file(path, kPricesLimitBytes));
  return parse_fleet(text, path);
}

}  // namespace

void add_store_flag(CLI::App& app, std::string& store) {
  app.add_option(
         "--store", store,
         "postgresql://... : the store that control processes share (default: a file in the data folder)")
      ->envname("CHENGYING_STORE");
}

void add_service_flags(CLI::App& app, ServiceFlags& flags) {
  app.add_option("--data", flags.data, "Folder of all that must last; made if absent")->capture_default_str();
  add_store_flag(app, flags.store);
  app.add_option("--name", flags.process, "This control process's name among those that share a store");
  app.add_option("--chips-dir", flags.chips_folder, "Chip specs of this folder instead of the built-in ones");
  app.add_option("--prices", flags.prices, "Price book instead of the built-in one");
  app.add_option("--fleet", flags.fleet, "How many chips of each kind, instead of the built-in file");
  app.add_option("--batch-delay-us", flags.batch_delay_us,
                 "How long a request may wait for others to share a batch (default 0: not at all)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}));
  app.add_option("--queue", flags.queue, "Requests that may wait for a slice")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}));
  app.add_option("--threads", flags.threads, "Threads of a slice (default: its cores, at most the machine's)")
      ->check(CLI::Range(1, 256));
  app.add_flag("--inject-faults", flags.inject_faults,
               "For drills: the operator may make virtual chips fail (chengying fleet fault)");
}

Result<cloud::Config> service_config(const ServiceFlags& flags) {
  cloud::Config config;
  config.data_folder = flags.data;
  config.store_url = flags.store;
  config.process = flags.process;
  config.machinery = flags.workers ? cloud::machinery_of_workers() : cloud::real_machinery();
  if (flags.inject_faults) config.machinery.faults = std::make_shared<cloud::Faults>();
  config.health.every = kHealthEvery;
  config.price_book_path = flags.prices.empty() ? kPriceBook : flags.prices;
  if (flags.prices.empty()) {
    config.price_book_toml = embedded_file(kPriceBook).value_or("");
  } else {
    TRY_ASSIGN(config.price_book_toml, read_text_file(flags.prices, kPricesLimitBytes));
  }
  TRY_ASSIGN(const auto chips, all_chips(flags.chips_folder));
  TRY_ASSIGN(auto fleet, read_fleet(flags.fleet));
  for (const isa::ChipSpec& chip : chips) {
    runtime::DeviceOptions options;
    options.queue_capacity = static_cast<std::size_t>(flags.queue);
    options.batch_delay = std::chrono::microseconds(flags.batch_delay_us);
    options.threads_per_slice = flags.threads;
    const auto count = fleet.extract(chip.name);
    config.chips.push_back({chip, options, count.empty() ? 1 : count.mapped()});
  }
  // The built-in file names chips that another folder of specs may lack.
  if (!flags.fleet.empty() && !fleet.empty()) {
    return fail(Code::kNotFound, "{}: no chip is called \"{}\"", flags.fleet, fleet.begin()->first);
  }
  return config;
}

std::filesystem::path address_file(const std::filesystem::path& data, const std::string& process) {
  return data / (process.empty() ? "service.url" : fmt::format("service.{}.url", process));
}

}  // namespace chengying::cli
