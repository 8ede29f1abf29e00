// Tiles: the compiler's second form: what each core does, in which order, on virtual buffers. A step is an
// instruction whose scratch addresses name a buffer and a byte of it (the offset holds both, see
// `virtual_at`); constants and the request's tensors are named as in the program. A step's `waits` are all
// the earlier steps that must come first (set by order.h), not yet reduced. A plain value; the text form is
// stable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "isa/program.h"

namespace chengying::compiler::tiles {

using BufferId = std::uint32_t;

/// A piece of scratch memory without a place yet.
struct Buffer {
  std::string name;  // of the value that it holds
  isa::Space space = isa::Space::kDram;
  std::uint16_t core = 0;   // of kSram
  std::uint64_t bytes = 0;  // multiple of 64
  /// Strides of its dimensions larger than 1, falling, with their sizes: what views on it are compared by.
  struct Dimension {
    std::int64_t stride = 1, size = 1;
  };
  std::vector<Dimension> dimensions;
};

struct Tiles {
  std::int32_t batch = 1;
  std::vector<isa::Binding> inputs, outputs;
  std::vector<Buffer> buffers;
  std::vector<isa::Instruction> steps;
};

inline constexpr int kBufferShift = 40;

/// The address of byte `byte` of a buffer.
isa::Address virtual_at(const Buffer& buffer, BufferId id, std::uint64_t byte = 0);
/// The buffer that an address names; nullopt for constants and the request's tensors.
std::optional<BufferId> buffer_of(const isa::Address& address);
std::uint64_t byte_of(const isa::Address& address);

/// Whether two views on the same buffer may share a byte. Exact for views along the buffer's dimensions, else
/// by their extents.
bool overlap(const Buffer& buffer, const isa::View& a, const isa::View& b);

/// The views of an operation, to change in place (addresses of constants included): for placing.
void for_each_address(isa::Operation& operation, const auto& change);

/// What must hold: every view inside of its buffer, every buffer in the memory of a core that may name it,
/// waits backwards, every conflict of two steps ordered. The first fault found; a fault is our own.
Status check(const Tiles& tiles);

std::string print(const Tiles& tiles);

// ---

void for_each_address(isa::Operation& operation, const auto& change) {
  const auto of_epilogue = [&](isa::Epilogue& epilogue) {
    change(epilogue.scale);
    if (epilogue.residual) change(epilogue.residual->view.at);
  };
  std::visit(
      [&](auto& op) {
        const auto of_parameter = [&](auto& parameter) {  // a view, perhaps absent, or an address
          if constexpr (requires { parameter.offset; })
            change(parameter);
          else if constexpr (requires { parameter.at; })
            change(parameter.at);
          else if (parameter)
            change(parameter->at);
        };
        if constexpr (requires { op.input; }) change(op.input.at);
        if constexpr (requires { op.source; }) change(op.source.at);
        if constexpr (requires { op.a; }) change(op.a.at);
        if constexpr (requires { op.b; }) change(op.b.at);
        if constexpr (requires { op.addend; }) of_parameter(op.addend);
        if constexpr (requires { op.condition; }) change(op.condition.at);
        if constexpr (requires { op.data; }) change(op.data.at);
        if constexpr (requires { op.updates; }) change(op.updates.at);
        if constexpr (requires { op.indices; }) change(op.indices.at);
        if constexpr (requires { op.shift; }) {  // a scale that is a number is left alone
          of_parameter(op.scale);
          of_parameter(op.shift);
        }
        if constexpr (requires { op.group; }) change(op.scale);
        if constexpr (requires { op.cosine; }) change(op.cosine.at);
        if constexpr (requires { op.sine; }) change(op.sine.at);
        if constexpr (requires { op.choice; }) change(op.choice.at);
        if constexpr (requires { op.taps_h; }) {
          change(op.rows);
          change(op.columns);
        }
        if constexpr (requires { op.weights; }) change(op.weights);
        if constexpr (requires { op.init; }) change(op.init);
        if constexpr (requires { op.table; }) change(op.table);
        if constexpr (requires { op.epilogue; }) of_epilogue(op.epilogue);
        if constexpr (requires { op.output; }) change(op.output.at);
        if constexpr (requires { op.destination; }) change(op.destination.at);
      },
      operation);
}

}  // namespace chengying::compiler::tiles
