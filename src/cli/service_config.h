// ServiceConfig: the cloud that a data folder holds: its chips and prices, from files or from the binary. A
// value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "cloud/cloud.h"

namespace CLI {
class App;
}

namespace chengying::cli {

struct ServiceFlags {
  std::string data = "data", store, process, chips_folder, prices, fleet;
  std::int64_t batch_delay_us = 0;
  std::int64_t queue = 256;
  unsigned threads = 0;
  bool workers = false;  // each slice a process of its own
  bool inject_faults = false;
};

/// --store: the URL of a store that is not a file in the data folder.
void add_store_flag(CLI::App& app, std::string& store);
/// --data, --store, --name, --chips-dir, --prices, --fleet and the flags of the chips' slices.
void add_service_flags(CLI::App& app, ServiceFlags& flags);
Result<cloud::Config> service_config(const ServiceFlags& flags);

/// Where a running service says its address to whoever may read the data folder.
std::filesystem::path address_file(const std::filesystem::path& data, const std::string& process = "");

}  // namespace chengying::cli
