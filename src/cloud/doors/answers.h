// Answers that every part of the door gives: errors in the form of the protocol that was spoken, and JSON.
// The control API's error is {"error": {"code", "message", "request_id"}}, the Open Inference Protocol's
// {"error": "..."}. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cloud/doors/http.h"

namespace chengying::doors {

/// The error as the door that `path` belongs to ("/v2..." or anything else) says it. An internal error's own
/// message stays in the log: the client gets a general sentence and the request's id.
Response error_answer(const RequestHead& head, const Error& error);
/// The same for what only HTTP knows: 405, 408, 415, 431, ...
Response error_answer(const RequestHead& head, int status, std::string_view code, std::string_view message);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace chengying::doors
