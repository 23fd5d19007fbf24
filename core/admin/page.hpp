// One answer of an admin server, and the forms that all our admin pages share.
//
// Pure; no HTTP library.
#pragma once

#include <functional>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace emostage::admin {

struct Page {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    bool allows_get_only = false;  // 405: say so in `Allow`
};

// `path` without a query.
using Pages = std::function<Page(std::string_view method, std::string_view path)>;

Page json_page(int status, const nlohmann::ordered_json& object);
Page error_page(int status, const char* code, const std::string& message);
Page metrics_page(std::string text);  // in Prometheus' format

// 404 for a path that is none of `paths`, which are named then; 405 for a method that is not GET or
// HEAD; else nothing.
std::optional<Page> refusal(std::string_view method, std::string_view path,
                            std::initializer_list<std::string_view> paths);

}  // namespace emostage::admin
