#include "cli/rows.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace chengying::cli {

Result<Tensor> join_rows(std::span<const Tensor> pieces) {
  CHECK(!pieces.empty());
  if (pieces.size() == 1) return pieces[0];
  Shape shape = pieces[0].shape();
  if (shape.empty()) return fail(Code::kInvalidArgument, "scalars cannot be joined into a batch");
  shape[0] = 0;
  for (const Tensor& piece : pieces) {
    const bool fits = piece.dtype() == pieces[0].dtype() && piece.shape().size() == shape.size() &&
                      std::equal(shape.begin() + 1, shape.end(), piece.shape().begin() + 1);
    if (!fits) {
      return fail(Code::kInvalidArgument, "{} {} and {} {} cannot be joined into a batch",
                  name_of(pieces[0].dtype()), to_string(pieces[0].shape()), name_of(piece.dtype()),
                  to_string(piece.shape()));
    }
    shape[0] += piece.shape()[0];
  }
  if (const auto count = element_count(shape); !count) return std::unexpected<Error>(count.error());
  Tensor joined(pieces[0].dtype(), shape);
  std::size_t offset = 0;
  for (const Tensor& piece : pieces) {
    std::ranges::copy(piece.bytes(), joined.bytes().begin() + static_cast<std::ptrdiff_t>(offset));
    offset += piece.bytes().size();
  }
  return joined;
}

Tensor row_of(const Tensor& tensor, std::size_t index) {
  CHECK(!tensor.shape().empty() && index < static_cast<std::size_t>(tensor.shape()[0]));
  Shape shape = tensor.shape();
  const std::size_t bytes = tensor.bytes().size() / static_cast<std::size_t>(shape[0]);
  shape[0] = 1;
  Tensor row(tensor.dtype(), std::move(shape));
  std::ranges::copy(tensor.bytes().subspan(index * bytes, bytes), row.bytes().begin());
  return row;
}

Tensor repeat_row(const Tensor& tensor, std::int32_t count) {
  CHECK(!tensor.shape().empty() && tensor.shape()[0] == 1 && count >= 1);
  Shape shape = tensor.shape();
  shape[0] = count;
  Tensor repeated(tensor.dtype(), std::move(shape));
  const auto from = tensor.bytes();
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    std::ranges::copy(from, repeated.bytes().subspan(i * from.size()).begin());
  }
  return repeated;
}

}  // namespace chengying::cli
