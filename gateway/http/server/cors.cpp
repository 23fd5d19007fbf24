#include "gateway/http/server/cors.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>

namespace emostage::http {
namespace {

bool is_listed(std::string_view origin, const std::vector<std::string>& origins) {
    return !origin.empty() && std::find(origins.begin(), origins.end(), origin) != origins.end();
}

// Names of header fields with commas and spaces between: RFC 9110, section 5.6.2.
bool are_field_names(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~, ";
    return text.size() <= cors_headers_bytes_max &&
           std::all_of(text.begin(), text.end(), [others](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      others.find(c) != others.npos;
           });
}

}  // namespace

bool is_preflight(const Request& request) {
    return request.method == "OPTIONS" && !request.field("origin").empty() &&
           !request.field("access-control-request-method").empty();
}

void allow_origin(const Request& request, const std::vector<std::string>& origins, Outlet& outlet) {
    if (origins.empty()) return;
    outlet.add_field("Vary", "Origin");
    const auto origin = request.field("origin");
    if (!is_listed(origin, origins)) return;
    outlet.add_field("Access-Control-Allow-Origin", std::string(origin));
    outlet.add_field("Access-Control-Expose-Headers",
                     "x-request-id, x-emostage-turn, x-emostage-ignored, retry-after, "
                     "retry-after-ms");
}

int answer_preflight(const Request& request, const std::vector<std::string>& origins,
                     std::string_view allowed, Outlet& outlet) {
    const auto wanted = request.field("access-control-request-headers");
    if (!is_listed(request.field("origin"), origins) || !are_field_names(wanted)) {
        const ApiError error{403, "permission_error", "origin_not_allowed",
                             "this origin may not use these interfaces; see cors.origins"};
        answer_error(outlet, error);
        return error.status;
    }
    Head head{204, "", {{"Access-Control-Allow-Methods", std::string(allowed)}}};
    if (!wanted.empty()) {
        head.fields.emplace_back("Access-Control-Allow-Headers", std::string(wanted));
    }
    head.fields.emplace_back("Access-Control-Max-Age", "600");
    outlet.answer(head, "");
    return head.status;
}

bool is_own_host(std::string_view host, const std::vector<std::string>& hosts) {
    std::string_view name = host;
    if (!name.empty() && name.front() == '[') {
        name = name.substr(1, name.find(']') - 1);
    } else {
        name = name.substr(0, name.find(':'));
    }
    if (same_ignoring_case(name, "localhost")) return true;
    if (std::any_of(hosts.begin(), hosts.end(),
                    [name](const auto& own) { return same_ignoring_case(own, name); })) {
        return true;
    }
    asio::error_code error;
    const auto address = asio::ip::make_address(std::string(name), error);
    return !error && address.is_loopback();
}

}  // namespace emostage::http
