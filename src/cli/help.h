// Help and usage errors: what CLI11 prints, in lines that fit a terminal, and what it says of a wrong command
// line, with the command that has the answer. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chengying::cli {

/// Descriptions wrapped; numbers as "1..1024" instead of CLI11's "INT:INT in [1 - 1024]".
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(34); }
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

/// `error` of the command line in words, and which --help to read. `app` is the whole binary's.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace chengying::cli
