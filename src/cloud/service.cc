// Start, stop, and what the service does by itself.
#include "cloud/service.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/file.h"
#include "base/signature.h"

namespace chengying::cloud {

namespace {
constexpr std::string_view kOperatorTenant = "tn_operator";
constexpr std::chrono::milliseconds kKeepEvery{100};
/// How much of a lease's time a crash may lose (to the tenant's good): the time line is written at least so
/// often.
constexpr std::chrono::seconds kHeartbeatEvery{5};
constexpr std::int64_t kChipsMost = 1024;  // of a kind
/// How much of a running lease may be unbilled: so often it is charged.
constexpr std::int64_t kMeterEverySeconds = 3'600;

/// A control process's name is a part of chips' ids and of file names.
Status check_process(const Config& config) {
  const std::string& name = config.process;
  const bool fine = name.size() <= 32 && std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  if (!fine) {
    return fail(Code::kInvalidArgument, "control process name \"{}\" must be at most 32 of a-z, 0-9 and '-'",
                name.substr(0, 64));
  }
  if (!name.empty() && config.store_url.empty()) {
    return fail(Code::kInvalidArgument,
                "control process \"{}\" has no shared store: name one (postgresql://...), or give it no name",
                name);
  }
  if (!config.store_url.empty() && Database::backend_of(config.store_url) != Backend::kPostgres) {
    return fail(Code::kInvalidArgument,
                "a store is postgresql://..., or nothing for a file in the data folder; not \"{}\"",
                config.store_url.substr(0, config.store_url.find("://")));
  }
  return {};
}

/// A neighbour that starts at the same moment may have made it.
Status unless_there(const Result<Effects>& made) {
  if (made || made.error().code == Code::kConflict) return {};
  return std::unexpected<Error>(made.error());
}

Status check_config(const Config& config) {
  TRY(check_process(config));
  if (config.chips.empty()) return fail(Code::kInvalidArgument, "no chip is configured");
  for (const ChipConfig& chip : config.chips) {
    if (chip.count < 1 || chip.count > kChipsMost) {
      return fail(Code::kInvalidArgument, "chip \"{}\": count {} is not in 1..{}", chip.spec.name, chip.count,
                  kChipsMost);
    }
    const auto same = std::ranges::count_if(
        config.chips, [&](const ChipConfig& other) { return other.spec.name == chip.spec.name; });
    if (same != 1) return fail(Code::kInvalidArgument, "chip \"{}\" is configured twice", chip.spec.name);
  }
  return {};
}
}  // namespace

Result<std::unique_ptr<Cloud>> Cloud::open(Config config) {
  TRY(check_config(config));
  TRY_ASSIGN(Files files, Files::open(config.data_folder, config.process));
  static const SystemClock kSystem;
  auto own_clock = config.clock == nullptr ? std::make_unique<const SteadyClock>(kSystem) : nullptr;
  auto service = std::make_unique<Service>(std::move(config), std::move(files), std::move(own_clock));
  TRY(service->start());
  return service;
}

Service::Service(Config config, Files files, std::unique_ptr<const Clock> own_clock)
    : config_(std::move(config)),
      files_(std::move(files)),
      own_clock_(std::move(own_clock)),
      clock_(config_.clock != nullptr ? *config_.clock : *own_clock_),
      chips_(config_.chips, config_.machinery, config_.process),
      health_(config_.health, config_.machinery),
      executables_(files_, config_.machinery) {}

Service::~Service() {
  draining_ = true;
  {
    const std::lock_guard lock(work_mutex_);
    stopping_ = true;
  }
  work_ready_.notify_all();
  if (starter_.joinable()) starter_.join();
  if (keeper_.joinable()) keeper_.join();
  // Requests still running hold references to this object: they end before it does.
  while (totals_.in_flight > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  store_.reset();
}

Status Service::start() {
  TRY_ASSIGN(quote_secret_, files_.quote_secret());
  const std::string where = config_.store_url.empty() ? files_.store().string() : config_.store_url;
  TRY_ASSIGN(store_, Store::open(where, clock_, config_.limits.commands_queued, config_.process));
  TRY(store_->apply(VoidUnanswered{config_.process}));
  TRY(open_books());
  TRY(first_start());
  TRY(refill_keys());
  TRY(register_chips());
  TRY(end_drained());
  TRY(reconcile());
  TRY(reopen_endpoints());
  starter_ = std::thread([this] { run_starter(); });
  keeper_ = std::thread([this] { run_keeper(); });
  return {};
}

Status Service::open_books() {
  TRY_ASSIGN(const billing::PriceBook current,
             billing::parse_price_book(config_.price_book_toml, config_.price_book_path));
  TRY_ASSIGN(const std::int64_t newest, store_->read([](Database& database) {
    return database.number(0, "SELECT coalesce(max(version), 0) FROM price_books");
  }));
  if (current.version < newest) {
    return fail(Code::kConflict,
                "the price book has version {}, this service used version {} before: versions only rise",
                current.version, newest);
  }
  TRY(store_->apply(OpenBook{current.version, current.currency, current.text}));
  std::vector<std::string> texts;
  TRY(store_->read([&](Database& database) -> Status {
    TRY_ASSIGN(Query rows, database.query("SELECT text FROM price_books ORDER BY version"));
    for (;;) {
      TRY_ASSIGN(const bool any, rows.next());
      if (!any) return {};
      texts.push_back(rows.text(0));
    }
  }));
  for (const std::string& text : texts) {
    TRY_ASSIGN(billing::PriceBook book, billing::parse_price_book(text, "price book in the store"));
    books_.emplace(book.version, std::move(book));
  }
  return sign_books();
}

/// Each version is signed once, when it is first used; a text that its signature does not fit was changed
/// since.
Status Service::sign_books() {
  TRY_ASSIGN(const std::string key, files_.book_key());
  TRY_ASSIGN(book_public_key_, public_key_of(key));
  for (const auto& [version, book] : books_) {
    const auto known = price_book_signature(version);
    if (known) {
      if (!verify_signature(book.text, known->signature, book_public_key_)) {
        return fail(Code::kDataLoss, "price book version {} was changed: its signature does not fit",
                    version);
      }
      continue;
    }
    if (known.error().code != Code::kNotFound) return std::unexpected<Error>(known.error());
    TRY_ASSIGN(const std::string signature, sign(book.text, key));
    TRY(unless_there(store_->apply(SignBook{version, signature})));
  }
  return {};
}

Result<BookSignature> Service::price_book_signature(std::int64_t version) const {
  return store_->read([&](Database& database) -> Result<BookSignature> {
    TRY_ASSIGN(Query row, database.query("SELECT signature FROM book_signatures WHERE version = ?", version));
    TRY_ASSIGN(const bool any, row.next());
    if (!any) return fail(Code::kNotFound, "there is no price book {}", version);
    return BookSignature{version, row.text(0), book_public_key_};
  });
}

Status Service::first_start() {
  auto known = store_->read([](Database& database) { return read_tenant(database, kOperatorTenant); });
  if (!known && known.error().code != Code::kNotFound) return std::unexpected<Error>(known.error());
  if (!known)
    TRY(unless_there(store_->apply(CreateTenant{std::string(kOperatorTenant), "operator", Money()})));
  TRY_ASSIGN(const auto keys,
             store_->read([](Database& database) { return read_keys(database, kOperatorTenant); }));
  if (!keys.empty()) return {};
  // The file first: a stop between the two leaves a key that is not valid, and the next start makes another.
  const std::string secret = new_secret();
  TRY(files_.write_secret(files_.operator_key(), secret + "\n"));
  TRY(store_->apply(CreateKey{"key_" + random_hex(8), std::string(kOperatorTenant), "first", sha256(secret),
                              static_cast<Scopes>(Scope::kAdmin), 0, ""}));
  return {};
}

Status Service::refill_keys() {
  TRY_ASSIGN(auto keys, store_->read([](Database& database) { return read_valid_keys(database); }));
  keys_.replace(std::move(keys));
  return {};
}

/// What was draining when the service stopped has nothing in flight any more.
Status Service::end_drained() {
  TRY_ASSIGN(const auto leases, store_->read([](Database& database) { return read_open_leases(database); }));
  for (const StoredLease& stored : leases) {
    const bool own = stored.lease.state == LeaseState::kDraining && chips_.have(stored.lease.on);
    if (own) TRY(store_->apply(EndLease{stored.lease.id, false, ""}));
  }
  return {};
}

Status Service::reopen_endpoints() {
  TRY_ASSIGN(auto stored, store_->read([](Database& database) { return read_endpoints(database); }));
  for (StoredEndpoint& each : stored) {
    const bool serve =
        each.endpoint.state == EndpointState::kStarting || each.endpoint.state == EndpointState::kReady;
    if (serve) each.endpoint.state = EndpointState::kStarting;
    auto serving = std::make_shared<Serving>();
    serving->endpoint = std::make_shared<const Endpoint>(each.endpoint);
    endpoints_.put(std::move(serving));
    if (!serve) continue;
    to_start_.push_back(std::move(each));
    ++starting_;
  }
  return {};
}

Status Service::drain(std::chrono::milliseconds timeout) {
  draining_ = true;
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (totals_.in_flight > 0) {
    if (std::chrono::steady_clock::now() >= until) {
      return fail(Code::kDeadlineExceeded, "{} requests are still running", totals_.in_flight.load());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

bool Service::ready() const {
  const std::lock_guard lock(work_mutex_);
  return starting_ == 0;
}

Stats Service::stats() const {
  Stats stats;
  stats.requests = totals_.requests;
  stats.requests_failed = totals_.failed;
  stats.requests_refused = totals_.refused;
  stats.images = totals_.images;
  stats.requests_in_flight = totals_.in_flight;
  stats.cycles = totals_.cycles;
  stats.picojoules = totals_.picojoules;
  stats.charged_nano = totals_.charged_nano;
  const Store::Counters counters = store_->counters();
  stats.commands = counters.commands;
  stats.commits = counters.commits;
  stats.commit_nanoseconds = counters.commit_nanoseconds;
  stats.commit_failures = counters.commit_failures;
  stats.commands_queued = counters.queued;
  stats.store_writable = counters.writable;
  stats.draining = draining_;
  for (const auto& serving : endpoints_.all()) {
    stats.endpoints_ready += serving->endpoint->state == EndpointState::kReady ? 1 : 0;
  }
  store_->read([&](Database& database) {
    stats.leases_active =
        database.number(0, "SELECT count(*) FROM leases WHERE state = 'active'").value_or(0);
    stats.tenants = database.number(0, "SELECT count(*) FROM tenants").value_or(0);
    return 0;
  });
  for (const Chip& chip : chips({}).value_or(std::vector<Chip>())) {
    stats.chips.push_back({chip.id, chip.cores, chip.free_cores});
  }
  return stats;
}

void Service::run_starter() {
  for (;;) {
    StoredEndpoint next;
    {
      std::unique_lock lock(work_mutex_);
      work_ready_.wait(lock, [this] { return stopping_ || !to_start_.empty(); });
      if (stopping_) return;
      next = std::move(to_start_.front());
      to_start_.pop_front();
    }
    start_endpoint(std::move(next));
    const std::lock_guard lock(work_mutex_);
    --starting_;
  }
}

void Service::run_keeper() {
  auto beat = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(work_mutex_);
      work_ready_.wait_for(lock, kKeepEvery, [this] { return stopping_; });
      if (stopping_) return;
    }
    keep();
    if (std::chrono::steady_clock::now() - beat < kHeartbeatEvery) continue;
    beat = std::chrono::steady_clock::now();
    store_->settle(Barrier{}, [](const Result<Effects>&) {});
    if (!config_.process.empty()) keep_neighbours();
  }
}

void Service::keep() {
  std::vector<std::pair<std::string, std::string>> voids;
  std::vector<std::shared_ptr<const Serving>> unload;
  {
    const std::lock_guard lock(work_mutex_);
    voids.swap(to_void_);
    const auto ended = std::partition(retired_.begin(), retired_.end(),
                                      [](const auto& serving) { return serving->in_flight > 0; });
    unload.assign(ended, retired_.end());
    retired_.erase(ended, retired_.end());
  }
  for (const auto& [tenant, request] : voids) void_hold(tenant, request);
  for (const auto& serving : unload) serving->unload();
  keep_chips();
  keep_leases();
  if (!config_.process.empty()) keep_up_with_neighbours();
}

void Service::keep_leases() {
  auto open = store_->read([](Database& database) { return read_open_leases(database); });
  if (!open) return spdlog::error("leases can't be read: {}", open.error().message);
  const std::int64_t now = store_->now().monotonic_us;
  bool queued = false, to_open = false;
  for (const StoredLease& stored : *open) {
    const Lease& lease = stored.lease;
    queued = queued || lease.state == LeaseState::kQueued;
    const auto places = chips_.of(lease.id);
    const bool to_have = lease.on.size() > 0 && (chips_.have(lease.on) || places);
    to_open = to_open || (places && lease.state == LeaseState::kQueued) ||
              (to_have && (!places || places->fence != lease.fence));
    // A neighbour's leases are its to meter and to end.
    if (lease.state != LeaseState::kActive || !chips_.have(lease.on)) continue;
    const std::int64_t ran_us = stored.ran_us + now - stored.started_us;
    const bool over = ran_us >= lease.seconds_max * 1'000'000;
    const bool taken = stored.taken_back_us >= 0 && now >= stored.taken_back_us;
    if (over || taken) {
      if (auto ended = end_lease(lease, over ? "its longest time is over" : "taken back with notice");
          !ended) {
        spdlog::error("lease {} can't be ended: {}", lease.id, ended.error().message);
      }
    } else if (ran_us / 1'000'000 - stored.billed_seconds >= kMeterEverySeconds) {
      store_->settle(MeterLease{lease.id}, [](const Result<Effects>&) {});
    }
  }
  if (queued) {
    if (auto scheduled = store_->apply(Schedule{}); scheduled && !scheduled->repeated) to_open = true;
  }
  if (!to_open) return;
  if (auto up = reconcile(); !up) spdlog::error("leases can't be opened: {}", up.error().message);
}

void Service::retire(std::shared_ptr<const Serving> serving) {
  if (!serving->placement) return;
  const std::lock_guard lock(work_mutex_);
  retired_.push_back(std::move(serving));
}

}  // namespace chengying::cloud
