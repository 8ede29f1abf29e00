// OrtSession: a model run by ONNX Runtime on this machine's CPU: the peer that tests and benchmarks stand
// beside. The library is opened at run time (npm's onnxruntime-node carries it; scripts/setup.sh brings it),
// so that nothing of the product links to it. One session, one caller at a time. Failures are Errors with the
// library's text.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "tensor/tensor.h"

namespace chengying::peer {

/// Where scripts/setup.sh puts the library, below the repository; CHENGYING_ORT names another file.
std::filesystem::path ort_library_path(const std::filesystem::path& repository);

class OrtSession {
 public:
  /// Opens `library` (once per process), loads the model from a file or from bytes, with all graph
  /// optimisations, on `threads` threads that spin while a run lasts, as its defaults are.
  static Result<OrtSession> load(const std::filesystem::path& library, const std::filesystem::path& model,
                                 int threads);
  static Result<OrtSession> load_bytes(const std::filesystem::path& library, const std::string& model,
                                       int threads);
  OrtSession(OrtSession&&) noexcept;
  OrtSession& operator=(OrtSession&&) noexcept;
  ~OrtSession();

  const std::vector<std::string>& input_names() const;
  const std::vector<std::string>& output_names() const;
  /// Inputs in the model's order; outputs likewise.
  Result<std::vector<Tensor>> run(const std::vector<Tensor>& inputs);
  /// "1.30.0"
  static std::string version(const std::filesystem::path& library);

 private:
  struct State;
  explicit OrtSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chengying::peer
