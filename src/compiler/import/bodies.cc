#include "compiler/import/bodies.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "compiler/import/operators.h"
#include "compiler/import/real.h"
#include "compiler/limits.h"

namespace chengying::compiler {
namespace {

constexpr std::int64_t kIterationsMax = 4096;
constexpr std::size_t kDepthMax = 16;  // bodies in bodies

std::unexpected<Error> refuse(std::string reason) {
  return std::unexpected<Error>(Error{Code::kUnsupported, std::move(reason)});
}

/// One value for each round, with a first dimension that counts them.
ValueId stacked(NodeLowering& n, const std::vector<ValueId>& rounds, std::int32_t axis) {
  std::vector<ValueId> parts;
  for (const ValueId id : rounds) {
    Shape wide = n.shape(id);
    wide.insert(wide.begin() + axis, 1);
    parts.push_back(n.reshape(id, std::move(wide)));
  }
  if (parts.size() == 1) return parts[0];
  Shape to = n.shape(parts[0]);
  to[axis] = static_cast<std::int64_t>(parts.size());
  return n.emit(ConcatNode{axis}, std::move(parts), std::move(to));
}

/// A function's attributes, of which some are those of the node that calls it; left out where it has none.
std::map<std::string, OnnxAttribute> given_by(const OnnxNode& caller,
                                              const std::map<std::string, OnnxAttribute>& attributes) {
  std::map<std::string, OnnxAttribute> result;
  for (const auto& [name, attribute] : attributes) {
    const auto* reference = std::get_if<AttributeReference>(&attribute);
    const auto found =
        reference == nullptr ? caller.attributes.end() : caller.attributes.find(reference->name);
    if (reference == nullptr) result.emplace(name, attribute);
    if (found != caller.attributes.end()) result.emplace(name, found->second);
  }
  return result;
}

bool same_form(NodeLowering& n, ValueId a, ValueId b) {
  return n.shape(a) == n.shape(b) && n.type_of(a) == n.type_of(b);
}

Result<bool> known_truth(NodeLowering& n, ValueId id) {
  const ConstantTensor known = n.known(id);
  if (known == nullptr || known->elements() != 1)
    return refuse("whether it goes on is computed; export the model with the loop unrolled");
  return known->bytes()[0] != std::byte{0};
}

}  // namespace

bool Bodies::takes(const OnnxNode& node) const {
  if (model_.function(node.domain, node.op) != nullptr) return true;
  return node.domain.empty() && (node.op == "If" || node.op == "Loop" || node.op == "Scan");
}

Status Bodies::lower(const OnnxNode& node, std::int64_t opset) {
  if (scopes_.size() >= kDepthMax) return refuse(fmt::format("bodies nest deeper than {}", kDepthMax));
  if (const OnnxFunction* function = model_.function(node.domain, node.op))
    return lower_function(*function, node);
  NodeLowering n(state_, node, opset);
  if (node.op == "If") return lower_if(n, node, opset);
  return node.op == "Loop" ? lower_loop(n, node, opset) : lower_scan(n, node, opset);
}

std::string Bodies::resolve(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (const auto found = scope->names.find(name); found != scope->names.end()) return found->second;
  return name;
}

void Bodies::define(Scope& scope, const std::string& name, ValueId id) {
  const std::string full = scope.prefix + name;
  scope.names[name] = full;
  state_.names.emplace(full, id);
}

Result<const OnnxBody*> Bodies::body_of(const OnnxNode& node, const std::string& attribute) const {
  const auto found = node.attributes.find(attribute);
  if (found != node.attributes.end())
    if (const auto* body = std::get_if<std::shared_ptr<const OnnxBody>>(&found->second)) return body->get();
  return fail(Code::kInvalidArgument, "node '{}' ({}): the body '{}' is missing", node.name, node.op,
              attribute);
}

Result<Bodies::Values> Bodies::lay_out(const OnnxBody& body, const std::string& prefix, const Values& inputs,
                                       std::int64_t opset, const OnnxNode* caller) {
  laid_out_ += body.nodes.size();
  if (laid_out_ > kModelNodesMax)
    return fail(Code::kTooLarge, "the bodies of the model's nodes come to more than {} nodes",
                kModelNodesMax);
  if (inputs.size() < body.inputs.size() && caller == nullptr)
    return fail(Code::kInvalidArgument, "'{}': a body of {} inputs is given {}", prefix, body.inputs.size(),
                inputs.size());
  Scope own{.prefix = prefix, .names = {}};
  for (std::size_t i = 0; i < body.inputs.size(); ++i) {
    const bool given = i < inputs.size() && inputs[i] != kNoValue;
    if (given) define(own, body.inputs[i], inputs[i]);
    if (!given) own.names[body.inputs[i]] = "";  // an optional operand that the caller leaves out
  }
  static const OnnxNode kConstants{};
  NodeLowering constants(state_, kConstants, opset);
  for (const auto& [name, tensor] : body.initialisers)
    define(own, name, constants.add_constant(Tensor(*tensor)));
  scopes_.push_back(std::move(own));
  Status status;
  for (const OnnxNode& inner : body.nodes) {
    OnnxNode node = inner;
    node.name = prefix + inner.name;
    for (std::string& name : node.inputs)
      if (!name.empty()) name = resolve(name);
    for (std::string& name : node.outputs) {
      if (name.empty()) continue;
      scopes_.back().names[name] = prefix + name;
      name = prefix + name;
    }
    if (caller != nullptr) node.attributes = given_by(*caller, inner.attributes);
    status = lower_(node, opset);
    if (!status) break;
  }
  Values outputs;
  for (const std::string& name : body.outputs) {
    const auto found = state_.names.find(resolve(name));
    outputs.push_back(found == state_.names.end() ? kNoValue : found->second);
  }
  scopes_.pop_back();
  TRY(status);
  return outputs;
}

Status Bodies::lower_function(const OnnxFunction& function, const OnnxNode& node) {
  NodeLowering n(state_, node, function.opset);
  Values inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(n.has(i) ? *n.input(i) : kNoValue);
  TRY_ASSIGN(const Values outputs, lay_out(function.body, node.name + "/", inputs,
                                           function.opset != 0 ? function.opset : model_.opset(""), &node));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] != kNoValue) n.set_result(outputs[i], i);
  return {};
}

Status Bodies::lower_if(NodeLowering& n, const OnnxNode& node, std::int64_t opset) {
  TRY_ASSIGN(const OnnxBody* const yes, body_of(node, "then_branch"));
  TRY_ASSIGN(const OnnxBody* const no, body_of(node, "else_branch"));
  TRY_ASSIGN(const ValueId condition, n.input(0));
  if (*element_count(n.shape(condition)) != 1) return n.broken("a condition that is not one truth value");
  if (const ConstantTensor known = n.known(condition)) {
    const bool taken = known->bytes()[0] != std::byte{0};
    TRY_ASSIGN(const Values outputs,
               lay_out(taken ? *yes : *no, node.name + (taken ? "/then/" : "/else/"), {}, opset, nullptr));
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] != kNoValue) n.set_result(outputs[i], i);
    return {};
  }
  TRY_ASSIGN(const Values a, lay_out(*yes, node.name + "/then/", {}, opset, nullptr));
  TRY_ASSIGN(const Values b, lay_out(*no, node.name + "/else/", {}, opset, nullptr));
  const Real chosen{&n, n.reshape(n.to_real(condition), {1})};
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == kNoValue || b[i] == kNoValue) continue;
    if (!same_form(n, a[i], b[i]))
      return refuse(
          "which branch is taken is computed, and they give different shapes; export the one that is wanted");
    const Shape shape = n.shape(a[i]);
    const Shape flat{*element_count(shape)};
    const Real x{&n, n.reshape(n.to_real(a[i]), flat)}, y{&n, n.reshape(n.to_real(b[i]), flat)};
    n.set_result(n.from_real(n.reshape(select(chosen, x, y).id, shape), n.type_of(a[i])), i);
  }
  return {};
}

// inputs: trip count or "", condition or "", then what is carried; the body: round, condition, carried ->
// condition, carried, what is collected
Status Bodies::lower_loop(NodeLowering& n, const OnnxNode& node, std::int64_t opset) {
  TRY_ASSIGN(const OnnxBody* const body, body_of(node, "body"));
  std::int64_t trips = std::numeric_limits<std::int64_t>::max();
  if (n.has(0)) {
    TRY_ASSIGN(const std::vector<std::int64_t> count, n.integers(0));
    if (count.size() != 1) return n.broken("a trip count that is not one number");
    trips = count[0];
  }
  bool goes_on = true;
  if (n.has(1)) {
    TRY_ASSIGN(const ValueId condition, n.input(1));
    TRY_ASSIGN(goes_on, known_truth(n, condition));
  }
  Values carried;
  for (std::size_t i = 2; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ValueId id, n.input(i));
    carried.push_back(id);
  }
  std::vector<Values> collected;
  for (std::int64_t round = 0; round < trips && goes_on; ++round) {
    if (round >= kIterationsMax) return refuse(fmt::format("more than {} rounds", kIterationsMax));
    Tensor number(DType::kI64, {}), truth(DType::kBool, {});
    number.as<std::int64_t>()[0] = round;
    truth.as<std::uint8_t>()[0] = 1;
    Values inputs{n.add_constant(std::move(number)), n.add_constant(std::move(truth))};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    TRY_ASSIGN(const Values outputs,
               lay_out(*body, fmt::format("{}/{}/", node.name, round), inputs, opset, nullptr));
    if (outputs.size() < carried.size() + 1) return n.broken("a body with too few outputs");
    if (std::ranges::find(outputs, kNoValue) != outputs.end()) return {};  // refused inside
    TRY_ASSIGN(goes_on, known_truth(n, outputs[0]));
    std::copy_n(outputs.begin() + 1, carried.size(), carried.begin());
    collected.resize(outputs.size() - carried.size() - 1);
    for (std::size_t i = 0; i < collected.size(); ++i) {
      const ValueId made = outputs[carried.size() + 1 + i];
      if (!collected[i].empty() && !same_form(n, collected[i][0], made))
        return refuse("what it collects has another shape in each round");
      collected[i].push_back(made);
    }
  }
  for (std::size_t i = 0; i < carried.size(); ++i) n.set_result(carried[i], i);
  if (collected.empty() && carried.size() < n.outputs())
    return refuse("a loop of no rounds collects nothing");
  for (std::size_t i = 0; i < collected.size(); ++i)
    n.set_result(stacked(n, collected[i], 0), carried.size() + i);
  return {};
}

// inputs: what is carried, then sequences along an axis; the body: carried, one entry of each -> carried,
// entries
Status Bodies::lower_scan(NodeLowering& n, const OnnxNode& node, std::int64_t opset) {
  if (opset < 9) return refuse("Scan of version 8; convert the model to version 9 or later");
  TRY_ASSIGN(const OnnxBody* const body, body_of(node, "body"));
  const std::int64_t sequences = n.integer("num_scan_inputs", 0);
  if (sequences < 1 || sequences > static_cast<std::int64_t>(n.inputs())) return n.broken("num_scan_inputs");
  const std::size_t states = n.inputs() - static_cast<std::size_t>(sequences);
  const auto list = [&](const char* name, std::size_t size) {
    return n.integers(name, std::vector<std::int64_t>(size));
  };
  if (body->outputs.size() < states) return n.broken("a body with too few outputs");
  const std::size_t results = body->outputs.size() - states;
  const auto axes_in = list("scan_input_axes", static_cast<std::size_t>(sequences));
  const auto back_in = list("scan_input_directions", static_cast<std::size_t>(sequences));
  const auto axes_out = list("scan_output_axes", results), back_out = list("scan_output_directions", results);
  if (axes_in.size() != static_cast<std::size_t>(sequences) || back_in.size() != axes_in.size() ||
      axes_out.size() != results || back_out.size() != results)
    return n.broken("axes or directions that are not one for each sequence");
  Values carried, scanned;
  std::vector<std::int32_t> axes;
  std::int64_t rounds = -1;
  for (std::size_t i = 0; i < n.inputs(); ++i) {
    TRY_ASSIGN(const ValueId id, n.input(i));
    (i < states ? carried : scanned).push_back(id);
    if (i < states) continue;
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(axes_in[i - states], n.shape(id).size()));
    if (rounds >= 0 && rounds != n.shape(id)[axis]) return n.broken("sequences of different lengths");
    axes.push_back(axis);
    rounds = n.shape(id)[axis];
  }
  if (rounds > kIterationsMax) return refuse(fmt::format("more than {} rounds", kIterationsMax));
  std::vector<Values> collected(results);
  for (std::int64_t round = 0; round < rounds; ++round) {
    Values inputs = carried;
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      const ValueId entry =
          make_slice(n, scanned[i], axes[i], back_in[i] != 0 ? rounds - 1 - round : round, 1);
      Shape one = n.shape(entry);
      one.erase(one.begin() + axes[i]);
      inputs.push_back(n.reshape(entry, std::move(one)));
    }
    TRY_ASSIGN(const Values outputs,
               lay_out(*body, fmt::format("{}/{}/", node.name, round), inputs, opset, nullptr));
    if (std::ranges::find(outputs, kNoValue) != outputs.end()) return {};  // refused inside
    std::copy_n(outputs.begin(), states, carried.begin());
    for (std::size_t i = 0; i < results; ++i) collected[i].push_back(outputs[states + i]);
  }
  for (std::size_t i = 0; i < states; ++i) n.set_result(carried[i], i);
  for (std::size_t i = 0; i < results; ++i) {
    if (back_out[i] != 0) std::ranges::reverse(collected[i]);
    TRY_ASSIGN(const std::int32_t axis, n.axis_of(axes_out[i], n.shape(collected[i][0]).size() + 1));
    n.set_result(stacked(n, collected[i], axis), states + i);
  }
  return {};
}

}  // namespace chengying::compiler
