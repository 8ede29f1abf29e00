// What there is: chips, price books, models.
#include <filesystem>
#include <numeric>

#include "base/file.h"
#include "cloud/request_shape.h"
#include "cloud/service.h"
#include "cloud/signature_json.h"
#include "cloud/text.h"

namespace chengying::cloud {

namespace {
Signature signature_from(const compiler::ModelSignature& model) {
  Signature signature;
  for (const auto& port : model.inputs) signature.inputs.push_back({port.name, port.dtype, port.shape});
  for (const auto& port : model.outputs) signature.outputs.push_back({port.name, port.dtype, port.shape});
  return signature;
}

/// Fills in what the file itself says. An executable is known by its first byte, which no ONNX file has.
Status describe(Model& model, const std::filesystem::path& path, std::span<const std::byte> bytes,
                const Machinery& machinery) {
  constexpr std::byte kExecutableMark{0x8c};
  if (!bytes.empty() && bytes.front() == kExecutableMark) {
    TRY_ASSIGN(const isa::Executable executable, isa::load_executable(path));
    model.kind = ModelKind::kExecutable;
    model.chip = executable.chip;
    model.cores = executable.cores;
    model.signature = signature_of_executable(executable);
    model.metadata = executable.metadata;
    return {};
  }
  TRY_ASSIGN(const compiler::ModelSignature signature,
             machinery.signature_of(compiler::ModelSource{path, nullptr}));
  model.kind = ModelKind::kOnnx;
  model.signature = signature_from(signature);
  model.metadata = signature.metadata;
  return {};
}
}  // namespace

Result<std::string> Service::price_book_text(std::int64_t version) const {
  const auto it = books_.find(version);
  if (it == books_.end()) return fail(Code::kNotFound, "no price book version {}", version);
  return it->second.text;
}

Result<Model> Service::create_model(const Caller& caller, std::string_view name,
                                    std::span<const std::byte> bytes) {
  TRY(needs(caller, Scope::kDeploy));
  TRY(check_name("name", name, false));
  if (bytes.empty()) return fail(Code::kInvalidArgument, "the model file is empty");
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size > config_.limits.model_bytes) {
    return fail(Code::kTooLarge, "the model has {} bytes, at most {} are taken", size,
                config_.limits.model_bytes);
  }
  TRY_ASSIGN(const auto owned, models(caller));
  const Digest digest = sha256(bytes);
  Model model;
  model.id = "sha256:" + digest.hex();
  for (const Model& each : owned) {
    if (each.id == model.id) return each;
  }
  TRY_ASSIGN(const Quota may, quota_of(caller.tenant));
  if (static_cast<std::int64_t>(owned.size()) >= may.models) {
    return fail(Code::kResourceExhausted, "a tenant has at most {} models: delete one", may.models);
  }
  const std::int64_t used =
      std::accumulate(owned.begin(), owned.end(), std::int64_t{0},
                      [](std::int64_t sum, const Model& each) { return sum + each.size_bytes; });
  if (used + size > may.model_bytes) {
    return fail(Code::kResourceExhausted, "a tenant's models have at most {} bytes together: delete one",
                may.model_bytes);
  }
  const auto path = files_.model(digest);
  const bool new_file = !std::filesystem::exists(path);
  if (new_file) TRY(write_file_atomically(path, bytes));
  if (auto described = describe(model, path, bytes, config_.machinery); !described) {
    if (new_file) std::filesystem::remove(path);
    return std::unexpected<Error>(described.error());
  }
  TRY(store_->apply(CreateModel{caller.tenant, model.id, std::string(name), std::string(name_of(model.kind)),
                                size, to_json(model.signature), to_json(model.metadata), model.chip,
                                model.cores}));
  return this->model(caller, model.id);
}

Result<Model> Service::create_model_from_file(const Caller& caller, std::string_view name,
                                              const std::filesystem::path& file) {
  // Taken away whatever comes of it.
  struct Remover {
    const std::filesystem::path& path;
    ~Remover() {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  } const remover{file};
  std::error_code fault;
  if (std::filesystem::file_size(file, fault) == 0)
    return fail(Code::kInvalidArgument, "the model file is empty");
  TRY_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  return create_model(caller, name, mapped.bytes());
}

Result<std::vector<Model>> Service::models(const Caller& caller) const {
  return store_->read([&](Database& database) { return read_models(database, caller.tenant); });
}

Result<Model> Service::model(const Caller& caller, std::string_view model_id) const {
  return store_->read([&](Database& database) { return read_model(database, caller.tenant, model_id); });
}

Status Service::delete_model(const Caller& caller, std::string_view model_id) {
  TRY(needs(caller, Scope::kDeploy));
  TRY_ASSIGN(const Digest digest, digest_of_model(model_id));
  TRY(store_->apply(DeleteModel{caller.tenant, std::string(model_id)}));
  TRY_ASSIGN(const std::int64_t users, store_->read([&](Database& database) {
    return database.number(0, "SELECT count(*) FROM models WHERE id = ?", model_id);
  }));
  std::error_code ignored;  // a file that is left over costs space, nothing else
  if (users == 0) std::filesystem::remove(files_.model(digest), ignored);
  return {};
}

}  // namespace chengying::cloud
