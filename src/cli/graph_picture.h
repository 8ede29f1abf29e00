// A picture of a compiled model: its layers and what they read, in the language of graphviz, each coloured by
// its share of the cycles. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"

namespace chengying::cli {

/// Stable text, made for diffs: a node a line, then an edge a line.
std::string dot_of(std::string_view name, const std::vector<compiler::LayerReport>& layers);

/// .dot: the text; .svg: drawn by graphviz's `dot`, which must be installed. kInvalidArgument for other
/// endings, kUnavailable where `dot` is not found or fails.
Status write_picture(const std::string& path, const std::string& dot);

}  // namespace chengying::cli
