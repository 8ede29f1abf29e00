// Canonical: one JSON line of a struct, the same bytes on every machine: fixed fields in a fixed order,
// integers and strings only, no spaces. What records, quotes and journalled commands are hashed as. A struct
// takes part by a function `visit_fields(visit, value)` that calls visit("name", value.member) for each
// field, found by its argument. Invariant: read_canonical accepts exactly the texts that write_canonical
// gives; the reader sees it in passing, without writing the value again. A field that came later is
// `optional`: absent when it has its default, so that older texts keep their bytes. Values; any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/digest.h"
#include "base/error.h"
#include "billing/money.h"

namespace chengying::billing {

/// Appends `text` as a JSON string; bytes from 0x80 stay as they are.
void append_json_string(std::string& out, std::string_view text);

class CanonicalWriter {
 public:
  template <std::integral T>
  void operator()(std::string_view name, const T& value) {
    begin(name);
    if constexpr (std::is_signed_v<T>) {
      append_signed(value);
    } else {
      append_unsigned(value);
    }
  }
  void operator()(std::string_view name, const std::string& value);
  void operator()(std::string_view name, const Money& value);
  void operator()(std::string_view name, const Digest& value);
  /// Enums that have name_of(value).
  template <class T>
    requires std::is_enum_v<T>
  void operator()(std::string_view name, const T& value) {
    (*this)(name, std::string(name_of(value)));
  }
  /// Nothing for a value that is `otherwise`.
  template <class T>
  void optional(std::string_view name, const T& value, const std::type_identity_t<T>& otherwise = T{}) {
    if (value != otherwise) (*this)(name, value);
  }
  std::string finish();

 private:
  void begin(std::string_view name);
  void append_signed(std::int64_t value);
  void append_unsigned(std::uint64_t value);
  std::string text_;
};

class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view text) : rest_(text) {}
  template <std::integral T>
  void operator()(std::string_view name, T& value) {
    begin(name);
    if constexpr (std::is_signed_v<T>) {
      value = static_cast<T>(take_signed(name, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else {
      value = static_cast<T>(take_unsigned(name, std::numeric_limits<T>::max()));
    }
  }
  void operator()(std::string_view name, std::string& value);
  void operator()(std::string_view name, Money& value);
  void operator()(std::string_view name, Digest& value);
  /// Enums that have an overload of enum_from_name(text, value&) -> bool.
  template <class T>
    requires std::is_enum_v<T>
  void operator()(std::string_view name, T& value) {
    (*this)(name, word_);
    if (!error_ && !enum_from_name(word_, value)) fault(name, "is not one of its words");
  }
  template <class T>
  void optional(std::string_view name, T& value, const std::type_identity_t<T>& otherwise = T{}) {
    if (comes(name)) {
      (*this)(name, value);
      if (value == otherwise) canonical_ = false;
    } else {
      value = otherwise;
    }
  }
  /// The first fault, or kInvalidArgument if anything is left behind the last field or was written otherwise
  /// than the writer does.
  Status finish();

 private:
  void begin(std::string_view name);
  /// Whether this field is the next.
  bool comes(std::string_view name) const;
  std::int64_t take_signed(std::string_view name, std::int64_t low, std::int64_t high);
  std::uint64_t take_unsigned(std::string_view name, std::uint64_t high);
  /// Takes the number's text, which ends at `end`, off.
  void take_number(const char* end);
  /// One escaped character, at its backslash; false if there is no such escape.
  bool take_escape(std::string& value);
  void fault(std::string_view name, std::string_view what);
  bool take(std::string_view token);

  std::string_view rest_;
  std::string word_;  // of an enum or a digest, while it is looked up
  bool first_ = true;
  bool canonical_ = true;
  std::optional<Error> error_;
};

template <class T>
std::string write_canonical(const T& value) {
  CanonicalWriter writer;
  visit_fields(writer, value);
  return writer.finish();
}

/// Into a value that may hold the one before: its strings' memory is used again.
template <class T>
Status read_canonical_into(T& value, std::string_view text) {
  CanonicalReader reader(text);
  visit_fields(reader, value);
  return reader.finish();
}

template <class T>
Result<T> read_canonical(std::string_view text) {
  T value;
  TRY(read_canonical_into(value, text));
  return value;
}

}  // namespace chengying::billing
