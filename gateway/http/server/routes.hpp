// Which path and method means what. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::http {

enum class Route : std::uint8_t {
    none,
    health,
    ready,
    metrics,
    page,  // `/` and its files
    page_json,
    models,
    model,
    chat,
    responses,
    response,
    response_cancel,
    turns,
    turn,
    turn_events,
};
inline constexpr std::size_t routes = 15;

// As metrics and logs name it: what a client sends never becomes a label.
std::string_view pattern(Route route);
std::string_view allowed(Route route);  // for `Allow`
bool takes(Route route, std::string_view method);
bool wants_key(Route route);   // of a path under /v1
bool wants_json(Route route);  // its POST has a body

struct Match {
    Route route = Route::none;
    std::string id;  // the path's variable part, decoded
};

// A path under /v1 that is no route is Route::none; `under_v1` tells it from others.
Match match(std::string_view path);
bool under_v1(std::string_view path);

}  // namespace emostage::http
