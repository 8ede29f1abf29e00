// The table of subcommands. A row is added with the file that it names.
#include "cli/commands.h"

namespace chengying::cli {
namespace {

constexpr char kLocal[] = "On files, without a service";
constexpr char kService[] = "The service, and what talks to one";

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
     "chengying profile resnet50.cyx --threads 1 --instructions --json\n"
     "chengying profile resnet50_int8.onnx --chip hanguang800 --trace trace.json --roofline roof.svg\n",
     add_profile},
    {"chips", kLocal, "List, show and compare chips, and try what others would be",
     "chengying chips list\n"
     "chengying chips show hanguang800\n"
     "chengying chips compare resnet50.onnx --calibrate photos/\n"
     "chengying chips sweep hanguang800 --vary chip.cores=1,2,4 --model resnet50_int8.onnx\n",
     add_chips},
    {"calibrate", kLocal, "Measure this machine, and write it as a chip",
     "chengying calibrate\n"
     "chengying calibrate --output host.toml && chengying profile resnet50.onnx --chip ./host.toml\n",
     add_calibrate},
    {"verify", kLocal, "Recompute an invoice from its records",
     "chengying verify invoice.json --records records.jsonl\n"
     "chengying verify invoice.json --records records.jsonl --executable resnet50.cyx\n",
     add_verify},
    {"serve", kService, "The service: leases, endpoints, inference and bills over HTTP, until stopped",
     "chengying serve\n"
     "chengying serve --data /var/lib/chengying --listen 0.0.0.0:8080\n",
     add_serve},
    {"worker", kService, "A slice's process; `serve` starts it, nobody else can",
     "chengying worker   # with its channel as descriptor 3\n", add_worker},
    {"tenant", kService, "Tenants, their money and keys (for the operator)",
     "chengying tenant create acme --deposit 10 --with-key --data data\n"
     "chengying tenant key create TENANT --scopes infer --name laptop --data data\n"
     "chengying tenant cap set TENANT 25 --per month --data data\n",
     add_tenant},
    {"backup", kService, "The state of a service as a folder, while it runs",
     "chengying backup backups/monday --data data\n", add_backup},
    {"restore", kService, "A data folder from a backup", "chengying restore backups/monday --data data2\n",
     add_restore},
    {"login", kService, "Keep server and key for later commands",
     "chengying login --server http://127.0.0.1:8080   # with the key in CHENGYING_KEY\n", add_login},
    {"model", kService, "Upload and list models",
     "chengying model upload resnet50.onnx\n"
     "chengying model list --json\n",
     add_model},
    {"quote", kService, "A price before the work",
     "chengying quote infer --endpoint resnet50\n"
     "chengying quote infer --model sha256:... --offer hanguang800.1.shared\n"
     "chengying quote lease host.1.on_demand --seconds 3600\n"
     "chengying quote month --endpoint resnet50 --requests 1000000\n",
     add_quote},
    {"fleet", kService, "The chips of a service, and their maintenance (for the operator)",
     "chengying fleet list --data data\n"
     "chengying fleet drain hanguang800.3 --reason 'new fans' --data data\n"
     "chengying fleet fault hanguang800.3 stuck --data data   # of a service with --inject-faults\n",
     add_fleet},
    {"lease", kService, "Lease slices of chips",
     "chengying lease offers\n"
     "chengying lease create host.1.on_demand --seconds 3600\n"
     "chengying lease create hanguang800.4x2.on_demand --wait 600\n"
     "chengying lease extend LEASE --seconds 3600\n"
     "chengying lease release LEASE\n",
     add_lease},
    {"endpoint", kService, "Serve models under names",
     "chengying endpoint create resnet50 --model sha256:... --lease LEASE\n"
     "chengying endpoint create resnet50 --model sha256:... --shared host.1.shared --batch 1,8\n",
     add_endpoint},
    {"infer", kService, "Photographs or tensors to an endpoint",
     "chengying infer resnet50 --input cat.jpg\n"
     "chengying infer mymodel --input x=x.npy --output answers.npz --json\n",
     add_infer},
    {"usage", kService, "What was used, record by record",
     "chengying usage --endpoint resnet50\n"
     "chengying usage --records usage.jsonl --csv usage.csv\n"
     "chengying usage --spend\n",
     add_usage},
    {"balance", kService, "What your tenant has, holds and spent", "chengying balance\n", add_balance},
    {"invoice", kService, "Invoices, and the files that prove them",
     "chengying invoice create --output invoice.json --records records.jsonl --prices prices.toml\n"
     "chengying invoice show INVOICE --page invoice.html\n",
     add_invoice},
    {"events", kService, "What happened to your leases, endpoints and caps",
     "chengying events\n"
     "chengying events LEASE\n",
     add_events},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace chengying::cli
