// ClientConfig: which service to talk to and with which key: from the command line, else the environment
// (CHENGYING_SERVER, CHENGYING_KEY), else ~/.config/chengying/client.toml, else http://127.0.0.1:8080. A
// value.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace chengying::cli {

struct ClientConfig {
  std::string server, key;
};

/// --server and --key.
void add_client_flags(CLI::App& app, ClientConfig& flags);
/// Fills what `flags` leaves empty. A broken file is kInvalidArgument; no file is none.
Result<ClientConfig> complete(const ClientConfig& flags);

/// $XDG_CONFIG_HOME/chengying/client.toml, or the same below ~/.config.
std::filesystem::path client_config_path();
/// Writes it, readable by its owner only.
Status save_client_config(const ClientConfig& config);

}  // namespace chengying::cli
