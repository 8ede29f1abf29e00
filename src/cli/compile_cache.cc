#include "cli/compile_cache.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <system_error>

#include "base/digest.h"
#include "base/file.h"
#include "cli/version.h"

namespace chengying::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kReportBytesMax = std::uint64_t{64} << 20;
constexpr std::string_view kExternal = "location";  // the key by which a tensor's data is in another file

/// The linker's mark of this very program: two builds of one version may compile differently.
std::string build_id() {
  std::string id;
  const auto visit = [](dl_phdr_info* info, std::size_t, void* result) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_NOTE) continue;
      const char* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
      static_cast<std::string*>(result)->append(at, segment.p_memsz);
    }
    return 1;  // the first is the program itself
  };
  ::dl_iterate_phdr(visit, &id);
  return id;
}

class Key {
 public:
  void add(std::string_view text) {
    hasher_.update(std::to_string(text.size()) + ":");  // so that no two lists of texts read alike
    hasher_.update(text);
  }
  void add(std::span<const std::byte> bytes) {
    add(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  void add(std::int64_t number) { add(std::to_string(number)); }
  std::string finish() { return hasher_.finish().hex(); }

 private:
  Hasher hasher_;
};

void add(Key& key, const compiler::Calibration& calibration) {
  key.add(static_cast<std::int64_t>(calibration.method));
  if (calibration.chip != nullptr) key.add(calibration.chip->digest.hex());
  for (const auto& sample : calibration.samples)
    for (const auto& [name, tensor] : sample) {
      key.add(name);
      key.add(name_of(tensor.dtype()));
      key.add(to_string(tensor.shape()));
      key.add(tensor.bytes());
    }
}

void add(Key& key, const compiler::CompileOptions& options) {
  key.add(options.cores);
  for (const std::int32_t batch : options.batches) key.add(batch);
  key.add(static_cast<std::int64_t>(options.precision));
  key.add(std::to_string(options.search.seconds));
  key.add(static_cast<std::int64_t>(options.search.tries));
  for (const auto& [name, size] : options.dimensions) {
    key.add(name);
    key.add(size);
  }
  key.add(options.calibration ? "calibrated" : "");
  if (options.calibration) add(key, *options.calibration);
}

json::value json_of(const compiler::SearchReport& search) {
  json::array gains;
  for (const auto& gain : search.gains) gains.push_back({gain.batch, gain.cycles_before, gain.cycles_after});
  return {search.tries, search.seconds, std::move(gains)};
}

json::object json_of(const compiler::CompileOutput& output) {
  json::array layers, left;
  for (const auto& layer : output.layers)
    layers.push_back({layer.name, layer.operation, layer.output, layer.macs, layer.cycles, layer.utilisation,
                      layer.limit, json::value_from(layer.reads)});
  for (const auto& [name, count] : output.fusion.left) left.push_back({name, count});
  const auto& fusion = output.fusion;
  return {{"digest", output.executable.digest.hex()},
          {"layers", std::move(layers)},
          {"left", std::move(left)},
          {"fusion",
           {fusion.model_nodes, fusion.graph_nodes, fusion.additions, fusion.bounds, fusion.free_moves}},
          {"search", output.search ? json_of(*output.search) : json::value()},
          {"notes", json::value_from(output.notes)}};
}

template <class T>
T number(const json::value& value) {
  return value.to_number<T>();
}
std::string text(const json::value& value) {
  return std::string(value.as_string());
}

compiler::SearchReport search_of(const json::array& report) {
  compiler::SearchReport search;
  search.tries = number<std::size_t>(report.at(0));
  search.seconds = number<double>(report.at(1));
  for (const json::value& row : report.at(2).as_array())
    search.gains.push_back({number<std::int32_t>(row.as_array().at(0)),
                            number<std::uint64_t>(row.as_array().at(1)),
                            number<std::uint64_t>(row.as_array().at(2))});
  return search;
}

/// Throws what boost::json throws where the text has another form.
void read_report(const json::object& report, compiler::CompileOutput& output) {
  for (const json::value& row : report.at("layers").as_array()) {
    const json::array& cells = row.as_array();
    output.layers.push_back({text(cells.at(0)), text(cells.at(1)), text(cells.at(2)),
                             number<std::uint64_t>(cells.at(3)), number<std::uint64_t>(cells.at(4)),
                             number<double>(cells.at(5)), text(cells.at(6)),
                             json::value_to<std::vector<std::size_t>>(cells.at(7))});
  }
  const json::array& counts = report.at("fusion").as_array();
  std::size_t* fields[] = {&output.fusion.model_nodes, &output.fusion.graph_nodes, &output.fusion.additions,
                           &output.fusion.bounds, &output.fusion.free_moves};
  for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = number<std::size_t>(counts.at(i));
  for (const json::value& row : report.at("left").as_array())
    output.fusion.left.emplace_back(text(row.as_array().at(0)), number<std::size_t>(row.as_array().at(1)));
  if (const json::value& search = report.at("search"); !search.is_null())
    output.search = search_of(search.as_array());
  output.notes = json::value_to<std::vector<std::string>>(report.at("notes"));
}

void touch(const fs::path& path) {
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
}

}  // namespace

std::optional<fs::path> default_cache_folder() {
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder != nullptr && *folder != '\0')
    return fs::path(folder) / "chengying";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache/chengying";
  return std::nullopt;
}

std::optional<std::string> CompileCache::key_of(const compiler::ModelSource& model, const isa::ChipSpec& chip,
                                                const compiler::CompileOptions& options) {
  if (!options.dump_after.empty()) return std::nullopt;
  Key key;
  key.add(kVersion);
  key.add(build_id());
  key.add(chip.name);
  key.add(chip.digest.hex());
  add(key, options);
  const auto add_model = [&](std::string_view bytes) {
    key.add(bytes);
    return bytes.find(kExternal) == bytes.npos;
  };
  if (model.bytes != nullptr) {
    if (!add_model(*model.bytes)) return std::nullopt;
    return key.finish();
  }
  const auto file = MappedFile::open(model.path);
  if (!file) return std::nullopt;
  key.add(model.path.stem().string());  // the name of a model that has none
  const auto bytes = file->bytes();
  if (!add_model({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) return std::nullopt;
  return key.finish();
}

std::optional<compiler::CompileOutput> CompileCache::find(const std::string& key) const {
  const auto report = read_text_file(report_of(key), kReportBytesMax);
  if (!report) return std::nullopt;
  auto executable = isa::load_executable(executable_of(key));
  if (!executable) return std::nullopt;
  compiler::CompileOutput output;
  output.executable = std::move(*executable);
  try {
    const json::object document = json::parse(*report).as_object();
    if (text(document.at("digest")) != output.executable.digest.hex()) return std::nullopt;
    read_report(document, output);
  } catch (const std::exception&) {  // another form: as if it were not there
    return std::nullopt;
  }
  touch(executable_of(key));
  return output;
}

void CompileCache::keep(const std::string& key, compiler::CompileOutput& output) const {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed || !isa::save_executable(output.executable, executable_of(key))) return;
  if (!write_file_atomically(report_of(key), json::serialize(json_of(output)))) return;
  make_room();
}

void CompileCache::make_room() const {
  struct Entry {
    fs::file_time_type used;
    std::uint64_t bytes;
    fs::path path;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  std::error_code failed;
  for (const auto& file : fs::directory_iterator(folder_, failed)) {
    if (file.path().extension() != ".cyx") continue;
    const Entry entry{file.last_write_time(failed), file.file_size(failed), file.path()};
    if (failed) continue;  // another process was faster
    total += entry.bytes;
    entries.push_back(entry);
  }
  std::ranges::sort(entries, {}, &Entry::used);
  for (const Entry& entry : entries) {
    if (total <= bytes_max_) return;
    total -= entry.bytes;
    fs::remove(entry.path, failed);
    fs::remove(fs::path(entry.path).replace_extension(".json"), failed);
  }
}

}  // namespace chengying::cli
