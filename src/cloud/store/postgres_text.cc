#include "cloud/store/postgres_text.h"

#include <charconv>
#include <utility>

namespace chengying::cloud {

namespace {
/// In this order: a longer text before the shorter one that is in it.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {" STRICT, WITHOUT ROWID", ""},
    {" STRICT", ""},
    {"INTEGER", "BIGINT"},
    {"BLOB", "BYTEA"},
    {" TEXT", " TEXT COLLATE \"C\""},  // ordered by bytes, as SQLite's are
    {"max(0,", "greatest(0,"},
    {"BEGIN SELECT RAISE(ABORT, ", "FOR EACH ROW EXECUTE FUNCTION refuse("},
    {"); END;", ");"},
};

struct ClassOfState {
  std::string_view prefix;
  Code code;
};
/// The first that fits.
constexpr ClassOfState kStates[] = {
    {"23", Code::kConflict},                                        // a constraint, or a trigger that refuses
    {"22003", Code::kConflict},                                     // a number that no column holds
    {"22021", Code::kInvalidArgument},                              // not UTF-8
    {"22P05", Code::kInvalidArgument}, {"08", Code::kUnavailable},  // connection lost
    {"25", Code::kUnavailable},                                     // the transaction was ended by the server
    {"28", Code::kUnavailable},                                     // may not connect
    {"3D", Code::kUnavailable},                                     // no such database
    {"40", Code::kUnavailable},                                     // deadlock, serialization
    {"53", Code::kUnavailable},                                     // disk full, memory, connections
    {"55", Code::kUnavailable},                                     // a lock that did not come
    {"57", Code::kUnavailable},                                     // shut down
    {"58", Code::kUnavailable},                                     // I/O
    {"XX001", Code::kDataLoss},        {"XX002", Code::kDataLoss}, {"", Code::kInternal},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}
}  // namespace

const char* const kPostgresPrelude = R"sql(
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT document::json ->> substr(path, 3) $$;
CREATE FUNCTION append_word(list text, word text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN list IS NULL THEN word ELSE list || ',' || word END $$;
CREATE AGGREGATE group_concat(text) (SFUNC = append_word, STYPE = text);
)sql";

std::string numbered_parameters(std::string_view sql) {
  std::string out;
  int last = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    quoted ^= sql[i] == '\'';
    if (sql[i] != '?' || quoted) {
      out += sql[i];
      continue;
    }
    std::size_t end = i + 1;
    while (end < sql.size() && is_digit(sql[end])) ++end;
    ++last;
    if (end > i + 1) std::from_chars(sql.data() + i + 1, sql.data() + end, last);
    out += fmt::format("${}", last);
    i = end - 1;
  }
  return out;
}

std::string schema_in_postgres(std::string_view sql) {
  std::string out(sql);
  for (const auto& [from, to] : kWords) replace_all(out, from, to);
  return out;
}

std::string bytes_of_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    out += static_cast<char>(value);
  }
  return out;
}

std::string reason_in(std::string_view error) {
  std::string_view line = error.substr(0, error.find('\n'));
  constexpr std::string_view kFailed = "failed: ", kFatal = "FATAL:  ";
  const std::size_t failed = line.find(kFailed);
  if (line.starts_with("connection to server") && failed != std::string_view::npos) {
    line.remove_prefix(failed + kFailed.size());
  }
  if (line.starts_with(kFatal)) line.remove_prefix(kFatal.size());
  return std::string(line);
}

Code code_of_sqlstate(std::string_view state) {
  if (state.empty()) return Code::kUnavailable;
  for (const ClassOfState& each : kStates) {
    if (state.starts_with(each.prefix)) return each.code;
  }
  return Code::kInternal;
}

}  // namespace chengying::cloud
