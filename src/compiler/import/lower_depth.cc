// DepthToSpace and SpaceToDepth: reshapes around one transposition.
#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

Result<std::int64_t> block_of(NodeLowering& n, ValueId x) {
  const std::int64_t block = n.integer("blocksize", 0);
  if (n.shape(x).size() != 4 || block < 1 || block > 65536)
    return n.broken(fmt::format("blocks of {} on {}", block, to_string(n.shape(x))));
  return block;
}

}  // namespace

Status lower_depth_to_space(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::int64_t b, block_of(n, x));
  const Shape s = n.shape(x);
  const std::int64_t c = s[1] / (b * b);
  if (c * b * b != s[1]) return n.broken(fmt::format("{} channels for blocks of {}", s[1], b));
  const bool columns_first = n.text("mode", "DCR") == "CRD";
  const ValueId apart = columns_first
                            ? n.transpose(n.reshape(x, {s[0], c, b, b, s[2], s[3]}), {0, 1, 4, 2, 5, 3})
                            : n.transpose(n.reshape(x, {s[0], b, b, c, s[2], s[3]}), {0, 3, 4, 1, 5, 2});
  n.set_result(n.reshape(apart, {s[0], c, s[2] * b, s[3] * b}));
  return {};
}

Status lower_space_to_depth(NodeLowering& n) {
  TRY_ASSIGN(const ValueId x, n.input(0));
  TRY_ASSIGN(const std::int64_t b, block_of(n, x));
  const Shape s = n.shape(x);
  if (s[2] % b != 0 || s[3] % b != 0) return n.broken(fmt::format("{} in blocks of {}", to_string(s), b));
  const ValueId apart = n.transpose(n.reshape(x, {s[0], s[1], s[2] / b, b, s[3] / b, b}), {0, 3, 5, 1, 2, 4});
  n.set_result(n.reshape(apart, {s[0], s[1] * b * b, s[2] / b, s[3] / b}));
  return {};
}

}  // namespace chengying::compiler
