// chengying infer: photographs or tensors to an endpoint; answers, with what each cost.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/infer_body.h"
#include "cli/named_numbers.h"
#include "cli/samples.h"
#include "cli/service_client.h"
#include "cli/service_columns.h"
#include "cli/tensor_files.h"

namespace chengying::cli {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kImageLimitBytes = std::uint64_t{32} << 20;

struct InferOptions {
  ClientConfig client;
  std::string endpoint, id, quote, output;
  std::vector<std::string> inputs, arguments;
  std::int64_t top = 5;
};

struct Answered {
  std::string input;
  std::vector<NamedTensor> outputs;
  json::object document;
};

std::string target_of(const InferOptions& options) {
  return fmt::format("/v2/models/{}/infer", percent_encoded(options.endpoint));
}

Result<Answered> answered(const std::string& input, const HttpReply& reply) {
  TRY_ASSIGN(InferResult result, read_infer_reply(reply));
  Answered out;
  out.input = input;
  out.outputs = std::move(result.outputs);
  out.document = json::parse(result.head).as_object();  // read_infer_reply has parsed it
  return out;
}

/// A photograph as it is: the endpoint knows its preprocessing.
Result<Answered> infer_image(ServiceClient& service, const InferOptions& options, const std::string& path) {
  HttpRequest request;
  request.method = "POST";
  request.target = fmt::format("{}?top_k={}", target_of(options), options.top);
  TRY_ASSIGN(request.body, read_text_file(path, kImageLimitBytes));
  request.headers.emplace_back("Content-Type",
                               request.body.starts_with("\x89PNG") ? "image/png" : "image/jpeg");
  if (!options.id.empty()) request.headers.emplace_back("Idempotency-Key", options.id);
  if (!options.quote.empty()) request.headers.emplace_back("Chengying-Quote", options.quote);
  auto reply = service.ask(std::move(request));
  if (!reply) return within(path, reply.error());
  return answered(path, *reply);
}

/// The endpoint's inputs as the command line's readers know them.
Result<Ports> input_ports(ServiceClient& service, const InferOptions& options) {
  TRY_ASSIGN(const json::object metadata,
             service.get(fmt::format("/v2/models/{}", percent_encoded(options.endpoint))));
  Ports ports;
  const json::value* inputs = metadata.if_contains("inputs");
  if (inputs == nullptr || !inputs->is_array()) return ports;
  for (const json::value& input : inputs->get_array()) {
    const json::object& object = input.as_object();
    const auto dtype = dtype_from_protocol_name(text_of(object, "datatype"));
    Shape shape;
    for (const json::value& dimension : object.at("shape").as_array()) {
      shape.push_back(dimension.to_number<std::int64_t>());
    }
    ports.push_back({text_of(object, "name"), dtype.value_or(DType::kF32), shape});
  }
  return ports;
}

Result<Answered> infer_tensors(ServiceClient& service, const InferOptions& options) {
  TRY_ASSIGN(const Ports ports, input_ports(service, options));
  TRY_ASSIGN(std::vector<Tensor> tensors, read_inputs(options.inputs, ports, std::nullopt));
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < tensors.size(); ++i) named.push_back({ports[i].name, std::move(tensors[i])});
  TRY_ASSIGN(const auto arguments, named_numbers("--argument", options.arguments));
  const InferMessage message = infer_message(named, options.id, options.quote, arguments);
  HttpRequest request;
  request.method = "POST";
  request.target = target_of(options);
  request.body = message.body;
  request.headers.emplace_back("Content-Type", "application/octet-stream");
  request.headers.emplace_back("Inference-Header-Content-Length", std::to_string(message.json_bytes));
  TRY_ASSIGN(const HttpReply reply, service.ask(std::move(request)));
  return answered(options.inputs.front(), reply);
}

Result<std::vector<Answered>> infer_all(ServiceClient& service, const InferOptions& options) {
  std::vector<Answered> all;
  if (!std::ranges::all_of(options.inputs, [](const std::string& path) { return is_image_file(path); })) {
    TRY_ASSIGN(Answered one, infer_tensors(service, options));
    all.push_back(std::move(one));
    return all;
  }
  if (options.inputs.size() > 1 && (!options.id.empty() || !options.quote.empty())) {
    return fail(Code::kInvalidArgument, "--id and --quote are for one request: give one photograph");
  }
  for (const std::string& path : options.inputs) {
    TRY_ASSIGN(Answered one, infer_image(service, options, path));
    all.push_back(std::move(one));
  }
  return all;
}

void print_classes(const json::array& classes) {
  Table table({{"SCORE", Align::kRight}, {"CLASS", Align::kRight}, {"NAME"}});
  for (const json::value& row : classes) {
    const json::object& object = row.as_object();
    table.add({fmt::format("{:.2f} %", 100 * number_of(object, "score")), text_of(object, "index"),
               text_of(object, "label")});
  }
  fmt::print("{}", table.text());
}

void print_outputs(const Answered& answer, std::int64_t top) {
  for (const NamedTensor& output : answer.outputs) {
    if (!is_classification(output.tensor)) {
      fmt::print("{}\n", summary_of(output));
      continue;
    }
    for (const auto& row : top_answers(output.tensor, static_cast<std::size_t>(top), {})) {
      Table table({{"CLASS", Align::kRight}, {output.name, Align::kRight}});
      for (const Answer& best : row) {
        table.add({fmt::format("{}", best.index), fmt::format("{:.4f}", best.value)});
      }
      fmt::print("{}", table.text());
    }
  }
}

void print_answer(const Answered& answer, std::int64_t top) {
  fmt::print("{}\n", answer.input);
  const json::value* classes = answer.document.if_contains("top_k");
  if (classes != nullptr && classes->is_array()) {
    print_classes(classes->get_array());
  } else {
    print_outputs(answer, top);
  }
  const json::value* receipt = answer.document.if_contains("parameters");
  if (receipt == nullptr || !receipt->is_object()) return;
  const json::object& object = receipt->get_object();
  std::string line = fmt::format("{} ({} core{})", text_of(object, "chip"), text_of(object, "cores"),
                                 number_of(object, "cores") == 1 ? "" : "s");
  for (const ListColumn& column : work_columns()) {
    line += fmt::format(", {}{}", column.cell(object), column.heading == "CYCLES" ? " cycles" : "");
  }
  fmt::print("{}, {} {}{}\n", line, text_of(object, "price"), text_of(object, "currency"),
             text_of(object, "already_charged") == "true" ? " (charged before)" : "");
}

Status write_outputs(const InferOptions& options, const std::vector<Answered>& all) {
  if (options.output.empty()) return {};
  if (all.size() != 1)
    return fail(Code::kInvalidArgument, "--output is for one request: give one photograph");
  return write_tensor_file(options.output, all.front().outputs);
}

Status infer(const InferOptions& options, bool as_json) {
  TRY_ASSIGN(ServiceClient service, ServiceClient::make(options.client));
  TRY_ASSIGN(const std::vector<Answered> all, infer_all(service, options));
  TRY(write_outputs(options, all));
  if (as_json) {
    json::array answers;
    for (const Answered& answer : all) {
      json::object document = answer.document;
      document["input"] = answer.input;
      answers.push_back(std::move(document));
    }
    fmt::print("{}\n", json::serialize(json::object{{"answers", std::move(answers)}}));
    return {};
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) fmt::print("\n");
    print_answer(all[i], options.top);
  }
  return {};
}

}  // namespace

void add_infer(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<InferOptions>();
  app.add_option("ENDPOINT", options->endpoint, "Name of the endpoint")->required();
  app.add_option(
         "--input", options->inputs,
         "Photographs (.jpg, .png), each a request of its own; or tensors [NAME=]FILE (.npy, .npz, .pb), "
         "together one request")
      ->required();
  app.add_option("--top", options->top, "How many classes to print (default 5)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}));
  app.add_option("--output", options->output, "Write the outputs to this .npz (or .npy, .pb: one output)");
  app.add_option("--id", options->id, "Your own id for this request: repeated, it is charged once");
  app.add_option("--quote", options->quote, "Token of a quote to redeem");
  app.add_option("--argument", options->arguments,
                 "NAME=NUMBER: how long a sequence is, for a model that asks for it");
  add_client_flags(app, options->client);
  on_run(app, invocation, [options, &invocation] { return infer(*options, invocation.json); });
}

}  // namespace chengying::cli
