// Questions that the integer passes ask about values.
#pragma once

#include "compiler/passes/rewrite.h"

namespace chengying::compiler {

/// The u8 value that a real value is the dequantisation of, or kNoValue. One scale for the whole tensor.
ValueId bytes_behind(Editor& edit, ValueId real);
/// The constant of integers that a real value is the dequantisation of, or kNoValue.
ValueId integers_behind(Editor& edit, ValueId real);
/// The one QuantiseNode that reads a real value and is its only user, or nullptr.
Node* only_quantiser(Editor& edit, ValueId real);
/// A copy of a value's description under another name.
Value like(const Value& value, std::string name);
/// True if a real number is one of the 256 that the quantisation can say.
bool representable(float real, const Quantisation& quantisation);

}  // namespace chengying::compiler
