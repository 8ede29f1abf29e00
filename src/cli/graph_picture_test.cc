#include "cli/graph_picture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"

namespace chengying::cli {
namespace {

const std::vector<compiler::LayerReport> kLayers = {{.name = "conv \"1\"",
                                                     .operation = "conv 3x3",
                                                     .output = "u8[1,2,2,4]",
                                                     .cycles = 900,
                                                     .limit = "compute",
                                                     .reads = {}},
                                                    {.name = "add",
                                                     .operation = "add",
                                                     .output = "u8[1,2,2,4]",
                                                     .cycles = 100,
                                                     .limit = "sram",
                                                     .reads = {0}}};

TEST(GraphPicture, IsAStableTextWithANodeAndItsColourForEachLayer) {
  EXPECT_EQ(dot_of("net", kLayers),
            "digraph \"net\" {\n"
            "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=10];\n"
            "  l0 [label=\"conv \\\"1\\\"\\nconv 3x3 u8[1,2,2,4]\\n900 cycles, 90.0 %, compute\", "
            "fillcolor=\"#ff4b4b\"];\n"
            "  l1 [label=\"add\\nadd u8[1,2,2,4]\\n100 cycles, 10.0 %, sram\", fillcolor=\"#ffc3c3\"];\n"
            "  l0 -> l1;\n"
            "}\n");
}

TEST(GraphPicture, IsWrittenAsDotAndOtherEndingsAreRefused) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("picture_{}.dot", ::getpid())).string();
  ASSERT_TRUE(write_picture(path, dot_of("net", kLayers)));
  const auto text = read_text_file(path, 1 << 20);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, dot_of("net", kLayers));
  std::filesystem::remove(path);
  EXPECT_EQ(write_picture("net.png", "").error().message, "net.png: a picture is a .dot or .svg file");
}

}  // namespace
}  // namespace chengying::cli
