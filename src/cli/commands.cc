// The table of subcommands. A row is added with the file that it names.
#include "cli/commands.h"

namespace chengying::cli {
namespace {

constexpr char kLocal[] = "On files, without a service";

constexpr Command kCommands[] = {
    {"run", kLocal, "Run a model or an executable on photographs or tensors",
     "chengying run resnet50.onnx --input cat.jpg --top 5\n"
     "chengying run resnet50.onnx --calibrate photos/ --chip hanguang800 --input cat.jpg\n"
     "chengying run model.cyx --input x=x.npy --input y=y.npy --output answers.npz --json\n",
     add_run},
    {"compile", kLocal, "Compile a model to an executable, with a report of each layer",
     "chengying compile resnet50.onnx --calibrate photos/ --batch 1,8 --output resnet50.cyx\n"
     "chengying compile resnet50.onnx --chip hanguang800 --calibrate photos/ --json\n"
     "chengying compile model.onnx --dump-after import\n",
     add_compile},
    {"quantize", kLocal, "Make an fp32 model int8, as ONNX that other engines run too",
     "chengying quantize resnet50.onnx --calibrate photos/ --output resnet50_int8.onnx\n", add_quantize},
    {"profile", kLocal, "Show where a model's time goes, predicted and measured",
     "chengying profile resnet50.onnx --calibrate photos/\n"
     "chengying profile resnet50.cyx --threads 1 --instructions --json\n",
     add_profile},
    {"chips", kLocal, "List the chips, or show one with the source of each number",
     "chengying chips list\n"
     "chengying chips show hanguang800\n",
     add_chips},
    {"verify", kLocal, "Recompute an invoice from its records",
     "chengying verify invoice.json --records records.jsonl\n", add_verify},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace chengying::cli
