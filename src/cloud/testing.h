// What tests of the cloud stand on: a clock that they move, a price book, a chip with two cores, a model of
// three instructions (out = |in|) built by hand, and a Cloud over a temporary folder. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cloud/cloud.h"
#include "cloud/store/postgres_for_test.h"
#include "isa/testing.h"

namespace chengying::cloud::testing {

class ManualClock final : public Clock {
 public:
  std::int64_t wall_us() const override { return wall; }
  std::int64_t monotonic_us() const override { return monotonic; }
  std::atomic<std::int64_t> wall{1'780'000'000'000'000};
  std::atomic<std::int64_t> monotonic{1'000'000};
};

inline constexpr const char* kBook = R"(version = 1
currency = "USD"
[[offer]]
id = "small.1"
chip = "small"
cores = 1
term = "on_demand"
capacity_micro_per_core_hour = 40_000
work_micro_per_core_hour = 2_000_000
seconds_max = 3_600
[[offer]]
id = "small.2"
chip = "small"
cores = 2
term = "on_demand"
capacity_micro_per_core_hour = 40_000
work_micro_per_core_hour = 2_000_000
seconds_max = 3_600
[[offer]]
id = "small.shared"
chip = "small"
cores = 1
term = "shared"
work_micro_per_core_hour = 6_000_000
)";

inline isa::ChipSpec small_chip() {
  isa::ChipSpec chip = isa::testing::small_chip();
  chip.digest = sha256("small");
  return chip;
}

/// f32[batch,4] "x" -> f32[batch,4] "y" = |x|
inline isa::Program absolute_program(std::int32_t batch, std::uint16_t cores) {
  isa::testing::ProgramBuilder builder(cores);
  builder.program().batch = batch;
  const isa::View in = builder.input("x", DType::kF32, {batch, 4});
  const isa::View out = builder.output("y", DType::kF32, {batch, 4});
  const isa::View a = builder.sram(0, DType::kF32, {1, 1, batch, 4});
  const isa::View b = builder.sram(0, DType::kF32, {1, 1, batch, 4});
  const auto load = builder.add(isa::Copy{in, a});
  isa::Unary absolute;
  absolute.kind = isa::UnaryKind::kAbs;
  absolute.input = a;
  absolute.output = b;
  const auto compute = builder.add(absolute, {load});
  builder.add(isa::Copy{b, out}, {compute});
  return builder.program();
}

inline isa::Executable absolute_executable(std::uint16_t cores, const std::vector<std::int32_t>& batches) {
  isa::Executable executable = isa::testing::ProgramBuilder(cores).executable(small_chip());
  executable.programs.clear();
  for (const std::int32_t batch : batches) executable.programs.push_back(absolute_program(batch, cores));
  return executable;
}

inline std::vector<std::byte> absolute_file(std::uint16_t cores, const std::vector<std::int32_t>& batches) {
  return isa::encode(absolute_executable(cores, batches));
}

/// `compile` gives the model above for any file, so that only the cloud is under test; counts how often it is
/// called.
inline Machinery test_machinery(std::atomic<int>& compilations) {
  Machinery machinery = real_machinery();
  machinery.compile = [&compilations](
                          const compiler::ModelSource&, const isa::ChipSpec&,
                          const compiler::CompileOptions& options) -> Result<compiler::CompileOutput> {
    ++compilations;
    compiler::CompileOutput output;
    output.executable = absolute_executable(options.cores, options.batches);
    return output;
  };
  machinery.signature_of = [](const compiler::ModelSource& source) -> Result<compiler::ModelSignature> {
    TRY_ASSIGN(const std::string text, read_text_file(source.path, 1 << 20));
    if (!text.starts_with("onnx")) return fail(Code::kInvalidArgument, "not an ONNX file");
    compiler::ModelSignature signature;
    signature.inputs.push_back({"x", DType::kF32, {-1, 4}});
    signature.outputs.push_back({"y", DType::kF32, {-1, 4}});
    return signature;
  };
  return machinery;
}

inline std::vector<NamedTensor> inputs_of(std::int32_t batch, float first) {
  Tensor x(DType::kF32, {batch, 4});
  for (std::size_t i = 0; i < x.as<float>().size(); ++i) x.as<float>()[i] = first - static_cast<float>(i);
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  return inputs;
}

inline Money units(std::string_view text) {
  return *Money::parse(text);
}

/// A Cloud with a tenant that has money, and its keys.
class CloudTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("chengying_cloud_" + random_hex(6));
    store_url_ = new_store("");
    reopen();
    ASSERT_NE(cloud_, nullptr);
    const auto secret = read_text_file(cloud_->operator_key_file(), 1000);
    ASSERT_TRUE(secret);
    admin_ = *cloud_->authenticate(secret->substr(0, secret->size() - 1));
    tenant_ = make_tenant("acme", "1");
  }
  void TearDown() override {
    cloud_.reset();
    std::filesystem::remove_all(folder_);
  }

  Config config() {
    Config config;
    config.data_folder = folder_;
    config.store_url = store_url_;
    config.price_book_toml = kBook;
    config.price_book_path = "book.toml";
    config.chips.push_back({small_chip(), {}});
    config.machinery = test_machinery(compilations_);
    config.clock = &clock_;
    config.limits = limits_;
    return config;
  }
  void reopen() {
    cloud_.reset();
    auto opened = Cloud::open(config());
    ASSERT_TRUE(opened) << opened.error().message;
    cloud_ = *std::move(opened);
  }
  Caller make_tenant(const std::string& name, std::string_view balance) {
    const auto made = cloud_->create_tenant(admin_, name, Money());
    EXPECT_TRUE(made);
    if (units(balance) > Money()) {
      EXPECT_TRUE(cloud_->deposit(admin_, made->id, units(balance), ""));
    }
    const auto key = cloud_->create_key(admin_, made->id, "k", *parse_scopes("infer,deploy,billing"), "", "");
    EXPECT_TRUE(key);
    return *cloud_->authenticate(key->secret);
  }
  std::string model_of(const Caller& caller, std::uint16_t cores = 1,
                       const std::vector<std::int32_t>& batches = {1, 4}) {
    const auto model = cloud_->create_model(caller, "abs", absolute_file(cores, batches));
    EXPECT_TRUE(model) << model.error().message;
    return model->id;
  }
  Lease lease_of(const Caller& caller, const std::string& offer = "small.1", const std::string& request = "",
                 std::int64_t seconds = 60) {
    const auto lease = cloud_->create_lease(caller, {request, offer, "", seconds, ""});
    EXPECT_TRUE(lease) << lease.error().message;
    return lease ? *lease : Lease{};
  }
  Endpoint endpoint_of(const Caller& caller, const std::string& name, const std::string& lease = "") {
    EndpointRequest request;
    request.name = name;
    request.model = model_of(caller);
    request.lease = lease;
    request.shared_offer = lease.empty() ? "small.shared" : "";
    const auto endpoint = cloud_->create_endpoint(caller, request, true);
    EXPECT_TRUE(endpoint) << endpoint.error().message;
    EXPECT_EQ(endpoint->state, EndpointState::kReady) << endpoint->reason;
    return *endpoint;
  }
  Result<InferAnswer> infer(const Caller& caller, const std::string& endpoint, std::int32_t batch = 1,
                            const std::string& request_id = "", float first = -3,
                            const std::string& quote = "") {
    InferRequest request;
    request.endpoint = endpoint;
    request.request_id = request_id;
    request.inputs = inputs_of(batch, first);
    request.quote = quote;
    return cloud_->infer_wait(caller, std::move(request));
  }
  void wait_until_ready() {
    for (int i = 0; i < 2'000 && !cloud_->ready(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(cloud_->ready());
  }

  std::filesystem::path folder_;
  std::string store_url_;  // "": a file in it
  ManualClock clock_;
  Limits limits_;
  std::atomic<int> compilations_{0};
  std::unique_ptr<Cloud> cloud_;
  Caller admin_, tenant_;
};

}  // namespace chengying::cloud::testing
