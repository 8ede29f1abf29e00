// The places of the functions that we call in ONNX Runtime's C interface: one table of function pointers,
// only ever appended to, so that a place never changes (its documented promise). Opaque types are void here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chengying::peer {

/// Version of the interface that we ask for: the lowest that has all places below, so that any later library
/// serves.
inline constexpr std::uint32_t kOrtInterfaceVersion = 16;

enum class OrtPlace : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetSessionGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kAllocatorFree = 76,
  kGetAllocatorWithDefaultOptions = 78,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseTensorTypeAndShapeInfo = 99,
  kReleaseSessionOptions = 100,
};

/// What the library's one exported function, OrtGetApiBase, returns.
struct OrtBase {
  const void* const* (*get_table)(std::uint32_t version);
  const char* (*get_version)();
};

inline constexpr int kOrtWarningLevel = 2;
inline constexpr int kOrtAllOptimisations = 99;
inline constexpr int kOrtArenaAllocator = 1;
inline constexpr int kOrtDefaultMemory = 0;

}  // namespace chengying::peer
