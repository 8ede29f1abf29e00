// What differs between the store's statements and PostgreSQL's: parameters, blobs, error codes, and the words
// of the schema. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace chengying::cloud {

/// `?` becomes $1, $2, ... in order and `?3` becomes $3; what is in quotes stays.
std::string numbered_parameters(std::string_view sql);
/// A step of the schema, written for SQLite, in PostgreSQL's words.
std::string schema_in_postgres(std::string_view sql);
/// What the steps of the schema and the statements use and PostgreSQL lacks.
extern const char* const kPostgresPrelude;

/// Of "\x0aff".
std::string bytes_of_hex(std::string_view hex);

/// The first line of an error, without where the server is: that is no tenant's business.
std::string reason_in(std::string_view error);

/// The code of a five-letter SQLSTATE; "" (the server never answered) is kUnavailable.
Code code_of_sqlstate(std::string_view state);

}  // namespace chengying::cloud
