# What every target of the project has, and how a folder of src/ becomes a library with its unit tests.

add_library(chengying_flags INTERFACE)
target_compile_options(chengying_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Werror
  -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 marks as deprecated what its own stable_sort calls.
  target_compile_options(chengying_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations)
else()
  # g++ 12 reports these for correct uses of std::optional, std::string and std::variant when it inlines.
  target_compile_options(chengying_flags INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-stringop-overread)
endif()
if(CHENGYING_FUZZ)
  target_compile_options(chengying_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(chengying_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(CHENGYING_SANITIZE)
  target_compile_options(chengying_flags INTERFACE -fsanitize=${CHENGYING_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(chengying_flags INTERFACE -fsanitize=${CHENGYING_SANITIZE})
endif()

# chengying_library(NAME DEPS target...): all *.cc below this folder except *_test.cc make chengying_NAME; all
# *_test.cc make NAME_tests, registered with CTest test by test.
function(chengying_library NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    add_library(chengying_${NAME} INTERFACE)
    target_link_libraries(chengying_${NAME} INTERFACE chengying_flags ${ARG_DEPS})
  else()
    add_library(chengying_${NAME} STATIC ${sources})
    target_link_libraries(chengying_${NAME} PUBLIC chengying_flags ${ARG_DEPS})
  endif()
  if(CHENGYING_TESTS AND tests)
    chengying_test(${NAME}_tests SOURCES ${tests} DEPS chengying_${NAME} ${ARG_TEST_DEPS})
  endif()
endfunction()

# chengying_test(NAME SOURCES file... DEPS target...): a GoogleTest program, each test a CTest test.
function(chengying_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE CHENGYING_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             CHENGYING_BINARY_DIR="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${NAME} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
