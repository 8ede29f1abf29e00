#include "cli/operator_client.h"

#include "base/file.h"

namespace chengying::cli {
namespace {

constexpr std::uint64_t kSmallFileBytes = 4096;

Result<std::string> first_line(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kSmallFileBytes));
  return text.substr(0, text.find('\n'));
}

Result<ServiceClient> client_of(const std::filesystem::path& key_file, const std::string& url) {
  ClientConfig config;
  config.server = url;
  TRY_ASSIGN(config.key, first_line(key_file));
  return ServiceClient::make(config);
}

}  // namespace

Result<OperatorClient> OperatorClient::open(const std::string& data, const ClientConfig& client) {
  if (data.empty()) {
    TRY_ASSIGN(ServiceClient service, ServiceClient::make(client));
    return OperatorClient(nullptr, nullptr, std::move(service));
  }
  ServiceFlags flags;
  flags.data = data;
  TRY_ASSIGN(cloud::Config config, service_config(flags));
  auto cloud = cloud::Cloud::open(std::move(config));
  if (!cloud) {  // in use, most likely: then its service says where it is
    const auto url = first_line(address_file(data));
    if (cloud.error().code != Code::kConflict || !url) return std::unexpected(cloud.error());
    TRY_ASSIGN(ServiceClient service, client_of(std::filesystem::path(data) / "operator.key", *url));
    return OperatorClient(nullptr, nullptr, std::move(service));
  }
  doors::DoorOptions options;
  options.server.port = 0;
  TRY_ASSIGN(auto door, doors::Door::open(**cloud, options));
  const std::string url = fmt::format("http://127.0.0.1:{}", door->port());
  TRY_ASSIGN(ServiceClient service, client_of((*cloud)->operator_key_file(), url));
  return OperatorClient(*std::move(cloud), std::move(door), std::move(service));
}

}  // namespace chengying::cli
