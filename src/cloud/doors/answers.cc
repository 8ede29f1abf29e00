#include "cloud/doors/answers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace chengying::doors {
namespace {

/// Length of the UTF-8 sequence that starts at text[i], or 0 if there is none (overlong forms and surrogates
/// are none).
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char lead = byte(i);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(i + 1) < 0xA0) return 0;
  if (lead == 0xED && byte(i + 1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(i + 1) < 0x90) return 0;
  if (lead == 0xF4 && byte(i + 1) > 0x8F) return 0;
  return length;
}

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20) {
    out += fmt::format("\\u{:04x}", c);
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out += "\\ufffd";
      ++i;
    } else if (length == 1) {
      append_escaped(out, static_cast<unsigned char>(text[i++]));
    } else {
      out += text.substr(i, length);
      i += length;
    }
  }
  return out += '"';
}

Response error_answer(const RequestHead& head, int status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  const bool open_inference = !head.target.segments.empty() && head.target.segments.front() == "v2";
  response.body = open_inference
                      ? fmt::format("{{\"error\":{}}}\n", json_quoted(message))
                      : fmt::format("{{\"error\":{{\"code\":{},\"message\":{},\"request_id\":{}}}}}\n",
                                    json_quoted(code), json_quoted(message), json_quoted(head.id));
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"chengying\""});
  if (status == 429 || status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

Response error_answer(const RequestHead& head, const Error& error) {
  const int status = http_status_of(error.code);
  if (status != 500) return error_answer(head, status, name_of(error.code), error.message);
  spdlog::error("{} {}: {}: {}", head.id, head.target.path, name_of(error.code), error.message);
  return error_answer(head, status, name_of(error.code),
                      fmt::format("something failed on our side; name request {} to the operator", head.id));
}

}  // namespace chengying::doors
