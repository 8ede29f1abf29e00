#include "cloud/doors/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cloud/doors/fake_cloud.h"
#include "cloud/doors/test_client.h"

namespace chengying::doors {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTensor =
    R"({"id":"r1","inputs":[{"name":"x","datatype":"FP32","shape":[1,3],"data":[1,3,2]}]})";
constexpr std::string_view kPreprocessing = R"({"resize":[2,2],"layout":"NHWC"})";

class DoorTest : public testing::Test {
 protected:
  DoorTest() {
    DoorOptions options;
    options.server.port = 0;
    auto door = Door::open(cloud_, options);
    if (door) door_ = *std::move(door);
  }

  TestAnswer ask(std::string_view method_and_target, std::string_view body = "",
                 std::string_view headers = "", std::string_view key = "chg_all") {
    TestClient client(door_->port());
    const std::string authorization = key.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", key);
    const std::string length = body.empty() ? "" : fmt::format("Content-Length: {}\r\n", body.size());
    return client.ask(
        fmt::format("{} HTTP/1.1\r\n{}{}{}\r\n{}", method_and_target, authorization, length, headers, body));
  }
  TestAnswer infer(std::string_view body, std::string_view headers = "Content-Type: application/json\r\n") {
    return ask("POST /v2/models/echo/infer", body, headers);
  }

  FakeCloud cloud_{testing::TempDir()};
  std::unique_ptr<Door> door_;
};

TEST_F(DoorTest, AStreamIsALineForEachPartWithItsOwnReceipt) {
  const std::string body =
      R"({"id":"s","parameters":{"stream_batch":2},"inputs":[{"name":"x","datatype":"FP32","shape":[5,3],)"
      R"("data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}]})";
  TestClient client(door_->port());
  const TestAnswer head = client.ask(fmt::format(
      "POST /v2/models/echo/infer_stream HTTP/1.1\r\nAuthorization: Bearer chg_all\r\nContent-Type: "
      "application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body));
  ASSERT_EQ(head.status, 200);
  EXPECT_THAT(head.head, HasSubstr("application/x-ndjson"));
  std::vector<std::string> lines;
  for (std::string line = client.read_chunk(); !line.empty(); line = client.read_chunk())
    lines.push_back(line);
  ASSERT_EQ(lines.size(), 3);
  EXPECT_THAT(lines[0], HasSubstr(R"("request_id":"s.0")"));
  EXPECT_THAT(lines[0], HasSubstr(R"("shape":[2,3],"data":[1,2,3,4,5,6]})"));
  EXPECT_THAT(lines[1], HasSubstr(R"("request_id":"s.2")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("shape":[1,3],"data":[13,14,15]})"));
  for (const std::string& line : lines) EXPECT_TRUE(line.ends_with("}\n")) << line;
}

TEST_F(DoorTest, AStreamThatCanNotBeIsRefusedBeforeItBegins) {
  const auto stream = [&](std::string_view body) {
    return ask("POST /v2/models/echo/infer_stream", body, "Content-Type: application/json\r\n");
  };
  EXPECT_THAT(stream(R"({"parameters":{"quote":"q"},"inputs":[{"name":"x","datatype":"FP32","shape":[1,3],)"
                     R"("data":[1,2,3]}]})")
                  .body,
              HasSubstr("a quote is for one answer"));
  EXPECT_THAT(stream(R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32",)"
                     R"("shape":[1,3],"data":[1,2,3]}]})")
                  .body,
              HasSubstr("outputs can't be binary"));
  EXPECT_THAT(
      infer(R"({"parameters":{"stream_batch":2},"inputs":[{"name":"x","datatype":"FP32","shape":[1,3],)"
            R"("data":[1,2,3]}]})")
          .body,
      HasSubstr("stream_batch is for .../infer_stream"));
  cloud_.refuse_infer = Error{Code::kPaymentRequired, "no money"};
  EXPECT_EQ(stream(kTensor).status, 402);
}

TEST_F(DoorTest, HealthAndMetadataNeedNoKey) {
  EXPECT_EQ(ask("GET /healthz", "", "", "").body, "{\"status\":\"ok\"}\n");
  EXPECT_EQ(ask("GET /v2/health/live", "", "", "").body, "{\"live\":true}\n");
  EXPECT_EQ(ask("GET /v2/health/ready", "", "", "").body, "{\"ready\":true}\n");
  EXPECT_THAT(ask("GET /v2", "", "", "").body, HasSubstr("binary_tensor_data"));
  EXPECT_THAT(ask("GET /metrics", "", "", "").body, HasSubstr("chengying_http_requests_total"));
  EXPECT_THAT(ask("GET /api/v1/openapi.json", "", "", "").body, HasSubstr("\"openapi\": \"3.1.0\""));
}

TEST_F(DoorTest, AKeyIsNeededAndBelongsInTheHeader) {
  const auto missing = ask("GET /api/v1/leases", "", "", "");
  EXPECT_EQ(missing.status, 401);
  EXPECT_THAT(missing.head, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(missing.body, HasSubstr("send your key as the header 'Authorization: Bearer chg_...'"));
  EXPECT_EQ(ask("GET /api/v1/leases", "", "", "chg_unknown").status, 401);
  EXPECT_EQ(ask("GET /api/v1/leases", "", "Authorization: Bearer chg_all\r\n").status, 401);
  for (const std::string_view target : {"GET /api/v1/leases?key=chg_all", "GET /api/v1/leases/chg_all"}) {
    const auto in_url = ask(target, "", "", "");
    EXPECT_EQ(in_url.status, 400) << target;
    EXPECT_THAT(in_url.body, HasSubstr("a key does not belong in the URL"));
    EXPECT_THAT(in_url.body, Not(HasSubstr("chg_all")));
  }
  EXPECT_EQ(ask("POST /api/v1/leases", R"({"offer":"o","seconds_max":1,"key":"chg_all"})").status, 400);
}

TEST_F(DoorTest, AScopeThatIsMissingIsNamedBeforeTheBodyIsRead) {
  const auto answer =
      ask("POST /api/v1/models?name=m HTTP/1.1\r\nContent-Length: 1000000\r\nX: ", "", "", "chg_infer");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("this needs a key with the scope 'deploy'"));
  EXPECT_EQ(ask("GET /api/v1/tenants", "", "", "chg_all").status, 403);
}

TEST_F(DoorTest, AnotherTenantsThingsDoNotExist) {
  EXPECT_EQ(ask("GET /api/v1/leases/ls_1").status, 200);
  const auto other = ask("GET /api/v1/leases/ls_1", "", "", "chg_other");
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(ask("GET /api/v1/leases/ls_2").status, 404);
  EXPECT_EQ(ask("POST /v2/models/echo/infer", kTensor, "", "chg_other").body,
            "{\"error\":\"there is no endpoint 'echo'\"}\n");
}

TEST_F(DoorTest, UnknownPathsAndMethodsAreRefused) {
  EXPECT_EQ(ask("GET /api/v2").status, 404);
  const auto wrong = ask("DELETE /api/v1/balance");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_THAT(wrong.head, HasSubstr("Allow: GET"));
}

TEST_F(DoorTest, TensorsGoThroughTheCloudAndBackWithTheirReceipt) {
  const auto answer = infer(kTensor);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("model_name":"echo","model_version":"1","id":"r1")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("name":"y","datatype":"FP32","shape":[1,3],"data":[1,3,2])"));
  EXPECT_THAT(answer.body, HasSubstr(R"("price":"0.000000223","price_nano":223)"));
  EXPECT_THAT(answer.head, HasSubstr("Chengying-Price-Nano: 223\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("Chengying-Cycles: 1234\r\n"));
  EXPECT_EQ(cloud_.last_infer.request_id, "r1");
  EXPECT_TRUE(cloud_.last_infer.body.has_value());
  EXPECT_EQ(ask("POST /v2/models/echo/versions/1/infer", kTensor).status, 200);
  EXPECT_EQ(ask("POST /v2/models/echo/versions/2/infer", kTensor).status, 404);
}

TEST_F(DoorTest, TheIdempotencyKeyOutranksTheBodysId) {
  EXPECT_EQ(infer(kTensor, "Idempotency-Key: k1\r\n").status, 200);
  EXPECT_EQ(cloud_.last_infer.request_id, "k1");
}

TEST_F(DoorTest, RawTensorsComeAndGoBehindTheHead) {
  const std::string head =
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32",)"
      R"("shape":[1,3],"parameters":{"binary_data_size":12}}]})";
  const auto answer =
      infer(head + std::string(12, '\0'), fmt::format("Content-Type: application/octet-stream\r\n"
                                                      "Inference-Header-Content-Length: {}\r\n",
                                                      head.size()));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.head, HasSubstr("Inference-Header-Content-Length: "));
  EXPECT_EQ(answer.body.substr(answer.body.size() - 12), std::string(12, '\0'));
  EXPECT_EQ(infer(head, "Inference-Header-Content-Length: x\r\n").status, 400);
  EXPECT_EQ(infer(head, "Inference-Header-Content-Length: 99999\r\n").status, 400);
}

TEST_F(DoorTest, ARefusalOfTheCloudKeepsItsStatusAndItsWords) {
  for (const auto& [code, status] : {std::pair{Code::kPaymentRequired, 402},
                                     {Code::kResourceExhausted, 429},
                                     {Code::kUnavailable, 503},
                                     {Code::kConflict, 409},
                                     {Code::kDeadlineExceeded, 504}}) {
    cloud_.refuse_infer = Error{code, "in these words"};
    const auto answer = infer(kTensor);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, "{\"error\":\"in these words\"}\n");
  }
}

TEST_F(DoorTest, MediaTypesThatAreNotTakenAreRefused) {
  const auto answer = infer("GIF89a", "Content-Type: image/gif\r\n");
  EXPECT_EQ(answer.status, 415);
  EXPECT_THAT(answer.body, HasSubstr("Content-Type 'image/gif' is not taken"));
  EXPECT_EQ(infer(kTensor, "Content-Encoding: gzip\r\n").status, 415);
}

TEST_F(DoorTest, APhotographNeedsAnEndpointThatKnowsWhatToDoWithIt) {
  const auto answer = infer("\xff\xd8\xff", "Content-Type: image/jpeg\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("endpoint 'echo' knows no preprocessing"));
}

TEST_F(DoorTest, ATruncatedPhotographIsRefused) {
  cloud_.echo_.preprocessing = kPreprocessing;
  const auto answer = infer("\xff\xd8\xff\xe0", "Content-Type: image/jpeg\r\n");
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("the photograph: "));
  EXPECT_THAT(ask("POST /v2/models/echo/infer?top_k=x", "\xff\xd8\xff", "Content-Type: image/jpeg\r\n").body,
              HasSubstr("?top_k= must be a whole number from 0 to 1000, not 'x'"));
}

TEST_F(DoorTest, AModelIsUploadedThroughAFile) {
  const auto answer = ask("POST /api/v1/models?name=a%20b", "model bytes");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("name":"a b")"));
  EXPECT_EQ(cloud_.last_model, "model bytes");
  EXPECT_THAT(ask("POST /api/v1/models", "x").body, HasSubstr("give the model a name"));
  EXPECT_THAT(ask("POST /api/v1/models?name=x").body, HasSubstr("the body is empty"));
}

TEST_F(DoorTest, AnEndpointTakesWhatItLeavesOpenFromTheModelsFile) {
  const auto answer = ask("POST /api/v1/endpoints",
                          R"({"name":"e","model":"sha256:1","lease":"ls_1","preprocessing":{"crop":8}})");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(cloud_.last_endpoint.labels, R"(["from the file"])");
  EXPECT_EQ(cloud_.last_endpoint.preprocessing, R"({"crop":8})");
  EXPECT_THAT(ask("POST /api/v1/endpoints", R"({"name":"e","model":"sha256:1"})").body,
              HasSubstr("name either a 'lease' to run on or a 'shared_offer'"));
  EXPECT_THAT(ask("POST /api/v1/endpoints",
                  R"({"name":"e","model":"sha256:1","lease":"l","preprocessing":{"crup":8}})")
                  .body,
              HasSubstr("crup"));
}

TEST_F(DoorTest, QuotesNameOneThing) {
  EXPECT_THAT(ask("POST /api/v1/quotes", R"({"kind":"inference","endpoint":"echo"})").body,
              HasSubstr(R"("price_nano":223)"));
  EXPECT_EQ(ask("POST /api/v1/quotes", R"({"kind":"lease","offer":"o","seconds":60})").status, 201);
  EXPECT_EQ(ask("POST /api/v1/quotes", R"({"kind":"inference","endpoint":"echo","model":"m"})").status, 400);
  EXPECT_EQ(ask("POST /api/v1/quotes", R"({"kind":"inference","model":"m"})").status, 400);
  EXPECT_EQ(ask("POST /api/v1/quotes", R"({"kind":"wish"})").status, 400);
  EXPECT_EQ(
      ask("POST /api/v1/quotes", R"({"kind":"inference","endpoint":"echo","arguments":{"n":2}})").status,
      201);
  EXPECT_EQ(
      ask("POST /api/v1/quotes", R"({"kind":"inference","endpoint":"echo","arguments":{"n":"2"}})").status,
      400);
}

TEST_F(DoorTest, UsageComesAsJsonOrAsLines) {
  EXPECT_THAT(
      ask("GET /api/v1/usage?after=7&limit=2&endpoint=echo").body,
      HasSubstr(R"({"records":[{"sequence":1},{"sequence":2}],"count":2,"last_sequence":2,"more":true)"));
  EXPECT_EQ(cloud_.last_usage.after_sequence, 7);
  EXPECT_EQ(cloud_.last_usage.endpoint, "echo");
  const auto lines = ask("GET /api/v1/usage", "", "Accept: application/jsonl\r\n");
  EXPECT_EQ(lines.body, "{\"sequence\":1}\n{\"sequence\":2}\n");
  EXPECT_THAT(lines.head, HasSubstr("Chengying-More: true"));
  EXPECT_EQ(ask("GET /api/v1/usage?limit=-1").status, 400);
}

TEST_F(DoorTest, AnInvoiceComesByteForByte) {
  EXPECT_EQ(ask("GET /api/v1/invoices/inv_1").body, "{ \"exact\" : 1 }\n");
  EXPECT_EQ(ask("GET /api/v1/invoices/inv_1", "", "Accept: text/plain\r\n").body, "a page\n");
  EXPECT_EQ(ask("GET /api/v1/invoices/inv_1/records").body, "{\"a\":1}\n{\"a\":2}\n");
}

TEST_F(DoorTest, AnInvoiceComesAsPdf) {
  const auto pdf = ask("GET /api/v1/invoices/inv_pages", "", "Accept: application/pdf\r\n");
  EXPECT_EQ(pdf.status, 200) << pdf.body.substr(0, 300);
  EXPECT_THAT(pdf.head, HasSubstr("Content-Type: application/pdf"));
  EXPECT_TRUE(pdf.body.starts_with("%PDF-1."));
}

TEST_F(DoorTest, AFaultIsInjectedByItsName) {
  const auto put = [&](std::string_view body, std::string_view key) {
    return ask("PUT /api/v1/chips/small.0/fault", body, "", key).status;
  };
  EXPECT_EQ(put(R"({"fault":"stuck"})", "chg_all"), 403) << "the operator's to do";
  EXPECT_EQ(cloud_.last_fault, "");
  EXPECT_EQ(put(R"({"fault":"stuck"})", "chg_admin"), 200);
  EXPECT_EQ(cloud_.last_fault, "small.0 stuck");
  EXPECT_EQ(put(R"({"state":"stuck"})", "chg_admin"), 400);
}

TEST_F(DoorTest, MoneyIsExactTwice) {
  EXPECT_THAT(ask("GET /api/v1/balance").body,
              HasSubstr(R"("balance":"12.000000001","balance_nano":12000000001)"));
  EXPECT_THAT(ask("POST /api/v1/tenants/tn_1/deposits", R"({"amount":"0.000000001"})", "", "chg_admin").body,
              HasSubstr(R"("balance_nano":1)"));
  EXPECT_THAT(ask("POST /api/v1/tenants/tn_1/deposits", R"({"amount":"1e3"})", "", "chg_admin").body,
              HasSubstr("'amount'"));
}

TEST_F(DoorTest, ASelfMadeKeyIsForTheOwnTenant) {
  const auto answer = ask("POST /api/v1/tenants/self/keys", R"({"name":"k","scopes":"infer"})");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("tenant":"tn_1")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("secret":"chg_new")"));
  EXPECT_EQ(ask("POST /api/v1/tenants/self/keys", R"({"scopes":"infr"})").status, 400);
}

TEST_F(DoorTest, TheIdempotencyKeyOfALeaseIsItsRequestId) {
  EXPECT_EQ(ask("POST /api/v1/leases", R"({"offer":"o","seconds_max":60})", "Idempotency-Key: a\r\n").status,
            201);
  EXPECT_EQ(cloud_.last_lease.request_id, "a");
  cloud_.refuse_control = Error{Code::kPaymentRequired, "not enough money"};
  EXPECT_EQ(ask("POST /api/v1/leases", R"({"offer":"o","seconds_max":60})").status, 402);
}

TEST_F(DoorTest, WhatFailedInsideIsNotToldOutside) {
  cloud_.refuse_infer = Error{Code::kInternal, "/var/lib/secret"};
  const auto answer = infer(kTensor);
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace chengying::doors
