// The OpenAPI 3.1 document of everything that the door answers: openapi.json, embedded when the product is
// built.
#pragma once

#include <string_view>

namespace chengying::doors {

std::string_view openapi_text();

}  // namespace chengying::doors
