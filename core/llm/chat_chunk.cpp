#include "core/llm/chat_chunk.hpp"

#include <simdjson.h>

#include <algorithm>

#include "core/text/utf8_cleaner.hpp"

namespace emostage::llm {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t first_capacity = 16 * 1024;  // of the parser; longer documents make it grow
constexpr std::size_t detail_bytes_max = 64;       // of an error's type, and of its code
constexpr std::size_t finish_reason_bytes_max = 32;

bool is_safe(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

// A name such as `invalid_request_error`; anything else may be text and is dropped.
bool is_safe_name(std::string_view text, std::size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max &&
           std::all_of(text.begin(), text.end(), is_safe);
}

// The inside of a string value, escapes unresolved; `end` bounds the document.
bool read_raw(od::value value, const char* end, std::string_view& raw) {
    od::raw_json_string string;
    if (value.get_raw_json_string().get(string) != simdjson::SUCCESS) return false;
    const char* const from = string.raw();
    const char* at = from;
    while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
    if (at >= end) return false;
    raw = {from, static_cast<std::size_t>(at - from)};
    return true;
}

bool is_type(od::value& value, od::json_type wanted) {
    od::json_type type;
    return value.type().get(type) == simdjson::SUCCESS && type == wanted;
}

bool read_number(od::value value, std::int64_t& number) {
    std::int64_t read = 0;
    if (value.get_int64().get(read) != simdjson::SUCCESS) return false;
    number = read;
    return true;
}

// Visits every field in the order in which it comes; what a visit does not take is read past.
// False: the document is broken, or a visit said so.
template <class Visit>
bool each_field(od::object object, Visit visit) {
    for (auto result : object) {
        od::field field;
        if (std::move(result).get(field) != simdjson::SUCCESS) return false;
        if (field.value().type().error() != simdjson::SUCCESS) return false;
        if (!visit(field.key(), field.value())) return false;
    }
    return true;
}

template <class Visit>
bool each_field(od::value value, Visit visit) {
    od::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    return each_field(object, visit);
}

std::string mended(std::string_view json) {
    std::string spaced(json);
    for (char& c : spaced) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return clean_utf8(spaced);
}

}  // namespace

struct ChunkParser::Impl {
    od::parser parser;
    std::string buffer;  // the document and simdjson's padding
    const char* end = nullptr;
    ChatChunk chunk;

    simdjson::error_code parse(std::string_view json);
    bool read_field(od::raw_json_string key, od::value value);
    bool read_choices(od::value value);
    bool read_choice(od::value value);
    bool read_message(od::value value, std::string_view& content);
    bool read_usage(od::value value);
    bool read_error(od::value value);
    bool read_error_field(od::raw_json_string key, od::value value, ReportedError& error);
};

bool ChunkParser::Impl::read_message(od::value value, std::string_view& content) {
    return each_field(value, [&](od::raw_json_string key, od::value field) {
        if (key != "content" || !is_type(field, od::json_type::string)) return true;
        return read_raw(field, end, content);
    });
}

bool ChunkParser::Impl::read_choice(od::value value) {
    std::int64_t index = 0;
    std::string_view content;
    std::string_view finish_reason;
    const bool whole = each_field(value, [&](od::raw_json_string key, od::value field) {
        if (key == "delta" || key == "message") {
            return !is_type(field, od::json_type::object) || read_message(field, content);
        }
        if (key == "finish_reason" && is_type(field, od::json_type::string)) {
            return read_raw(field, end, finish_reason);
        }
        if (key == "index" && is_type(field, od::json_type::number)) read_number(field, index);
        return true;
    });
    if (whole && index == 0) {
        chunk.has_choice = true;
        chunk.content = content;
        chunk.content_at.reset();
        if (content.data() != nullptr) {
            chunk.content_at = static_cast<std::size_t>(content.data() - buffer.data());
        }
        if (!finish_reason.empty()) {
            chunk.finish_reason =
                is_safe_name(finish_reason, finish_reason_bytes_max) ? finish_reason : "other";
        }
    }
    return whole;
}

bool ChunkParser::Impl::read_choices(od::value value) {
    od::array choices;
    if (value.get_array().get(choices) != simdjson::SUCCESS) return false;
    for (auto element : choices) {
        od::value choice;
        if (std::move(element).get(choice) != simdjson::SUCCESS) return false;
        if (choice.type().error() != simdjson::SUCCESS) return false;
        if (is_type(choice, od::json_type::object) && !read_choice(choice)) return false;
    }
    return true;
}

bool ChunkParser::Impl::read_usage(od::value value) {
    Usage usage;
    const bool whole = each_field(value, [&](od::raw_json_string key, od::value field) {
        if (!is_type(field, od::json_type::number)) return true;
        if (key == "prompt_tokens") read_number(field, usage.prompt_tokens);
        if (key == "completion_tokens") read_number(field, usage.completion_tokens);
        return true;
    });
    usage.prompt_tokens = std::max<std::int64_t>(usage.prompt_tokens, 0);
    usage.completion_tokens = std::max<std::int64_t>(usage.completion_tokens, 0);
    chunk.usage = usage;
    return whole;
}

// `type` and `code`, which is a name or an HTTP status.
bool ChunkParser::Impl::read_error_field(od::raw_json_string key, od::value value,
                                         ReportedError& error) {
    if (key != "type" && key != "code") return true;
    if (is_type(value, od::json_type::number)) {
        std::int64_t status = 0;
        if (read_number(value, status) && status >= 100 && status < 600) {
            error.status = static_cast<int>(status);
        }
        return true;
    }
    if (!is_type(value, od::json_type::string)) return true;
    std::string_view raw;
    if (!read_raw(value, end, raw)) return false;
    if (!is_safe_name(raw, detail_bytes_max)) return true;
    if (raw.size() == 3 &&
        std::all_of(raw.begin(), raw.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        error.status = (raw[0] - '0') * 100 + (raw[1] - '0') * 10 + (raw[2] - '0');
        return true;
    }
    if (!error.detail.empty()) error.detail += ", ";
    error.detail += raw;
    return true;
}

bool ChunkParser::Impl::read_error(od::value value) {
    ReportedError error;
    bool whole = true;
    if (is_type(value, od::json_type::object)) {
        whole = each_field(value, [&](od::raw_json_string key, od::value field) {
            return read_error_field(key, field, error);
        });
    }
    chunk.error = std::move(error);
    return whole;
}

bool ChunkParser::Impl::read_field(od::raw_json_string key, od::value value) {
    if (key == "choices" && is_type(value, od::json_type::array)) return read_choices(value);
    if (key == "usage" && is_type(value, od::json_type::object)) return read_usage(value);
    if (key == "error" && !is_type(value, od::json_type::null)) return read_error(value);
    return true;
}

simdjson::error_code ChunkParser::Impl::parse(std::string_view json) {
    chunk = {};
    buffer.assign(json);
    buffer.append(simdjson::SIMDJSON_PADDING, ' ');
    end = buffer.data() + json.size();
    od::document document;
    const simdjson::padded_string_view padded(buffer.data(), json.size(), buffer.size());
    if (auto error = parser.iterate(padded).get(document)) return error;
    od::object object;
    if (auto error = document.get_object().get(object)) return error;
    const bool whole = each_field(
        object, [&](od::raw_json_string key, od::value value) { return read_field(key, value); });
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return whole && at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

ChunkParser::ChunkParser() : impl_(std::make_unique<Impl>()) {
    if (impl_->parser.allocate(first_capacity) != simdjson::SUCCESS) throw std::bad_alloc();
    impl_->buffer.reserve(first_capacity + simdjson::SIMDJSON_PADDING);
}

ChunkParser::~ChunkParser() = default;

const ChatChunk* ChunkParser::parse(std::string_view json) {
    auto error = impl_->parse(json);
    if (error == simdjson::UTF8_ERROR || error == simdjson::UNESCAPED_CHARS) {
        error = impl_->parse(mended(json));
        impl_->chunk.content_at.reset();
    }
    return error == simdjson::SUCCESS ? &impl_->chunk : nullptr;
}

}  // namespace emostage::llm
