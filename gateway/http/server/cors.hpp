// Which pages of other origins may use the interfaces: the Fetch standard's CORS protocol.
// https://fetch.spec.whatwg.org/#http-cors-protocol
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/server/outlet.hpp"
#include "gateway/http/server/request.hpp"

namespace emostage::http {

inline constexpr std::size_t cors_headers_bytes_max = 1'024;  // that a preflight asks for

bool is_preflight(const Request& request);

// Says so in the answer's head where the request's origin is one of these.
void allow_origin(const Request& request, const std::vector<std::string>& origins, Outlet& outlet);

// Answers a preflight: 204, or 403 where the origin is none of these. `allowed`: methods, as in
// `Allow`.
int answer_preflight(const Request& request, const std::vector<std::string>& origins,
                     std::string_view allowed, Outlet& outlet);

// Whether `Host` is a name of this machine's loopback, or one of these: another one is a page that
// was given our address by its own name server.
bool is_own_host(std::string_view host, const std::vector<std::string>& hosts);

}  // namespace emostage::http
