#include "gateway/http/server/routes.hpp"

#include "gateway/http/server/request.hpp"

namespace emostage::http {
namespace {

struct About {
    std::string_view pattern, allowed;
};

constexpr std::array<About, routes> about{{
    {"other", ""},
    {"/healthz", "GET, HEAD"},
    {"/readyz", "GET, HEAD"},
    {"/metrics", "GET, HEAD"},
    {"/", "GET, HEAD"},
    {"/page.json", "GET, HEAD"},
    {"/v1/models", "GET, HEAD"},
    {"/v1/models/{id}", "GET, HEAD"},
    {"/v1/chat/completions", "POST"},
    {"/v1/responses", "POST"},
    {"/v1/responses/{id}", "GET"},
    {"/v1/responses/{id}/cancel", "POST"},
    {"/v1/turns", "POST"},
    {"/v1/turns/{id}", "GET, DELETE"},
    {"/v1/turns/{id}/events", "GET"},
}};

const About& about_of(Route route) { return about[static_cast<std::size_t>(route)]; }

struct Fixed {
    std::string_view path;
    Route route;
};
constexpr Fixed fixed[] = {
    {"/healthz", Route::health},         {"/readyz", Route::ready},
    {"/metrics", Route::metrics},        {"/page.json", Route::page_json},
    {"/v1/models", Route::models},       {"/v1/chat/completions", Route::chat},
    {"/v1/responses", Route::responses}, {"/v1/turns", Route::turns},
};

struct WithId {
    std::string_view before, after;
    Route route;
};
constexpr WithId with_id[] = {
    {"/v1/models/", "", Route::model},       {"/v1/responses/", "/cancel", Route::response_cancel},
    {"/v1/responses/", "", Route::response}, {"/v1/turns/", "/events", Route::turn_events},
    {"/v1/turns/", "", Route::turn},
};

}  // namespace

std::string_view pattern(Route route) { return about_of(route).pattern; }
std::string_view allowed(Route route) { return about_of(route).allowed; }

bool takes(Route route, std::string_view method) {
    std::string_view left = allowed(route);
    while (!left.empty()) {
        const auto end = left.find(", ");
        if (left.substr(0, end) == method) return true;
        left = end == left.npos ? std::string_view{} : left.substr(end + 2);
    }
    return false;
}

bool wants_key(Route route) { return pattern(route).substr(0, 4) == "/v1/"; }

bool wants_json(Route route) {
    return route == Route::chat || route == Route::responses || route == Route::turns;
}

bool under_v1(std::string_view path) { return path == "/v1" || path.substr(0, 4) == "/v1/"; }

Match match(std::string_view path) {
    for (const auto& [known, route] : fixed) {
        if (path == known) return {route, ""};
    }
    for (const auto& [before, after, route] : with_id) {
        if (path.size() <= before.size() + after.size()) continue;
        if (path.substr(0, before.size()) != before) continue;
        if (path.substr(path.size() - after.size()) != after) continue;
        const auto id = path.substr(before.size(), path.size() - before.size() - after.size());
        if (id.find('/') != id.npos) continue;
        Match found{route, ""};
        return percent_decode(id, found.id) ? found : Match{};
    }
    if (path == "/") return {Route::page, "index.html"};
    // The page's files have no folders.
    if (path.size() > 1 && path[0] == '/' && path.find('/', 1) == path.npos && !under_v1(path)) {
        return {Route::page, std::string(path.substr(1))};
    }
    return {};
}

}  // namespace emostage::http
