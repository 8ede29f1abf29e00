// What can't be computed is refused by the node's name, with the reason and what would help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/graph/check.h"
#include "compiler/import/testing.h"

namespace chengying::compiler {
namespace {

using ::testing::HasSubstr;
using testing::OneNode;
using testing::reals;
using testing::wholes;

struct Refusal {
  OneNode node;
  Code code;
  const char* text;
};

TEST(Refusals, NameTheReason) {
  const Tensor x = reals({1, 2, 3}), matrix = testing::tensor<float>(DType::kF32, {2, 2}, {1, 2, 3, 4});
  const std::vector<Refusal> refusals = {
      {{.op = "NonMaxSuppression", .inputs = {x, x}},
       Code::kUnsupported,
       "how large its result is depends on the data"},
      {{.op = "RandomNormalLike", .inputs = {x}}, Code::kUnsupported, "make the random numbers an input"},
      {{.op = "Loop", .inputs = {x}}, Code::kInvalidArgument, "the body 'body' is missing"},
      {{.op = "NoSuchThing", .inputs = {x}}, Code::kUnsupported, "not known to this compiler"},
      {{.op = "Gather", .inputs = {x}, .constants = {wholes({7})}},
       Code::kInvalidArgument,
       "index 7 of a dimension of 3"},
      {{.op = "Slice", .inputs = {x}, .constants = {wholes({2}), wholes({1})}},
       Code::kUnsupported,
       "an empty slice"},
      {{.op = "Slice", .inputs = {x}, .constants = {wholes({0}), wholes({3}), wholes({0}), wholes({0})}},
       Code::kInvalidArgument,
       "a step of 0"},
      {{.op = "Mod", .inputs = {x, x}}, Code::kInvalidArgument, "Mod of floats wants fmod = 1"},
      {{.op = "Compress", .inputs = {x}, .constants = {wholes({0, 0, 0})}},
       Code::kUnsupported,
       "an empty result"},
      {{.op = "Einsum", .attributes = {{"equation", std::string("ij,jk->iz")}}, .inputs = {matrix, matrix}},
       Code::kInvalidArgument,
       "'z' of the result is in no input"},
      {{.op = "Add", .inputs = {x, matrix}}, Code::kInvalidArgument, "do not repeat to one another"},
      {{.op = "Add", .attributes = {{"broadcast", std::int64_t{1}}}, .inputs = {x, x}, .opset = 6},
       Code::kUnsupported,
       "operators before version 7"},
      {{.op = "Pad",
        .attributes = {{"mode", std::string("mirror")}},
        .inputs = {x},
        .constants = {wholes({1, 1})}},
       Code::kInvalidArgument,
       "a mode 'mirror'"},
      {{.op = "LSTM", .inputs = {x}},
       Code::kInvalidArgument,
       "a sequence [steps, batch, features] is wanted"},
      {{.op = "DepthToSpace", .attributes = {{"blocksize", std::int64_t{2}}}, .inputs = {x}},
       Code::kInvalidArgument,
       "blocks of 2 on [3]"},
  };
  for (const Refusal& refusal : refusals) {
    const Result<Graph> graph = testing::import(refusal.node);
    ASSERT_FALSE(graph) << refusal.node.op;
    EXPECT_EQ(graph.error().code, refusal.code) << graph.error().message;
    EXPECT_THAT(graph.error().message, HasSubstr(refusal.text));
    EXPECT_THAT(graph.error().message, HasSubstr("'node'"));
  }
}

}  // namespace
}  // namespace chengying::compiler
