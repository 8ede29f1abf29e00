#include "peer/ort.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "peer/ort_table.h"

namespace chengying::peer {
namespace {

/// Everything of one opened library; lives as long as the process.
struct Library {
  const void* const* table = nullptr;
  std::string version;
  void* env = nullptr;
  void* memory = nullptr;
  void* allocator = nullptr;

  /// The function at a place, as the type that its documentation gives it.
  template <class Function>
  Function* at(OrtPlace place) const {
    return reinterpret_cast<Function*>(const_cast<void*>(table[static_cast<std::size_t>(place)]));
  }
  template <class... Args>
  Status call(OrtPlace place, Args... args) const {
    void* status = at<void*(Args...)>(place)(args...);
    if (status == nullptr) return {};
    const std::string message = at<const char*(void*)>(OrtPlace::kGetErrorMessage)(status);
    release(OrtPlace::kReleaseStatus, status);
    return fail(Code::kInternal, "ONNX Runtime: {}", message);
  }
  void release(OrtPlace place, void* object) const {
    if (object != nullptr) at<void(void*)>(place)(object);
  }
};

Result<Library> open_library(const std::filesystem::path& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(Code::kNotFound, "cannot open ONNX Runtime: {} (run scripts/setup.sh)", dlerror());
  void* symbol = dlsym(handle, "OrtGetApiBase");
  if (symbol == nullptr) return fail(Code::kInvalidArgument, "{} is not ONNX Runtime", path.string());
  const OrtBase* base = reinterpret_cast<const OrtBase* (*)()>(symbol)();
  Library library;
  library.table = base->get_table(kOrtInterfaceVersion);
  library.version = base->get_version();
  if (library.table == nullptr)
    return fail(Code::kUnsupported, "ONNX Runtime {} is too old", library.version);
  TRY(library.call(OrtPlace::kCreateEnv, kOrtWarningLevel, "chengying", &library.env));
  TRY(library.call(OrtPlace::kCreateCpuMemoryInfo, kOrtArenaAllocator, kOrtDefaultMemory, &library.memory));
  TRY(library.call(OrtPlace::kGetAllocatorWithDefaultOptions, &library.allocator));
  return library;
}

/// Opened once: the library may not be opened twice, nor closed.
Result<const Library*> library_at(const std::filesystem::path& path) {
  static std::mutex mutex;
  static Result<Library> opened = fail(Code::kNotFound, "");
  const std::lock_guard lock(mutex);
  if (!opened) opened = open_library(path);
  if (!opened) return std::unexpected<Error>(opened.error());
  return &*opened;
}

struct ElementType {
  int number;  // ONNX's own (TensorProto.DataType)
  DType dtype;
};
constexpr std::array<ElementType, 10> kElementTypes = {{{1, DType::kF32},
                                                        {2, DType::kU8},
                                                        {3, DType::kI8},
                                                        {5, DType::kI16},
                                                        {6, DType::kI32},
                                                        {7, DType::kI64},
                                                        {9, DType::kBool},
                                                        {10, DType::kF16},
                                                        {11, DType::kF64},
                                                        {16, DType::kBF16}}};

int number_of(DType dtype) {
  for (const ElementType& type : kElementTypes) {
    if (type.dtype == dtype) return type.number;
  }
  CHECK(false);
  return 0;
}

Result<DType> dtype_of(int number) {
  for (const ElementType& type : kElementTypes) {
    if (type.number == number) return type.dtype;
  }
  return fail(Code::kUnsupported, "ONNX Runtime gave a tensor of element type {}", number);
}

/// A value of the library, released at the end of its scope.
class Value {
 public:
  explicit Value(const Library& library) : library_(&library) {}
  Value(Value&& other) noexcept : library_(other.library_), object_(std::exchange(other.object_, nullptr)) {}
  Value& operator=(Value&&) = delete;
  ~Value() { library_->release(OrtPlace::kReleaseValue, object_); }
  void*& object() { return object_; }

 private:
  const Library* library_;
  void* object_ = nullptr;
};

Result<Tensor> copy_out(const Library& library, void* value) {
  void* info = nullptr;
  TRY(library.call(OrtPlace::kGetTensorTypeAndShape, value, &info));
  int number = 0;
  std::size_t rank = 0;
  TRY(library.call(OrtPlace::kGetTensorElementType, info, &number));
  TRY(library.call(OrtPlace::kGetDimensionsCount, info, &rank));
  Shape shape(rank);
  TRY(library.call(OrtPlace::kGetDimensions, info, shape.data(), rank));
  library.release(OrtPlace::kReleaseTensorTypeAndShapeInfo, info);
  TRY_ASSIGN(const DType dtype, dtype_of(number));
  Tensor tensor(dtype, std::move(shape));
  void* data = nullptr;
  TRY(library.call(OrtPlace::kGetTensorMutableData, value, &data));
  std::memcpy(tensor.bytes().data(), data, tensor.bytes().size());
  return tensor;
}

}  // namespace

struct OrtSession::State {
  const Library* library = nullptr;
  void* session = nullptr;
  std::vector<std::string> inputs, outputs;

  ~State() {
    if (library != nullptr) library->release(OrtPlace::kReleaseSession, session);
  }

  Result<std::vector<std::string>> names(OrtPlace count_place, OrtPlace name_place) const {
    std::size_t count = 0;
    TRY(library->call(count_place, session, &count));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
      char* name = nullptr;
      TRY(library->call(name_place, session, i, library->allocator, &name));
      names.emplace_back(name);
      TRY(library->call(OrtPlace::kAllocatorFree, library->allocator, static_cast<void*>(name)));
    }
    return names;
  }

  /// `create` makes the session from options.
  template <class Create>
  Status open(int threads, Create create) {
    void* options = nullptr;
    TRY(library->call(OrtPlace::kCreateSessionOptions, &options));
    TRY(library->call(OrtPlace::kSetIntraOpNumThreads, options, threads));
    TRY(library->call(OrtPlace::kSetInterOpNumThreads, options, 1));
    TRY(library->call(OrtPlace::kSetSessionGraphOptimizationLevel, options, kOrtAllOptimisations));
    const Status created = create(options);
    library->release(OrtPlace::kReleaseSessionOptions, options);
    TRY(created);
    TRY_ASSIGN(inputs, names(OrtPlace::kSessionGetInputCount, OrtPlace::kSessionGetInputName));
    TRY_ASSIGN(outputs, names(OrtPlace::kSessionGetOutputCount, OrtPlace::kSessionGetOutputName));
    return {};
  }
};

std::filesystem::path ort_library_path(const std::filesystem::path& repository) {
  if (const char* path = std::getenv("CHENGYING_ORT")) return path;
  return repository / ".cache/npm/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";
}

OrtSession::OrtSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
OrtSession::OrtSession(OrtSession&&) noexcept = default;
OrtSession& OrtSession::operator=(OrtSession&&) noexcept = default;
OrtSession::~OrtSession() = default;

Result<OrtSession> OrtSession::load(const std::filesystem::path& library, const std::filesystem::path& model,
                                    int threads) {
  auto state = std::make_unique<State>();
  TRY_ASSIGN(state->library, library_at(library));
  TRY(state->open(threads, [&](void* options) {
    return state->library->call(OrtPlace::kCreateSession, state->library->env, model.c_str(), options,
                                &state->session);
  }));
  return OrtSession(std::move(state));
}

Result<OrtSession> OrtSession::load_bytes(const std::filesystem::path& library, const std::string& model,
                                          int threads) {
  auto state = std::make_unique<State>();
  TRY_ASSIGN(state->library, library_at(library));
  TRY(state->open(threads, [&](void* options) {
    return state->library->call(OrtPlace::kCreateSessionFromArray, state->library->env,
                                static_cast<const void*>(model.data()), model.size(), options,
                                &state->session);
  }));
  return OrtSession(std::move(state));
}

const std::vector<std::string>& OrtSession::input_names() const {
  return state_->inputs;
}
const std::vector<std::string>& OrtSession::output_names() const {
  return state_->outputs;
}

Result<std::vector<Tensor>> OrtSession::run(const std::vector<Tensor>& inputs) {
  const Library& library = *state_->library;
  if (inputs.size() != state_->inputs.size()) {
    return fail(Code::kInvalidArgument, "the model has {} inputs, not {}", state_->inputs.size(),
                inputs.size());
  }
  std::vector<Value> values;
  std::vector<void*> input_objects, output_objects(state_->outputs.size());
  for (const Tensor& input : inputs) {
    Value& value = values.emplace_back(library);
    // The library reads the input's bytes where they are; it asks for a pointer that may be written.
    TRY(library.call(OrtPlace::kCreateTensorWithDataAsOrtValue, library.memory,
                     const_cast<void*>(static_cast<const void*>(input.bytes().data())), input.bytes().size(),
                     input.shape().data(), input.shape().size(), number_of(input.dtype()), &value.object()));
    input_objects.push_back(value.object());
  }
  std::vector<const char*> input_names, output_names;
  for (const std::string& name : state_->inputs) input_names.push_back(name.c_str());
  for (const std::string& name : state_->outputs) output_names.push_back(name.c_str());
  TRY(library.call(OrtPlace::kRun, state_->session, static_cast<void*>(nullptr), input_names.data(),
                   input_objects.data(), input_objects.size(), output_names.data(), output_names.size(),
                   output_objects.data()));
  std::vector<Tensor> outputs;
  Status copied;
  for (void* object : output_objects) {
    Value value(library);
    value.object() = object;
    auto output = copy_out(library, object);
    if (output) {
      outputs.push_back(std::move(*output));
    } else if (copied) {
      copied = std::unexpected<Error>(output.error());
    }
  }
  TRY(copied);
  return outputs;
}

std::string OrtSession::version(const std::filesystem::path& library) {
  const auto opened = library_at(library);
  return opened ? (*opened)->version : "missing";
}

}  // namespace chengying::peer
