// Products of tensors by labels: two operands are one matrix product between transpositions, others are
// multiplied element by element and added up.
#include <algorithm>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/pieces.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kProductsMax = std::int64_t{1} << 24;

struct Term {
  std::string labels;  // one a dimension, after "..." became capital letters from the end
  Real value;
};

/// Dimensions with a label that comes twice become their diagonal.
Result<Term> without_repeats(NodeLowering& n, Term term) {
  for (std::size_t d = 0; d < term.labels.size(); ++d) {
    const std::size_t again = term.labels.find(term.labels[d], d + 1);
    if (again == std::string::npos) continue;
    const Shape shape = term.value.shape();
    if (shape[d] != shape[again]) return n.broken("a label with two sizes");
    const std::vector<std::int64_t> strides = strides_of(shape);
    Shape to = shape;
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(again));
    TRY(check_places(n, to));
    const std::vector<std::int64_t> out = strides_of(to);
    std::vector<Place> places(static_cast<std::size_t>(*element_count(to)));
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::int64_t at = 0;
      for (std::size_t t = 0; t < to.size(); ++t) {
        const std::int64_t place = static_cast<std::int64_t>(i) / out[t] % to[t];
        at += place * strides[t < again ? t : t + 1];
        if (t == d) at += place * strides[again];
      }
      places[i].at = at;
    }
    TRY_ASSIGN(const ValueId diagonal, elements_at(n, {term.value.id}, places, to));
    term.labels.erase(again, 1);
    term.value = {&n, diagonal};
    return without_repeats(n, std::move(term));
  }
  return term;
}

/// In the order of `all`, with dimensions of 1 for labels that the term lacks.
Real aligned(const Term& term, const std::string& all) {
  std::vector<std::int32_t> order;
  Shape wide;
  for (const char label : all) {
    const std::size_t d = term.labels.find(label);
    wide.push_back(d == std::string::npos ? 1 : term.value.shape()[d]);
    if (d != std::string::npos) order.push_back(static_cast<std::int32_t>(d));
  }
  return reshape(transpose(term.value, order), wide);
}

/// "..." of `rank` dimensions as capital letters, the last one 'A', so that they align at the end.
std::string expanded(const std::string& term, std::size_t rank) {
  const std::size_t dots = term.find("...");
  if (dots == std::string::npos) return term;
  const std::size_t hidden = rank - std::min(rank, term.size() - 3);
  std::string letters;
  for (std::size_t i = hidden; i-- > 0;) letters += static_cast<char>('A' + i);
  return term.substr(0, dots) + letters + term.substr(dots + 3);
}

bool has(const std::string& labels, char label) {
  return labels.find(label) != std::string::npos;
}

/// One product and no sum, or more than two operands: element by element.
Result<Real> by_elements(NodeLowering& n, const std::vector<Term>& terms, const std::string& out) {
  std::string all = out;
  for (const Term& term : terms)
    for (const char label : term.labels)
      if (!has(all, label)) all += label;
  Real y = aligned(terms[0], all);
  for (std::size_t i = 1; i < terms.size(); ++i) {
    const Real next = aligned(terms[i], all);
    const std::optional<Shape> shape = broadcast_shape(y.shape(), next.shape());
    if (!shape) return n.broken("a label with two sizes");
    if (*element_count(*shape) > kProductsMax)
      return n.refuse(fmt::format("products one by one would be {}; the limit is {} of them",
                                  to_string(*shape), kProductsMax));
    y = y * next;
  }
  std::vector<std::int32_t> summed(all.size() - out.size());
  std::iota(summed.begin(), summed.end(), static_cast<std::int32_t>(out.size()));
  y = reduce(isa::ReduceKind::kSum, y, summed);
  return reshape(y, Shape(y.shape().begin(), y.shape().begin() + static_cast<std::ptrdiff_t>(out.size())));
}

/// Labels that only one side has and the result lacks are summed before.
Term without_private(Term term, const std::string& other, const std::string& out) {
  std::string kept;
  std::vector<std::int32_t> summed;
  Shape to;
  for (std::size_t d = 0; d < term.labels.size(); ++d) {
    const char label = term.labels[d];
    if (has(other, label) || has(out, label)) {
      kept += label;
      to.push_back(term.value.shape()[d]);
    } else {
      summed.push_back(static_cast<std::int32_t>(d));
    }
  }
  return {kept, reshape(reduce(isa::ReduceKind::kSum, term.value, summed), to)};
}

/// Two operands as one matrix product: batches both have and the result keeps, rows, columns, and what is
/// summed.
Result<Real> by_matmul(NodeLowering& n, Term a, Term b, const std::string& out) {
  a = without_private(std::move(a), b.labels, out);
  b = without_private(std::move(b), a.labels, out);
  std::string batch, rows, columns, summed;
  for (const char label : out) {
    if (has(a.labels, label) && has(b.labels, label)) batch += label;
    if (has(a.labels, label) && !has(b.labels, label)) rows += label;
    if (!has(a.labels, label)) columns += label;
  }
  for (const char label : a.labels)
    if (!has(out, label)) summed += label;
  if (summed.empty()) return by_elements(n, {a, b}, out);
  const auto part = [](const Term& term, const std::string& labels) {
    Shape shape;
    for (const char label : labels) shape.push_back(term.value.shape()[term.labels.find(label)]);
    return shape;
  };
  const auto product = [](const Shape& shape) { return *element_count(shape); };
  const auto matrices = [&](const Term& term, const std::string& first, const std::string& second) {
    Shape shape = part(term, batch);
    shape.push_back(product(part(term, first)));
    shape.push_back(product(part(term, second)));
    return reshape(aligned(term, batch + first + second), std::move(shape));
  };
  const Real left = matrices(a, rows, summed), right = matrices(b, summed, columns);
  if (part(a, summed) != part(b, summed)) return n.broken("a label with two sizes");
  const std::optional<Shape> batches = broadcast_shape(part(a, batch), part(b, batch));
  if (!batches) return n.broken("a label with two sizes");
  Shape shape = *batches;
  shape.push_back(product(part(a, rows)));
  shape.push_back(product(part(b, columns)));
  const Real y{&n, n.emit(MatMulNode{}, {left.id, right.id}, std::move(shape))};
  Shape apart = *batches;
  for (const std::int64_t size : part(a, rows)) apart.push_back(size);
  for (const std::int64_t size : part(b, columns)) apart.push_back(size);
  return aligned({batch + rows + columns, reshape(y, std::move(apart))}, out);
}

Result<Real> product_of(NodeLowering& n, const std::vector<Term>& terms, const std::string& out) {
  return terms.size() == 2 ? by_matmul(n, terms[0], terms[1], out) : by_elements(n, terms, out);
}

}  // namespace

Status lower_einsum(NodeLowering& n) {
  std::string equation = n.text("equation", "");
  std::erase(equation, ' ');
  if (std::ranges::any_of(equation, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return n.refuse("capital letters in the equation; write it with small ones");
  const std::size_t arrow = equation.find("->");
  std::string left = equation.substr(0, arrow);
  std::vector<Term> terms;
  std::string hidden;
  for (std::size_t i = 0; i < n.inputs(); ++i) {
    TRY_ASSIGN(const Real x, real_operand(n, i));
    const std::size_t comma = left.find(',');
    std::string labels = expanded(left.substr(0, comma), x.shape().size());
    if (labels.size() != x.shape().size() || (comma == std::string::npos) != (i + 1 == n.inputs()))
      return n.broken(fmt::format("the equation '{}' does not fit its inputs", equation));
    for (const char c : labels)
      if (c >= 'A' && c <= 'Z' && hidden.find(c) == std::string::npos) hidden += c;
    TRY_ASSIGN(Term term, without_repeats(n, {std::move(labels), x}));
    terms.push_back(std::move(term));
    left = comma == std::string::npos ? "" : left.substr(comma + 1);
  }
  std::ranges::sort(hidden, std::greater());
  std::string out;
  if (arrow != std::string::npos) {
    out = equation.substr(arrow + 2);
    if (const std::size_t dots = out.find("..."); dots != std::string::npos) out.replace(dots, 3, hidden);
  } else {  // labels that come once, in their order
    const std::string all = equation;
    for (char c = 'a'; c <= 'z'; ++c)
      if (std::ranges::count(all, c) == 1) out += c;
    out = hidden + out;
  }
  for (const char c : out)
    if (std::ranges::none_of(terms, [&](const Term& t) { return t.labels.find(c) != std::string::npos; }))
      return n.broken(fmt::format("'{}' of the result is in no input", c));
  TRY_ASSIGN(const ValueId first, n.input(0));
  TRY_ASSIGN(const Real y, product_of(n, terms, out));
  n.set_result(n.from_real(y.id, n.type_of(first)));
  return {};
}

Result<ValueId> make_product(NodeLowering& n, ValueId a, ValueId b) {
  const bool row = n.shape(a).size() == 1, column = n.shape(b).size() == 1;
  if (row) a = n.reshape(a, {1, n.shape(a)[0]});
  if (column) b = n.reshape(b, {n.shape(b)[0], 1});
  const std::size_t rank = std::max(n.shape(a).size(), n.shape(b).size());
  a = n.with_rank(a, rank);
  b = n.with_rank(b, rank);
  if (n.shape(a)[rank - 1] != n.shape(b)[rank - 2])
    return n.broken(fmt::format("{} columns by {} rows", n.shape(a)[rank - 1], n.shape(b)[rank - 2]));
  const Shape &left = n.shape(a), &right = n.shape(b);
  const std::optional<Shape> batches =
      broadcast_shape(Shape(left.begin(), left.end() - 2), Shape(right.begin(), right.end() - 2));
  if (!batches) return n.broken(fmt::format("batches {} by {}", to_string(left), to_string(right)));
  Shape to = *batches;
  to.push_back(left[rank - 2]);
  to.push_back(right[rank - 1]);
  const ValueId y = n.emit(MatMulNode{}, {a, b}, Shape(to));
  if (row) to.erase(to.end() - 2);
  if (column) to.erase(to.end() - 1);
  return n.reshape(y, std::move(to));
}

}  // namespace chengying::compiler
