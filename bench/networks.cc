// networks CALIBRATION MODEL...
// int8 networks (CALIBRATION: a folder of photographs, or an .npz of tokens) on our engine and on ONNX
// Runtime, in one process, taking turns; medians. The int8 models are ours (calibrated here); ONNX Runtime
// gets them as ONNX with QuantizeLinear and DequantizeLinear nodes.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <thread>

#include "cli/chip_source.h"
#include "cli/compile_flags.h"
#include "cli/local_engine.h"
#include "cli/table.h"
#include "least_seconds.h"
#include "peer/ort.h"
#include "timing/timing.h"

namespace chengying {
namespace {

using cli::Align;

constexpr int kRepeats = 15;
constexpr double kOpsPerMac = 2;

struct Setting {
  const char* what;
  std::int32_t batch;
  std::uint16_t cores;
};
constexpr Setting kSettings[] = {
    {"batch 1, 1 thread", 1, 1}, {"batch 1, 2 threads", 1, 2}, {"batch 8, 2 threads", 8, 2}};

struct Medians {
  double ours = 0, peer = 0;  // seconds
};

double seconds_of(const std::function<Status()>& work, Status& status) {
  const auto start = std::chrono::steady_clock::now();
  if (auto done = work(); !done) status = done;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What runs of one engine leave behind (threads that go on spinning, for one) must not meet the other.
constexpr std::chrono::milliseconds kPause{50};
constexpr int kRunsInARow = 6;  // the first of them wakes threads and caches up and is not counted

/// Runs the two in turns, so that whatever else the machine does meets both.
Result<Medians> take_turns(const std::function<Status()>& ours, const std::function<Status()>& peer,
                           int repeats) {
  Status status;
  std::vector<double> our_times, peer_times;
  const auto turn = [&](const std::function<Status()>& work, std::vector<double>& times) {
    std::this_thread::sleep_for(kPause);
    for (int run = 0; run < kRunsInARow; ++run) {
      const double seconds = seconds_of(work, status);
      if (run > 0) times.push_back(seconds);
    }
  };
  for (int i = 0; i < repeats; ++i) {
    turn(ours, our_times);
    turn(peer, peer_times);
    if (!status) return std::unexpected<Error>(status.error());
  }
  return Medians{median(our_times), median(peer_times)};
}

/// Pixels, and whole numbers of 0 and 1, which name a row of every table.
std::vector<Tensor> batch_inputs(const cli::Described& model, std::int32_t batch) {
  std::vector<Tensor> inputs;
  std::uint32_t state = 1;
  const auto random = [&] { return state = state * 1664525 + 1013904223; };
  for (const auto& port : model.inputs) {
    Shape shape = port.shape;
    shape[0] = batch;
    Tensor& input = inputs.emplace_back(port.dtype, std::move(shape));
    if (port.dtype == DType::kI64) {
      for (std::int64_t& value : input.as<std::int64_t>()) value = random() >> 31;
    } else {
      for (float& value : input.as<float>())
        value = static_cast<float>(random() >> 8) / static_cast<float>(1 << 24) * 255 - 120;
    }
  }
  return inputs;
}

struct Models {
  std::string name;
  cli::CompileFlags flags;
  cli::Described described;
  isa::ChipSpec host;
  std::string qdq;  // the int8 model as ONNX
};

Result<Models> quantise(const std::string& model, const std::string& calibration) {
  Models models;
  models.name = std::filesystem::path(model).stem();
  models.flags.model = model;
  models.flags.calibrate = calibration;
  TRY_ASSIGN(models.described, cli::describe_model(models.flags));
  TRY_ASSIGN(models.host, cli::find_chip("host"));
  TRY_ASSIGN(const auto options, cli::compile_options_of(models.flags, models.described, models.host, 1));
  TRY_ASSIGN(models.qdq, compiler::quantise_to_onnx({model, nullptr}, options));
  return models;
}

/// The time that the chip's model predicts is in the row too: the benchmark holds it against the clock.
Result<std::vector<std::string>> measure(const Models& models, const Setting& setting, int repeats) {
  compiler::CompileOptions options;
  options.cores = setting.cores;
  options.batches = {setting.batch};
  const auto bytes = std::make_shared<const std::string>(models.qdq);
  TRY_ASSIGN(auto output, compiler::compile({"", bytes}, models.host, options));
  const auto executable = std::make_shared<const isa::Executable>(std::move(output.executable));
  cli::LocalEngine engine(models.host, setting.cores, setting.cores);
  TRY(engine.load(executable));
  TRY_ASSIGN(auto ort, peer::OrtSession::load_bytes(peer::ort_library_path(CHENGYING_SOURCE_DIR), models.qdq,
                                                    setting.cores));
  const std::vector<Tensor> inputs = batch_inputs(models.described, setting.batch);
  const auto status_of = [](const auto& outputs) {
    return outputs ? Status{} : std::unexpected<Error>(outputs.error());
  };
  TRY_ASSIGN(const Medians medians, take_turns([&] { return status_of(engine.run(setting.batch, inputs)); },
                                               [&] { return status_of(ort.run(inputs)); }, repeats));

  const timing::Timing timing = timing::walk(executable->programs.front(), models.host, setting.cores);
  const double peak =
      kOpsPerMac * static_cast<double>(models.host.tensor.u8->macs()) * models.host.clock_hz * setting.cores;
  const double rate = kOpsPerMac * static_cast<double>(timing.macs) / medians.ours;
  const auto images = [&](double seconds) { return fmt::format("{:.1f}", setting.batch / seconds); };
  return std::vector<std::string>{models.name,
                                  setting.what,
                                  cli::duration_text(medians.ours),
                                  cli::duration_text(medians.peer),
                                  fmt::format("{:.2f}x", medians.peer / medians.ours),
                                  images(medians.ours),
                                  images(medians.peer),
                                  cli::scaled_text(rate),
                                  cli::percent_text(rate / peak),
                                  cli::duration_text(timing.seconds(models.host))};
}

Status add_rows(const std::string& model, const std::string& calibration, cli::Table& table) {
  TRY_ASSIGN(const Models models, quantise(model, calibration));
  // The int8 file of a model that looks tokens up has the batch that it was calibrated with in its reshapes.
  const bool has_batches = models.described.inputs.front().dtype == DType::kF32;
  for (const Setting& setting : kSettings) {
    if (setting.batch > 1 && !has_batches) continue;
    auto row = measure(models, setting, kRepeats);
    if (!row) return within(fmt::format("{}, {}", model, setting.what), row.error());
    table.add(std::move(*row));
  }
  return {};
}

Status run(const std::string& calibration, std::span<char* const> models) {
  cli::Table table({{"int8"},
                    {""},
                    {"Chengying", Align::kRight},
                    {"ONNX Runtime", Align::kRight},
                    {"faster", Align::kRight},
                    {"a second", Align::kRight},
                    {"theirs", Align::kRight},
                    {"ops/s", Align::kRight},
                    {"of peak", Align::kRight},
                    {"predicted", Align::kRight}});
  for (const char* model : models) TRY(add_rows(model, calibration, table));
  fmt::print("{}\nmedians of {} turns of {} runs each; {} kernels; ONNX Runtime {}\n", table.text(), kRepeats,
             kRunsInARow - 1, chip::name_of(chip::best_kernels()),
             peer::OrtSession::version(peer::ort_library_path(CHENGYING_SOURCE_DIR)));
  return {};
}

}  // namespace
}  // namespace chengying

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "networks CALIBRATION MODEL...\n");
    return 2;
  }
  const auto status = chengying::run(argv[1], {argv + 2, static_cast<std::size_t>(argc - 2)});
  if (!status) fmt::print(stderr, "networks: {}\n", status.error().message);
  return status ? 0 : 1;
}
