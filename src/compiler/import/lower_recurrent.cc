// RNN, GRU and LSTM, unrolled: a matrix product of the input for all steps at once, then step by step.
#include <algorithm>

#include "compiler/import/numbers.h"
#include "compiler/import/operators.h"
#include "compiler/import/real.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kStepsMax = 4096;

struct Activation {
  std::string_view name;
  isa::UnaryKind kind;
  float alpha, beta;
};
constexpr Activation kActivations[] = {
    {"Sigmoid", isa::UnaryKind::kSigmoid, 0, 0},
    {"Tanh", isa::UnaryKind::kTanh, 0, 0},
    {"Relu", isa::UnaryKind::kRelu, 0, 0},
    {"HardSigmoid", isa::UnaryKind::kHardSigmoid, 0.2F, 0.5F},
    {"LeakyRelu", isa::UnaryKind::kLeakyRelu, 0.01F, 0},
    {"Elu", isa::UnaryKind::kElu, 1, 0},
    {"Softplus", isa::UnaryKind::kSoftplus, 0, 0},
};

/// One direction of one layer: its matrices, and what is carried from step to step.
class Cell {
 public:
  Cell(NodeLowering& n, std::size_t gates, std::int64_t hidden) : n_(n), gates_(gates), hidden_(hidden) {}

  std::vector<const Activation*> activations;
  Tensor recurrent;              // [gates * hidden, hidden]
  std::optional<Tensor> r_bias;  // [gates * hidden]
  std::vector<Real> peepholes;   // of LSTM: [hidden] each
  float clip_to = isa::kInfinity;
  bool reset_after = false;  // GRU's linear_before_reset
  Real h, c;                 // [batch, hidden]

  /// `x`: this step's share of the gates [batch, gates * hidden].
  void step(const Real& x) {
    if (gates_ == 1) return rnn(x);
    if (gates_ == 3) return gru(x);
    lstm(x);
  }

 private:
  Real activate(std::size_t which, const Real& x) const {
    const Activation& a = *activations[which];
    const Real limited = clip_to < isa::kInfinity ? clip(x, -clip_to, clip_to) : x;
    return {&n_, n_.unary(a.kind, limited.id, a.alpha, a.beta)};
  }
  Real gate(const Real& all, std::size_t which, std::size_t count = 1) const {
    return {&n_, make_slice(n_, all.id, 1, static_cast<std::int64_t>(which) * hidden_,
                            static_cast<std::int64_t>(count) * hidden_)};
  }
  /// Rows [first, first + count) gates of the recurrent matrix times h.
  Real recur(const Real& from, std::size_t first, std::size_t count) const {
    const std::int64_t rows = static_cast<std::int64_t>(count) * hidden_;
    const std::int64_t at = static_cast<std::int64_t>(first) * hidden_;
    Tensor part(DType::kF32, {rows, hidden_});
    std::ranges::copy(recurrent.as<float>().subspan(static_cast<std::size_t>(at * hidden_),
                                                    static_cast<std::size_t>(rows * hidden_)),
                      part.as<float>().begin());
    const Real y = times_matrix(from, std::move(part));
    if (!r_bias) return y;
    Tensor bias(DType::kF32, {1, rows});
    std::ranges::copy(
        r_bias->as<float>().subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(rows)),
        bias.as<float>().begin());
    return y + Real{&n_, n_.add_constant(std::move(bias), "bias")};
  }

  void rnn(const Real& x) { h = activate(0, x + recur(h, 0, 1)); }
  void gru(const Real& x) {
    const Real zr = gate(x, 0, 2) + recur(h, 0, 2);
    const Real z = activate(0, gate(zr, 0)), r = activate(0, gate(zr, 1));
    const Real inner = reset_after ? r * recur(h, 2, 1) : recur(r * h, 2, 1);
    const Real candidate = activate(1, gate(x, 2) + inner);
    h = (1.0F - z) * candidate + z * h;
  }
  void lstm(const Real& x) {
    const Real all = x + recur(h, 0, 4);
    const auto peep = [&](std::size_t which, const Real& gated) {
      return peepholes.empty() ? gated : gated + peepholes[which] * c;
    };
    const Real input = activate(0, peep(0, gate(all, 0))), forget = activate(0, peep(2, gate(all, 2)));
    const Real fresh = activate(1, gate(all, 3));
    c = forget * c + input * fresh;
    const Real output = activate(0, peep(1, gate(all, 1)));
    h = output * activate(2, c);
  }

  NodeLowering& n_;
  std::size_t gates_;
  std::int64_t hidden_;
};

/// Entry `d` of the first dimension of a constant [directions, ..]; nullopt if the operand is absent.
Result<std::optional<Tensor>> of_direction(NodeLowering& n, std::size_t i, std::int64_t d,
                                           std::int64_t directions) {
  if (!n.has(i)) return std::optional<Tensor>();
  TRY_ASSIGN(const ConstantTensor all, n.constant(i));
  if (all->dtype() != DType::kF32 || all->shape().empty() || all->shape()[0] != directions)
    return n.broken(
        fmt::format("input {} is {}[..] for {} directions", i, to_string(all->shape()), directions));
  Tensor one(DType::kF32, Shape(all->shape().begin() + 1, all->shape().end()));
  std::ranges::copy(all->as<float>().subspan(static_cast<std::size_t>(d * one.elements()),
                                             static_cast<std::size_t>(one.elements())),
                    one.as<float>().begin());
  return std::optional<Tensor>(std::move(one));
}

Tensor part_of(const Tensor& t, std::int64_t first, std::int64_t count, Shape shape) {
  Tensor part(DType::kF32, std::move(shape));
  std::ranges::copy(t.as<float>().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                    part.as<float>().begin());
  return part;
}

ValueId stacked(NodeLowering& n, const std::vector<ValueId>& parts, std::int32_t axis) {
  if (parts.size() == 1) return parts[0];
  Shape to = n.shape(parts[0]);
  to[axis] *= static_cast<std::int64_t>(parts.size());
  return n.emit(ConcatNode{axis}, parts, std::move(to));
}

/// The whole layer: all directions, all steps.
class Recurrence {
 public:
  Recurrence(NodeLowering& n, std::size_t gates) : n_(n), gates_(gates) {}

  Status lower() {
    TRY(read());
    std::vector<ValueId> sequences, last_h, last_c;
    for (std::int64_t d = 0; d < directions_; ++d) {
      TRY_ASSIGN(Cell cell, make_cell(d));
      const bool backwards = directions_ == 2 ? d == 1 : n_.text("direction", "forward") == "reverse";
      TRY_ASSIGN(const ValueId sequence, run(cell, d, backwards));
      sequences.push_back(n_.reshape(sequence, {steps_, 1, batch_, hidden_}));
      last_h.push_back(n_.reshape(cell.h.id, {1, batch_, hidden_}));
      if (gates_ == 4) last_c.push_back(n_.reshape(cell.c.id, {1, batch_, hidden_}));
    }
    const bool batch_first = n_.integer("layout", 0) != 0;
    const auto state = [&](const std::vector<ValueId>& parts) {
      const ValueId all = stacked(n_, parts, 0);
      return batch_first ? n_.transpose(all, {1, 0, 2}) : all;
    };
    const ValueId y = stacked(n_, sequences, 1);
    n_.set_result(batch_first ? n_.transpose(y, {2, 0, 1, 3}) : y, 0);
    n_.set_result(state(last_h), 1);
    if (gates_ == 4) n_.set_result(state(last_c), 2);
    return {};
  }

 private:
  Status read() {
    TRY_ASSIGN(x_, real_operand(n_, 0));
    if (x_.shape().size() != 3) return n_.broken("a sequence [steps, batch, features] is wanted");
    if (n_.integer("layout", 0) != 0) x_ = transpose(x_, {1, 0, 2});
    steps_ = x_.shape()[0];
    batch_ = x_.shape()[1];
    if (steps_ > kStepsMax) return n_.refuse(fmt::format("{} steps; the limit is {}", steps_, kStepsMax));
    hidden_ = n_.integer("hidden_size", 0);
    directions_ = n_.text("direction", "forward") == "bidirectional" ? 2 : 1;
    if (hidden_ < 1 || hidden_ > 1 << 20)
      return n_.broken("the attribute 'hidden_size' is missing, or too large");
    if (batch_ > (1 << 25) / hidden_)
      return n_.refuse(fmt::format("{} sequences of {} units", batch_, hidden_));
    if (n_.integer("input_forget", 0) != 0) return n_.refuse("input_forget; export separate gates");
    if (!n_.has(4)) return {};
    TRY_ASSIGN(lengths_, n_.integers(4));
    if (static_cast<std::int64_t>(lengths_.size()) != batch_)
      return n_.broken("lengths that are not one for each sequence");
    const bool whole = std::ranges::all_of(lengths_, [&](std::int64_t l) { return l == steps_; });
    if (whole) lengths_.clear();
    return {};
  }

  Result<Cell> make_cell(std::int64_t d) {
    Cell cell(n_, gates_, hidden_);
    TRY_ASSIGN(const auto recurrent, of_direction(n_, 2, d, directions_));
    const std::int64_t rows = static_cast<std::int64_t>(gates_) * hidden_;
    if (!recurrent || recurrent->shape() != Shape{rows, hidden_})
      return n_.broken(fmt::format("recurrent weights that are not [.., {}, {}]", rows, hidden_));
    cell.recurrent = *recurrent;
    TRY_ASSIGN(const auto bias, of_direction(n_, 3, d, directions_));
    if (bias) {
      if (bias->shape() != Shape{2 * rows})
        return n_.broken(fmt::format("a bias that is not [.., {}]", 2 * rows));
      cell.r_bias = part_of(*bias, rows, rows, {rows});
    }
    cell.clip_to = n_.number("clip", isa::kInfinity);
    cell.reset_after = n_.integer("linear_before_reset", 0) != 0;
    TRY(read_activations(cell, d));
    TRY_ASSIGN(cell.h, initial(5, d));
    if (gates_ != 4) return cell;
    TRY_ASSIGN(cell.c, initial(6, d));
    TRY_ASSIGN(const auto peepholes, of_direction(n_, 7, d, directions_));
    if (!peepholes) return cell;
    if (peepholes->shape() != Shape{3 * hidden_})
      return n_.broken("peepholes that are not three for each unit");
    for (std::int64_t i = 0; i < 3; ++i)
      cell.peepholes.push_back(
          {&n_, n_.add_constant(part_of(*peepholes, i * hidden_, hidden_, {1, hidden_}), "peephole")});
    return cell;
  }

  Status read_activations(Cell& cell, std::int64_t d) {
    std::vector<std::string> names = gates_ == 1   ? std::vector<std::string>{"Tanh"}
                                     : gates_ == 3 ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                   : std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"};
    const std::size_t each = names.size();
    if (const OnnxAttribute* given = n_.attribute("activations"))
      if (const auto* list = std::get_if<std::vector<std::string>>(given)) names = *list;
    const std::size_t first = names.size() > each ? static_cast<std::size_t>(d) * each : 0;
    if (names.size() < first + each) return n_.broken("too few activations");
    if (n_.has_attribute("activation_alpha") || n_.has_attribute("activation_beta"))
      return n_.refuse("activations with parameters of their own");
    for (std::size_t i = first; i < first + each; ++i) {
      const auto* found = std::ranges::find(kActivations, names[i], &Activation::name);
      if (found == std::end(kActivations)) return n_.refuse(fmt::format("an activation '{}'", names[i]));
      cell.activations.push_back(found);
    }
    return {};
  }

  /// The state before the first step: given, or zeros.
  Result<Real> initial(std::size_t i, std::int64_t d) {
    if (!n_.has(i)) return Real{&n_, n_.add_constant(Tensor(DType::kF32, {batch_, hidden_}), "zeros")};
    TRY_ASSIGN(Real given, real_operand(n_, i));
    if (n_.integer("layout", 0) != 0) given = transpose(given, {1, 0, 2});
    if (given.shape() != Shape{directions_, batch_, hidden_})
      return n_.broken("an initial state of another shape");
    return Real{&n_, n_.reshape(make_slice(n_, given.id, 0, d, 1), {batch_, hidden_})};
  }

  /// 1 where step `t` of each sequence is inside of its length.
  Real inside(std::int64_t t) {
    Tensor mask(DType::kF32, {batch_, 1});
    for (std::int64_t b = 0; b < batch_; ++b)
      mask.as<float>()[b] = t < lengths_[static_cast<std::size_t>(b)] ? 1 : 0;
    return {&n_, n_.add_constant(std::move(mask), "inside")};
  }

  Result<ValueId> run(Cell& cell, std::int64_t d, bool backwards) {
    TRY_ASSIGN(const auto weights, of_direction(n_, 1, d, directions_));
    const std::int64_t rows = static_cast<std::int64_t>(gates_) * hidden_;
    if (!weights || weights->shape() != Shape{rows, x_.shape()[2]})
      return n_.broken(fmt::format("weights that are not [.., {}, {}]", rows, x_.shape()[2]));
    Real gates = times_matrix(x_, *weights);
    TRY_ASSIGN(const auto bias, of_direction(n_, 3, d, directions_));
    if (bias) gates = gates + Real{&n_, n_.add_constant(part_of(*bias, 0, rows, {1, 1, rows}), "bias")};
    std::vector<ValueId> outputs(static_cast<std::size_t>(steps_));
    for (std::int64_t i = 0; i < steps_; ++i) {
      const std::int64_t t = backwards ? steps_ - 1 - i : i;
      const Real before_h = cell.h, before_c = cell.c;
      cell.step({&n_, n_.reshape(make_slice(n_, gates.id, 0, t, 1), {batch_, rows})});
      Real shown = cell.h;
      if (!lengths_.empty()) {  // behind its end a sequence shows zeros and carries what it had
        const Real in = inside(t), out = 1.0F - in;
        shown = in * cell.h;
        cell.h = shown + out * before_h;
        if (gates_ == 4) cell.c = in * cell.c + out * before_c;
      }
      outputs[static_cast<std::size_t>(t)] = n_.reshape(shown.id, {1, batch_, hidden_});
    }
    return stacked(n_, outputs, 0);
  }

  NodeLowering& n_;
  std::size_t gates_;
  Real x_;
  std::int64_t steps_ = 0, batch_ = 0, hidden_ = 0, directions_ = 1;
  std::vector<std::int64_t> lengths_;  // empty: all steps of all sequences
};

}  // namespace

Status lower_rnn(NodeLowering& n) {
  return Recurrence(n, 1).lower();
}
Status lower_gru(NodeLowering& n) {
  return Recurrence(n, 3).lower();
}
Status lower_lstm(NodeLowering& n) {
  return Recurrence(n, 4).lower();
}

}  // namespace chengying::compiler
