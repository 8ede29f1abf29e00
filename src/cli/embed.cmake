# cmake -D OUTPUT=file.cc -D ROOT=folder -D "FILES=a;b" -P embed.cmake
# Writes the C++ file that defines chengying::cli::embedded_files(). Each file becomes one raw string literal.
set(entries "")
list(SORT FILES)
foreach(path IN LISTS FILES)
  file(READ ${ROOT}/${path} text)
  string(FIND "${text}" ")embedded\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${path} holds the characters that end a raw string: )embedded\"")
  endif()
  string(APPEND entries "    {\"${path}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include <array>

#include \"cli/embedded.h\"

namespace chengying::cli {
namespace {
constexpr auto kFiles = std::to_array<EmbeddedFile>({
    {\"\", \"\"},  // so that the list is never empty
${entries}});
}  // namespace
std::span<const EmbeddedFile> embedded_files() { return std::span(kFiles).subspan(1); }
}  // namespace chengying::cli
")
