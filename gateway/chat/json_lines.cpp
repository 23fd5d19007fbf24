#include "gateway/chat/json_lines.hpp"

#include <cstdio>

#include "gateway/client/event_json.hpp"

namespace emostage::chat {

namespace {

// JSON leaves DEL and the C1 controls as they are; some terminals obey them.
std::string escape_controls(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = static_cast<unsigned char>(json[i]);
        const auto next = i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0;
        char escaped[8];
        if (byte == 0x7f) {
            out += "\\u007f";
        } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
            std::snprintf(escaped, sizeof escaped, "\\u%04x", next);
            out += escaped;
            ++i;
        } else {
            out += json[i];
        }
    }
    return out;
}

}  // namespace

std::string json_line(const wire::Event& event) {
    std::string json;
    gateway::append_event_json(json, event);
    return escape_controls(json) + "\n";
}

}  // namespace emostage::chat
