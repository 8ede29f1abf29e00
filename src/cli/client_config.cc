#include "cli/client_config.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <system_error>
#include <toml.hpp>

#include "base/file.h"

namespace chengying::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileLimitBytes = 64 * 1024;
constexpr char kDefaultServer[] = "http://127.0.0.1:8080";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<ClientConfig> read_config(const fs::path& path) {
  ClientConfig out;
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) return out;
  TRY_ASSIGN(const std::string text, read_text_file(path, kFileLimitBytes));
  try {
    std::istringstream stream(text);
    const toml::value document = toml::parse(stream, path.string());
    out.server = toml::find_or(document, "server", std::string());
    out.key = toml::find_or(document, "key", std::string());
  } catch (const std::exception&) {  // its message would show the key
    return fail(Code::kInvalidArgument, "{}: must hold server = \"http://...\" and key = \"chg_...\"",
                path.string());
  }
  return out;
}

}  // namespace

void add_client_flags(CLI::App& app, ClientConfig& flags) {
  app.add_option(
      "--server", flags.server,
      "The service, http://HOST:PORT (or CHENGYING_SERVER; default " + std::string(kDefaultServer) + ")");
  app.add_option("--key", flags.key,
                 "Your key (better: CHENGYING_KEY, or `chengying login`: others can see flags)");
}

Result<ClientConfig> complete(const ClientConfig& flags) {
  ClientConfig out = flags;
  if (out.server.empty()) out.server = environment("CHENGYING_SERVER");
  if (out.key.empty()) out.key = environment("CHENGYING_KEY");
  if (out.server.empty() || out.key.empty()) {
    TRY_ASSIGN(const ClientConfig file, read_config(client_config_path()));
    if (out.server.empty()) out.server = file.server;
    // A key goes only to the service that it was saved for.
    if (out.key.empty() && (file.server.empty() || file.server == out.server)) out.key = file.key;
  }
  if (out.server.empty()) out.server = kDefaultServer;
  return out;
}

fs::path client_config_path() {
  const std::string folder = environment("XDG_CONFIG_HOME"), home = environment("HOME");
  if (!folder.empty()) return fs::path(folder) / "chengying" / "client.toml";
  return home.empty() ? fs::path() : fs::path(home) / ".config" / "chengying" / "client.toml";
}

Status save_client_config(const ClientConfig& config) {
  const fs::path path = client_config_path();
  if (path.empty()) return fail(Code::kUnavailable, "neither HOME nor XDG_CONFIG_HOME says where to write");
  for (const std::string& text : {config.server, config.key}) {
    if (text.find_first_of("\"\\\n") != std::string::npos) {
      return fail(Code::kInvalidArgument, "a server or key has no quotes, backslashes or line ends");
    }
  }
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return fail(Code::kUnavailable, "{}: {}", path.parent_path().string(), error.message());
  fs::permissions(path.parent_path(), fs::perms::owner_all, error);
  TRY(write_file_atomically(path, fmt::format("server = \"{}\"\nkey = \"{}\"\n", config.server, config.key)));
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) return fail(Code::kUnavailable, "{}: {}", path.string(), error.message());
  return {};
}

}  // namespace chengying::cli
