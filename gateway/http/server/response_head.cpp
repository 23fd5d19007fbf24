#include "gateway/http/server/response_head.hpp"

#include <ctime>
#include <string_view>

namespace emostage::http {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Other";
    }
}

// RFC 9110, section 5.6.7; made anew each second.
const std::string& date() {
    static std::string text;
    static std::time_t of = -1;
    const std::time_t now = std::time(nullptr);
    if (now != of) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char buffer[64];
        text.assign(buffer,
                    std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
        of = now;
    }
    return text;
}

void add(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string response_head(const Head& head,
                          const std::vector<std::pair<std::string, std::string>>& fields,
                          std::optional<std::size_t> length, bool keep_alive) {
    std::string text = "HTTP/1.1 " + std::to_string(head.status) + " ";
    text.reserve(768);
    text.append(reason(head.status)).append("\r\n");
    add(text, "Date", date());
    if (!head.type.empty()) add(text, "Content-Type", head.type);
    if (!length) {
        add(text, "Transfer-Encoding", "chunked");
    } else if (head.status != 204 && head.status != 304) {
        add(text, "Content-Length", std::to_string(*length));
    }
    add(text, "Connection", keep_alive ? "keep-alive" : "close");
    add(text, "X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : head.fields) add(text, name, value);
    for (const auto& [name, value] : fields) add(text, name, value);
    return text += "\r\n";
}

}  // namespace emostage::http
