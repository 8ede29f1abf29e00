#include "cloud/store/state.h"

#include "base/clock.h"

namespace chengying::cloud {

Digest hash_of_journal_row(const Digest& previous, std::int64_t sequence, const Now& now,
                           std::string_view kind, std::string_view command, std::string_view effects) {
  Hasher hasher;
  hasher.update(previous.hex());
  // Lengths, so that no text can pass for a part of its neighbour.
  hasher.update(fmt::format("|{}|{}|{}|{}|{}|{}|", sequence, now.monotonic_us, now.wall_us, kind,
                            command.size(), effects.size()));
  hasher.update(command);
  hasher.update(effects);
  return hasher.finish();
}

Status State::reload() {
  TRY_ASSIGN(Query last,
             database_.query("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1"));
  TRY_ASSIGN(const bool any, last.next());
  sequence_ = any ? last.integer(0) : 0;
  head_ = any ? last.digest(1) : Digest{};
  return {};
}

Result<bool> State::is_in_journal() {
  TRY_ASSIGN(Query row, database_.query("SELECT hash FROM journal WHERE sequence = ?", sequence_));
  TRY_ASSIGN(const bool any, row.next());
  return any && row.digest(0) == head_;
}

Result<Effects> State::apply(const Command& command, const Now& now) {
  now_ = now;
  effects_.clear();
  auto effects = std::visit([this](const auto& c) { return on(c); }, command);
  if (!effects || effects->repeated || std::holds_alternative<Barrier>(command)) return effects;
  TRY(journal(command));
  return effects;
}

Status State::journal(const Command& command) {
  const std::string text = to_text(command);
  const std::string_view kind = name_of(command);
  const std::int64_t sequence = sequence_ + 1;
  const Digest hash = hash_of_journal_row(head_, sequence, now_, kind, text, effects_);
  TRY(
      database_.run("INSERT INTO journal(sequence, monotonic_us, wall_us, kind, command, effects, hash) "
                    "VALUES(?, ?, ?, ?, ?, ?, ?)",
                    sequence, now_.monotonic_us, now_.wall_us, kind, text, effects_, hash));
  sequence_ = sequence;
  head_ = hash;
  return {};
}

Status State::event(std::string_view tenant, std::string_view subject, std::string_view what) {
  return database_.run(
      "INSERT INTO events(sequence, tenant, subject, wall_us, what) VALUES((SELECT "
      "coalesce(max(sequence), 0) + 1 FROM events), ?, ?, ?, ?)",
      tenant, subject, now_.wall_us, what);
}

Result<std::optional<std::string>> State::earlier(std::string_view tenant, std::string_view kind,
                                                  std::string_view request, const Digest& body) {
  if (request.empty()) return std::nullopt;
  TRY_ASSIGN(
      Query found,
      database_.query("SELECT body, result FROM requests WHERE tenant = ? AND kind = ? AND request = ?",
                      tenant, kind, request));
  TRY_ASSIGN(const bool any, found.next());
  if (!any) return std::nullopt;
  if (found.digest(0) != body) {
    return fail(Code::kConflict, "request id \"{}\" was used before with another body: use a new id",
                request);
  }
  return found.text(1);
}

Status State::remember(std::string_view tenant, std::string_view kind, std::string_view request,
                       const Digest& body, std::string_view result) {
  if (request.empty()) return {};
  return database_.run("INSERT INTO requests(tenant, kind, request, body, result) VALUES(?, ?, ?, ?, ?)",
                       tenant, kind, request, body, result);
}

Status State::write_record(billing::Record& record) {
  {
    TRY_ASSIGN(Query last, database_.query("SELECT sequence, hash FROM records WHERE tenant = ? "
                                           "ORDER BY sequence DESC LIMIT 1",
                                           record.tenant));
    TRY_ASSIGN(const bool any, last.next());
    record.sequence = any ? last.integer(0) + 1 : 1;
    record.previous = any ? last.digest(1) : Digest{};
  }
  record.monotonic_us = now_.monotonic_us;
  record.at = format_utc(now_.wall_us);
  seal(record);
  effects_ += fmt::format("record {} {} {}\n", record.tenant, record.sequence, record.hash.hex());
  return database_.run(
      "INSERT INTO records(tenant, sequence, wall_us, endpoint, lease, quote, journal, hash, text) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
      record.tenant, record.sequence, now_.wall_us, record.endpoint, record.lease, record.quote,
      sequence_ + 1, record.hash, to_json(record));
}

}  // namespace chengying::cloud
