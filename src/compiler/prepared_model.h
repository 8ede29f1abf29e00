// PreparedModel: a model that went through the compiler's front half once, to be lowered for any number of
// chips: nothing of the front half asks for a chip. Immutable, cheap to copy; any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "compiler/compile.h"
#include "isa/spec.h"

namespace chengying::compiler {

class PreparedModel {
 public:
  /// `options.cores` is not looked at. Errors: those of compile() that no chip has a part in.
  static Result<PreparedModel> make(const ModelSource& model, const CompileOptions& options);

  /// As compile() of the same model and options for so many cores of `chip`: the same bytes.
  Result<CompileOutput> compile_for(const isa::ChipSpec& chip, std::uint16_t cores) const;

 private:
  struct State;
  explicit PreparedModel(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared: copies of a model lower the same graphs
};

}  // namespace chengying::compiler
