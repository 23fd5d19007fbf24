#include "core/admin/page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace emostage::admin {

using nlohmann::ordered_json;

Page json_page(int status, const ordered_json& object) {
    // Names come from checked ids; `replace` keeps a defect elsewhere from becoming an exception.
    return {status, "application/json",
            object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"};
}

Page error_page(int status, const char* code, const std::string& message) {
    return json_page(status, {{"error", {{"code", code}, {"message", message}}}});
}

Page metrics_page(std::string text) {
    return {200, "text/plain; version=0.0.4; charset=utf-8", std::move(text)};
}

std::optional<Page> refusal(std::string_view method, std::string_view path,
                            std::initializer_list<std::string_view> paths) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
        std::string known;
        for (auto one = paths.begin(); one != paths.end(); ++one) {
            if (one != paths.begin()) known += one + 1 == paths.end() ? " and " : ", ";
            known += *one;
        }
        return error_page(404, "not_found", "there are " + known);
    }
    if (method != "GET" && method != "HEAD") {
        Page page = error_page(405, "method_not_allowed", "only GET and HEAD");
        page.allows_get_only = true;
        return page;
    }
    return std::nullopt;
}

}  // namespace emostage::admin
