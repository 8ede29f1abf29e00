// The cloud's values as the control API writes them. Amounts of money come twice: exact as an integer of
// nano-units
// ("price_nano") and as a decimal string ("price"). Pure; any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "cloud/cloud.h"
#include "cloud/doors/http.h"

namespace chengying::doors {

boost::json::object json_of(const cloud::Chip& chip);
/// With every number of the spec and its source.
boost::json::object json_of_with_numbers(const cloud::Chip& chip);
boost::json::object json_of(const billing::Offer& offer);
boost::json::object json_of(const cloud::Model& model);
boost::json::object json_of(const cloud::QuoteAnswer& quote);
boost::json::object json_of(const cloud::Lease& lease);
boost::json::object json_of(const cloud::Event& event);
boost::json::object json_of(const cloud::Endpoint& endpoint);
boost::json::object json_of(const cloud::Tenant& tenant);
boost::json::object json_of(const cloud::Key& key);
boost::json::object json_of(const cloud::Balance& balance);
boost::json::object json_of(const cloud::InvoiceView& invoice);
boost::json::array json_of(const std::vector<cloud::Port>& ports);
/// Flat, because the Open Inference Protocol's parameters are strings, numbers and booleans.
boost::json::object json_of(const cloud::Receipt& receipt);

boost::json::object json_of(const cloud::Project& project);
boost::json::object json_of(const cloud::Cap& cap);
boost::json::object json_of(const cloud::Quota& quota);
boost::json::object json_of(const cloud::Spend& spend);
boost::json::object json_of(const cloud::MonthTable& table);
Response json_response(const boost::json::object& body, int status = 200);

}  // namespace chengying::doors
