// Bodies: the graphs inside of nodes (If, Loop, Scan) and functions, laid out into the graph around them. A
// branch whose condition is known is taken; one whose condition is computed is computed both ways, and chosen
// element by element. Loops are unrolled, which they must say how often.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/import/lowering.h"

namespace chengying::compiler {

class Bodies {
 public:
  /// Lowers one node whose names are those of the state; it may come back here.
  using LowerNode = std::function<Status(const OnnxNode&, std::int64_t opset)>;

  Bodies(LoweringState& state, const OnnxModel& model, LowerNode lower)
      : state_(state), model_(model), lower_(std::move(lower)) {}

  /// Whether a node has a body that is to be laid out.
  bool takes(const OnnxNode& node) const;
  /// kUnsupported: the reason alone, as a lowering gives it.
  Status lower(const OnnxNode& node, std::int64_t opset);

 private:
  struct Scope {
    std::string prefix;
    std::map<std::string, std::string, std::less<>> names;  // of the body: their names in the state
  };
  using Values = std::vector<ValueId>;

  Status lower_function(const OnnxFunction& function, const OnnxNode& node);
  Status lower_if(NodeLowering& n, const OnnxNode& node, std::int64_t opset);
  Status lower_loop(NodeLowering& n, const OnnxNode& node, std::int64_t opset);
  Status lower_scan(NodeLowering& n, const OnnxNode& node, std::int64_t opset);

  /// The values of a body's outputs, given those of its inputs.
  Result<Values> lay_out(const OnnxBody& body, const std::string& prefix, const Values& inputs,
                         std::int64_t opset, const OnnxNode* caller);
  Result<const OnnxBody*> body_of(const OnnxNode& node, const std::string& attribute) const;
  std::string resolve(const std::string& name) const;
  void define(Scope& scope, const std::string& name, ValueId id);

  LoweringState& state_;
  const OnnxModel& model_;
  LowerNode lower_;
  std::vector<Scope> scopes_;
  std::size_t laid_out_ = 0;  // nodes of bodies so far
};

}  // namespace chengying::compiler
