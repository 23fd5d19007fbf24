#include "core/llm/repeated_chunk.hpp"

#include <simdjson.h>

namespace emostage::llm {
namespace {

// Whether a JSON string can hold it as it is, so that the quote after it ends the string.
bool is_inside_of_string(std::string_view raw) {
    bool ascii = true;
    for (std::size_t at = 0; at < raw.size(); ++at) {
        const auto byte = static_cast<unsigned char>(raw[at]);
        if (byte < 0x20 || byte == '"') return false;
        if (byte == '\\' && ++at == raw.size()) return false;
        ascii = ascii && byte < 0x80;
    }
    return ascii || simdjson::validate_utf8(raw.data(), raw.size());
}

}  // namespace

std::optional<std::string_view> RepeatedChunk::match(std::string_view json) const {
    if (before_.empty() || json.size() < before_.size() + after_.size()) return std::nullopt;
    if (!json.starts_with(before_) || !json.ends_with(after_)) return std::nullopt;
    json.remove_prefix(before_.size());
    json.remove_suffix(after_.size());
    if (!is_inside_of_string(json)) return std::nullopt;
    return json;
}

void RepeatedChunk::remember(std::string_view json, const ChatChunk& chunk) {
    before_.clear();
    const bool only_content =
        chunk.content_at && chunk.finish_reason.empty() && !chunk.usage && !chunk.error;
    if (!only_content || json.size() - chunk.content.size() > frame_bytes_max) return;
    before_.assign(json.substr(0, *chunk.content_at));
    after_.assign(json.substr(*chunk.content_at + chunk.content.size()));
}

}  // namespace emostage::llm
