#include "cloud/executables.h"

#include <spdlog/spdlog.h>

#include <filesystem>

namespace chengying::cloud {

namespace {
constexpr std::string_view kModelPrefix = "sha256:";
/// Goes up when the compiler gives other programs for the same model.
constexpr int kCompilerVersion = 2;

Status fits(const isa::Executable& executable, const ExecutableRequest& request) {
  if (executable.chip_digest != request.chip.digest) {
    return fail(Code::kConflict,
                "this executable was made for chip \"{}\" as it was then, not for \"{}\" as it is here",
                executable.chip, request.chip.name);
  }
  if (executable.cores != request.cores) {
    return fail(Code::kConflict, "this executable needs a slice of {} cores, the offer has {}",
                executable.cores, request.cores);
  }
  return {};
}

/// What is compiled once: a ready-made executable's own digest, or what its compilation hangs on.
Digest key_of(const ExecutableRequest& request, const Digest& model) {
  if (request.model.kind == ModelKind::kExecutable) return model;
  std::string batches;
  for (const std::int32_t batch : request.batches) batches += fmt::format(",{}", batch);
  return sha256(fmt::format("{}|{}|{}|{}|{}", kCompilerVersion, model.hex(), request.chip.digest.hex(),
                            request.cores, batches));
}
}  // namespace

Result<Digest> digest_of_model(std::string_view model_id) {
  const auto digest = model_id.starts_with(kModelPrefix)
                          ? Digest::from_hex(model_id.substr(kModelPrefix.size()))
                          : std::nullopt;
  if (!digest) return fail(Code::kNotFound, "no model {}", model_id.substr(0, 80));
  return *digest;
}

Result<isa::Executable> Executables::compile(const ExecutableRequest& request,
                                             const std::filesystem::path& model,
                                             const std::filesystem::path& target) {
  compiler::CompileOptions options;
  options.cores = request.cores;
  options.batches = request.batches;
  spdlog::info("compiling {} for {} of {}", request.model.id, request.cores, request.chip.name);
  TRY_ASSIGN(compiler::CompileOutput output,
             machinery_.compile(compiler::ModelSource{model, nullptr}, request.chip, options));
  TRY(isa::save_executable(output.executable, target));
  return isa::load_executable(target);
}

std::filesystem::path Executables::file_for(const ExecutableRequest& request, const Digest& key) const {
  return request.model.kind == ModelKind::kExecutable ? files_.model(key) : files_.executable(key);
}

Result<std::filesystem::path> Executables::file_of(const ExecutableRequest& request) const {
  TRY_ASSIGN(const Digest model, digest_of_model(request.model.id));
  return file_for(request, key_of(request, model));
}

Result<std::shared_ptr<const isa::Executable>> Executables::get(const ExecutableRequest& request) {
  TRY_ASSIGN(const Digest model, digest_of_model(request.model.id));
  const Digest key = key_of(request, model);
  const std::filesystem::path path = file_for(request, key);
  const bool ready_made = request.model.kind == ModelKind::kExecutable;
  const std::lock_guard lock(mutex_);
  if (auto shared = loaded_[key].lock()) {
    TRY(fits(*shared, request));
    return shared;
  }
  auto loaded = std::filesystem::exists(path)
                    ? isa::load_executable(path)
                    : Result<isa::Executable>(fail(Code::kNotFound, "not compiled yet"));
  // A cached file that can't be read is made again; a model that can't be read is the tenant's to know.
  if (!loaded && !ready_made) loaded = compile(request, files_.model(model), path);
  if (!loaded) return std::unexpected<Error>(loaded.error());
  auto shared = std::make_shared<const isa::Executable>(*std::move(loaded));
  TRY(fits(*shared, request));
  loaded_[key] = shared;
  return shared;
}

}  // namespace chengying::cloud
