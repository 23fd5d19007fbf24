// What a client sent, as far as it is looked at. Everything is a view of the server's own copy,
// good while the request is handled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emostage::http {

struct Request {
    std::string_view method;  // "GET"
    std::string_view path;    // as sent, without the query
    std::string_view query;   // as sent, without the question mark
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    std::string_view body;
    std::string peer;              // the client's IP address
    std::uint64_t connection = 0;  // of this server

    // The first field of that name (given in lower case); empty: there is none.
    std::string_view field(std::string_view name) const;
};

// Letters of ASCII only.
bool same_ignoring_case(std::string_view left, std::string_view right);

// %XX becomes its byte; nothing where an escape is cut or wrong.
bool percent_decode(std::string_view text, std::string& into);

// The value of `name=value` in a query, decoded; false: it is not there, or its escapes are wrong.
bool query_value(std::string_view query, std::string_view name, std::string& into);

}  // namespace emostage::http
