// The editor's view of the graph after any change is the one that it would find from scratch.
#include "compiler/passes/rewrite.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "compiler/graph/check.h"

namespace chengying::compiler {
namespace {

/// Nodes of one or two operands, each an earlier value.
Graph random_chain(std::uint32_t seed, std::size_t nodes) {
  std::mt19937 random(seed);
  Graph graph;
  const auto value = [&] {
    return graph.add({.name = "v", .dtype = DType::kF32, .shape = {4}, .quantisation = {}, .constant = {}});
  };
  graph.inputs = {value()};
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto any = [&] { return static_cast<ValueId>(random() % graph.values.size()); };
    const ValueId a = any(), b = any(), y = value();
    Node node{"n" + std::to_string(i), UnaryNode{}, {a}, y};
    if (random() % 2 == 0) node = {"n" + std::to_string(i), BinaryNode{}, {a, b}, y};
    graph.nodes.push_back(std::move(node));
  }
  graph.outputs = {static_cast<ValueId>(graph.values.size() - 1)};
  return graph;
}

/// Each value's maker and readers by name: as the editor says, and as a look at all nodes says.
std::vector<std::multiset<std::string>> told(Editor& edit) {
  std::vector<std::multiset<std::string>> all(edit.graph().values.size());
  for (ValueId id = 0; id < all.size(); ++id) {
    if (const Node* producer = edit.producer(id)) all[id].insert("made by " + producer->name);
    for (const std::uint32_t user : edit.users(id)) all[id].insert(edit.graph().nodes[user].name);
  }
  return all;
}
std::vector<std::multiset<std::string>> found(const Graph& graph) {
  std::vector<std::multiset<std::string>> all(graph.values.size());
  for (const Node& node : graph.nodes) {
    if (node.output == kNoValue) continue;  // taken out
    all[node.output].insert("made by " + node.name);
    for (const ValueId id : std::set(node.inputs.begin(), node.inputs.end())) all[id].insert(node.name);
  }
  return all;
}

/// Puts a node in before every third one, takes every fifth one out, and looks at what the editor says before
/// each step.
bool disturb(Editor& edit, std::uint32_t index) {
  EXPECT_EQ(told(edit), found(edit.graph()));
  Node& node = edit.node(index);
  if (node.name.ends_with("'") || edit.is_output(node.output)) return false;
  const int number = std::stoi(node.name.substr(1));
  if (number % 3 == 0) {
    node.name += "'";
    const Node before{node.name + "+'", UnaryNode{}, {node.inputs[0]}, kNoValue};
    const Value result = edit.value(node.inputs[0]);
    const ValueId made = edit.insert(index, before, result);
    edit.node(index).inputs[0] = made;
    return true;
  }
  if (number % 5 == 0) {
    edit.replace_uses(node.output, node.inputs[0]);
    edit.remove(index);
    return true;
  }
  return false;
}

TEST(Rewrite, AfterEveryChangeProducersAndUsersAreThoseOfTheGraph) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    Graph graph = random_chain(seed, 40);
    apply_rules(graph, {disturb});
    EXPECT_TRUE(check(graph)) << check(graph).error().message;
    for (const Node& node : graph.nodes) {
      if (node.name.ends_with("'")) continue;
      const int number = std::stoi(node.name.substr(1));
      EXPECT_TRUE(node.output == graph.outputs[0] || (number % 3 != 0 && number % 5 != 0)) << node.name;
    }
  }
}

/// Every SiLU-like pair of a long chain is one change; each must not cost the chain's length.
bool drop_every_other(Editor& edit, std::uint32_t index) {
  Node& node = edit.node(index);
  if (edit.is_output(node.output) || node.name != "drop") return false;
  edit.replace_uses(node.output, node.inputs[0]);
  edit.remove(index);
  return true;
}

TEST(Rewrite, AHundredThousandChangesAreQuick) {
  constexpr std::size_t kNodes = 200'000;
  Graph graph;
  for (std::size_t i = 0; i <= kNodes; ++i) {
    const ValueId id =
        graph.add({.name = "v", .dtype = DType::kF32, .shape = {4}, .quantisation = {}, .constant = {}});
    if (i > 0) graph.nodes.push_back({i % 2 == 0 ? "drop" : "keep", UnaryNode{}, {id - 1}, id});
  }
  graph.inputs = {0};
  graph.outputs = {kNodes};
  apply_rules(graph, {drop_every_other});  // a change that costs the graph's size would take minutes
  EXPECT_EQ(graph.nodes.size(), kNodes / 2 + 1);
}

TEST(Rewrite, ManyNodesBeforeOneStayInTheOrderInWhichTheyWerePutIn) {
  Graph graph = random_chain(1, 2);
  Editor edit(graph);
  std::vector<std::uint32_t> made;
  for (int i = 0; i < 500; ++i) {
    edit.insert(1, Node{"m", UnaryNode{}, {0}, kNoValue}, graph.values[0]);
    made.push_back(static_cast<std::uint32_t>(graph.nodes.size() - 1));
  }
  EXPECT_TRUE(edit.is_before(0, made.front()));
  EXPECT_TRUE(edit.is_before(made.back(), 1));
  for (std::size_t i = 1; i < made.size(); ++i) EXPECT_TRUE(edit.is_before(made[i - 1], made[i])) << i;
}

}  // namespace
}  // namespace chengying::compiler
