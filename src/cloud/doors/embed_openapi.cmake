# cmake -D INPUT=openapi.json -D OUTPUT=file.cc -P embed_openapi.cmake
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "// Made by embed_openapi.cmake.
#include \"cloud/doors/openapi.h\"

namespace chengying::doors {
std::string_view openapi_text() { return R\"embedded(${text})embedded\"; }
}  // namespace chengying::doors
")
