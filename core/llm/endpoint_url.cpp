#include "core/llm/endpoint_url.hpp"

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string_view>

namespace emostage::llm {
namespace {

using Parts = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

Parts parse(const std::string& url) {
    Parts parts(curl_url(), &curl_url_cleanup);
    if (parts && curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        parts.reset();
    return parts;
}

std::string part(const Parts& parts, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parts.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

}  // namespace

Result<EndpointUrl> parse_endpoint_url(const std::string& url) {
    const Parts parts = parse(url);
    const std::string scheme = parts ? part(parts, CURLUPART_SCHEME) : "";
    if (scheme != "http" && scheme != "https") {
        return fail(Errc::config,
                    "an endpoint's url must be like http://127.0.0.1:11434/v1 (http or https)");
    }
    EndpointUrl result;
    result.authority = part(parts, CURLUPART_HOST) + ":" + part(parts, CURLUPART_PORT);
    result.chat = url;
    while (result.chat.ends_with('/')) result.chat.pop_back();
    result.chat += "/chat/completions";
    return result;
}

bool is_loopback(const std::string& url) {
    const Parts parts = parse(url);
    const std::string host = parts ? part(parts, CURLUPART_HOST) : "";
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace emostage::llm
