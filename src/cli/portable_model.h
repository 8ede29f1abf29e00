// PortableModel: a model that is read, and calibrated, once, to be compiled for many chips. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "cli/compile_flags.h"
#include "compiler/prepared_model.h"
#include "isa/program.h"
#include "isa/spec.h"

namespace chengying::cli {

class PortableModel {
 public:
  /// kInvalidArgument for an executable: that is for one chip alone; errors of the compiler that no chip has
  /// a part in. `flags.chip` and `flags.cores` are not looked at.
  static Result<PortableModel> open(const CompileFlags& flags);

  const std::string& name() const { return name_; }
  /// Errors of the compiler: what the chip lacks for this model.
  Result<isa::Executable> compile_for(const isa::ChipSpec& chip, std::uint16_t cores) const;

 private:
  PortableModel(std::string name, compiler::PreparedModel prepared)
      : name_(std::move(name)), prepared_(std::move(prepared)) {}

  std::string name_;
  compiler::PreparedModel prepared_;
};

/// All cores of a chip, at most as many as the machine has for its own.
std::uint16_t whole_chip(const isa::ChipSpec& chip);

}  // namespace chengying::cli
