#include "cloud/serving.h"

#include <mutex>

namespace chengying::cloud {

void Endpoints::put(std::shared_ptr<const Serving> serving) {
  const std::unique_lock lock(mutex_);
  const Endpoint& endpoint = *serving->endpoint;
  tenants_[endpoint.tenant][endpoint.name] = std::move(serving);
}

bool Endpoints::replace(const Serving& expected, std::shared_ptr<const Serving> next) {
  const std::unique_lock lock(mutex_);
  const auto names = tenants_.find(expected.endpoint->tenant);
  if (names == tenants_.end()) return false;
  const auto it = names->second.find(expected.endpoint->name);
  if (it == names->second.end() || it->second.get() != &expected) return false;
  if (next == nullptr) {
    names->second.erase(it);
  } else {
    it->second = std::move(next);
  }
  return true;
}

std::shared_ptr<const Serving> Endpoints::find(std::string_view tenant, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto names = tenants_.find(tenant);
  if (names == tenants_.end()) return nullptr;
  const auto it = names->second.find(name);
  return it == names->second.end() ? nullptr : it->second;
}

Result<ServingLock> Endpoints::lock(std::string_view tenant, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto names = tenants_.find(tenant);
  const auto* found = names == tenants_.end() ? nullptr : [&] {
    const auto it = names->second.find(name);
    return it == names->second.end() ? nullptr : &it->second;
  }();
  if (found == nullptr) return fail(Code::kNotFound, "no endpoint \"{}\"", name.substr(0, 128));
  const Endpoint& endpoint = *(*found)->endpoint;
  if (endpoint.state != EndpointState::kReady) {
    return fail(Code::kUnavailable, "endpoint \"{}\" is {}{}{}", endpoint.name, name_of(endpoint.state),
                endpoint.reason.empty() ? "" : ": ", endpoint.reason);
  }
  return ServingLock(*found);
}

std::vector<std::shared_ptr<const Serving>> Endpoints::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Serving>> servings;
  for (const auto& [tenant, names] : tenants_) {
    for (const auto& [name, serving] : names) servings.push_back(serving);
  }
  return servings;
}

}  // namespace chengying::cloud
