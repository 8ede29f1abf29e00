// chengying backup, chengying restore: the state of a service as a folder, and back.
#include "cloud/backup.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/service_config.h"

namespace chengying::cli {
namespace {

struct BackupOptions {
  std::string data = "data", folder, store;
};

void print(std::string_view what, const cloud::BackupSums& sums, const std::string& folder, bool as_json) {
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"folder", folder},
                                                                  {"journal_rows", sums.journal_rows},
                                                                  {"records", sums.records},
                                                                  {"models", sums.models},
                                                                  {"store_sha256", sums.store.hex()}}));
  } else {
    fmt::print("{}: {} commands, {} usage records, {} models\nstore {}\nin {}\n", what, sums.journal_rows,
               sums.records, sums.models, sums.store.hex(), folder);
  }
}

}  // namespace

void add_backup(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<BackupOptions>();
  app.add_option("FOLDER", options->folder, "Where to; it must not exist")->required();
  app.add_option("--data", options->data, "The service's data folder, whether it runs or not")
      ->capture_default_str();
  add_store_flag(app, options->store);
  on_run(app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(const cloud::BackupSums sums, cloud::back_up(options->data, options->folder, options->store));
    print("backed up", sums, options->folder, invocation.json);
    return {};
  });
}

void add_restore(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<BackupOptions>();
  app.add_option("FOLDER", options->folder, "A backup")->required();
  app.add_option("--data", options->data, "The data folder to make; it must not exist or be empty")
      ->capture_default_str();
  add_store_flag(app, options->store);
  on_run(app, invocation, [options, &invocation]() -> Status {
    TRY_ASSIGN(const cloud::BackupSums sums, cloud::restore(options->folder, options->data, options->store));
    print("restored", sums, options->data, invocation.json);
    return {};
  });
}

}  // namespace chengying::cli
