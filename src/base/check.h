// CHECK: what must be true if our own code is right. A failed check aborts, in every build. Never use it for
// what a guest program (Trap), a caller or the world (Error) can cause.
#pragma once

namespace chengying {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace chengying

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::chengying::check_failed(#condition, __FILE__, __LINE__))
