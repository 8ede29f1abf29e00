// Handlers: the functions behind the rows of routes.cc, one per row. Each runs on a worker of its row's lane,
// asks the cloud and answers once. Those that return a Result are wrapped by `answered`.
#pragma once

#include "base/error.h"
#include "cloud/doors/answers.h"
#include "cloud/doors/routes.h"

namespace chengying::doors {

/// A handler that answers when it returns.
template <Result<Response> (*Function)(const Services&, Call&)>
void answered(const Services& services, Call&& call, Reply reply) {
  auto response = Function(services, call);
  reply(response ? *std::move(response) : error_answer(call.request.head, response.error()));
}

// service.cc
Result<Response> health(const Services&, Call&);
Result<Response> metrics_page(const Services&, Call&);
Result<Response> openapi_document(const Services&, Call&);
Result<Response> show_caller(const Services&, Call&);

// control_catalogue.cc
Result<Response> list_chips(const Services&, Call&);
Result<Response> show_chip(const Services&, Call&);
Result<Response> list_offers(const Services&, Call&);
Result<Response> show_price_book(const Services&, Call&);
Result<Response> show_book_signature(const Services&, Call&);
Result<Response> set_chip_state(const Services&, Call&);
Result<Response> set_chip_fault(const Services&, Call&);
Result<Response> create_model(const Services&, Call&);
Result<Response> list_models(const Services&, Call&);
Result<Response> show_model(const Services&, Call&);
Result<Response> delete_model(const Services&, Call&);
Result<Response> create_quote(const Services&, Call&);

// control_leases.cc
Result<Response> create_lease(const Services&, Call&);
Result<Response> list_leases(const Services&, Call&);
Result<Response> show_lease(const Services&, Call&);
Result<Response> release_lease(const Services&, Call&);
Result<Response> list_lease_events(const Services&, Call&);
Result<Response> extend_lease(const Services&, Call&);
Result<Response> resize_lease(const Services&, Call&);
Result<Response> move_lease(const Services&, Call&);
Result<Response> create_endpoint(const Services&, Call&);
Result<Response> list_endpoints(const Services&, Call&);
Result<Response> show_endpoint(const Services&, Call&);
Result<Response> delete_endpoint(const Services&, Call&);

// control_money.cc
Result<Response> show_balance(const Services&, Call&);
Result<Response> show_spend(const Services&, Call&);
Result<Response> list_usage(const Services&, Call&);
Result<Response> create_invoice(const Services&, Call&);
Result<Response> list_invoices(const Services&, Call&);
Result<Response> show_invoice(const Services&, Call&);
Result<Response> list_invoice_records(const Services&, Call&);

// control_tenants.cc
Result<Response> create_tenant(const Services&, Call&);
Result<Response> list_tenants(const Services&, Call&);
Result<Response> show_tenant(const Services&, Call&);
Result<Response> deposit(const Services&, Call&);
Result<Response> set_credit_line(const Services&, Call&);
Result<Response> create_key(const Services&, Call&);
Result<Response> list_keys(const Services&, Call&);
Result<Response> revoke_key(const Services&, Call&);

// control_caps.cc
Result<Response> list_events(const Services&, Call&);
Result<Response> create_project(const Services&, Call&);
Result<Response> list_projects(const Services&, Call&);
Result<Response> list_caps(const Services&, Call&);
Result<Response> set_cap(const Services&, Call&);
Result<Response> remove_cap(const Services&, Call&);
Result<Response> show_quota(const Services&, Call&);
Result<Response> set_quota(const Services&, Call&);
Result<Response> set_weight(const Services&, Call&);
Result<Response> credit(const Services&, Call&);
Result<Response> refund(const Services&, Call&);

// inference.cc: the Open Inference Protocol
Result<Response> server_metadata(const Services&, Call&);
Result<Response> server_live(const Services&, Call&);
Result<Response> server_ready(const Services&, Call&);
Result<Response> model_metadata(const Services&, Call&);
Result<Response> model_ready(const Services&, Call&);
void infer(const Services&, Call&&, Reply);
// inference_stream.cc
void infer_stream(const Services&, Call&&, Reply);

/// The tenant's own id for a request: the header Idempotency-Key, or "".
std::string idempotency_key(const Call& call);
/// 204.
Response no_content();
/// The tenant that a path names; "self" is the caller's own.
std::string_view tenant_of(const Call& call);
/// kInvalidArgument names the member.
Result<billing::Money> amount_of(std::string_view name, std::string_view text);
/// A whole number >= 0 from the query, or what is in `out`.
Status take_number(const Target& target, std::string_view name, std::int64_t& out);

}  // namespace chengying::doors
