#include "bench/rehearsal/chat_call.hpp"

#include <simdjson.h>

#include <vector>

#include "bench/rehearsal/conversation.hpp"

namespace emostage::rehearsal {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t depth_max = 64;

bool is_tag_name(std::string_view name) {
    if (name.empty() || name.size() > tag_bytes_max) return false;
    for (const char c : name) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (!good) return false;
    }
    return true;
}

// The fields of a request's object, each with its own refusal. The first problem is kept.
class Fields {
public:
    explicit Fields(dom::object object) : object_(object) {}

    // True where the key is there and not null.
    bool find(std::string_view key, dom::element& value) const {
        return object_.at_key(key).get(value) == simdjson::SUCCESS && !value.is_null();
    }
    void read(std::string_view key, bool& into) {
        dom::element value;
        if (find(key, value) && value.get(into) != simdjson::SUCCESS) refuse(key, "true or false");
    }
    void read(std::string_view key, std::size_t& into) {
        dom::element value;
        std::uint64_t number = 0;
        if (!find(key, value)) return;
        if (value.get(number) != simdjson::SUCCESS || number == 0) {
            refuse(key, "a whole number, at least 1");
        } else {
            into = number;
        }
    }
    bool object(std::string_view key, dom::object& into) {
        dom::element value;
        if (!find(key, value)) return false;
        if (value.get(into) == simdjson::SUCCESS) return true;
        refuse(key, "an object");
        return false;
    }
    void refuse(std::string_view key, std::string_view what) {
        if (!bad_.message.empty()) return;
        bad_ = {"'" + std::string(key) + "' must be " + std::string(what), std::string(key)};
    }
    const BadCall& bad() const { return bad_; }

private:
    dom::object object_;
    BadCall bad_;
};

bool read_part(dom::element part, std::string& text) {
    dom::object object;
    std::string_view type, piece;
    if (part.get(object) != simdjson::SUCCESS) return false;
    if (object["type"].get(type) != simdjson::SUCCESS) return false;
    if (type != "text") return true;
    if (object["text"].get(piece) != simdjson::SUCCESS) return false;
    text += piece;
    return true;
}

bool read_message(dom::element element, Message& message) {
    dom::object object;
    dom::element content;
    dom::array parts;
    std::string_view text;
    if (element.get(object) != simdjson::SUCCESS) return false;
    if (object["role"].get(text) != simdjson::SUCCESS) return false;
    message.role = text;
    if (object["content"].get(content) != simdjson::SUCCESS) return false;
    if (content.is_null()) return true;
    if (content.get(text) == simdjson::SUCCESS) {
        message.text = text;
        return true;
    }
    if (content.get(parts) != simdjson::SUCCESS) return false;
    for (const dom::element part : parts) {
        if (!read_part(part, message.text)) return false;
    }
    return true;
}

void read_list(Fields& fields, std::size_t messages_max, std::vector<Message>& messages) {
    dom::element value;
    dom::array array;
    if (!fields.find("messages", value) || value.get(array) != simdjson::SUCCESS ||
        array.size() == 0) {
        return fields.refuse("messages", "a list of at least one message");
    }
    for (const dom::element element : array) {
        if (messages.size() == messages_max) {
            return fields.refuse("messages",
                                 "at most " + std::to_string(messages_max) + " messages");
        }
        if (!read_message(element, messages.emplace_back())) {
            return fields.refuse("messages", "objects with a 'role' and a 'content'");
        }
    }
}

void read_wishes(Fields& fields, ChatCall& call) {
    std::size_t n = 1;
    dom::object object;
    dom::element model;
    fields.read("stream", call.stream);
    fields.read("max_tokens", call.max_tokens);
    fields.read("max_completion_tokens", call.max_tokens);
    fields.read("n", n);
    if (n != 1) fields.refuse("n", "1");
    if (fields.find("model", model) && !model.is_string()) fields.refuse("model", "a string");
    if (fields.object("stream_options", object)) {
        Fields options(object);
        options.read("include_usage", call.include_usage);
        if (!options.bad().message.empty()) fields.refuse("stream_options", "as documented");
    }
    if (fields.object("response_format", object)) {
        std::string_view type;
        if (object["type"].get(type) != simdjson::SUCCESS ||
            (type != "text" && type != "json_object" && type != "json_schema")) {
            fields.refuse("response_format", "of type text, json_object or json_schema");
        }
        call.wants_json = type != "text";
    }
}

// Takes the answer's beginning from the end of the messages.
void read_beginning(Fields& fields, std::vector<Message>& messages, ChatCall& call) {
    bool continues = false, prompts = false;
    fields.read("continue_final_message", continues);
    fields.read("add_generation_prompt", prompts);
    if (continues && prompts) {
        return fields.refuse("add_generation_prompt", "false where the final message is continued");
    }
    const bool begun = messages.size() > 1 && messages.back().role == "assistant";
    if (continues && !begun) {
        return fields.refuse("continue_final_message", "with a last message of the assistant");
    }
    if (!begun) return;
    call.begun = std::move(messages.back().text);
    messages.pop_back();
}

}  // namespace

std::string_view last_tag(std::string_view text, std::string_view key) {
    const std::string opening = "[" + std::string(key) + ":";
    std::size_t at = text.rfind(opening);
    while (at != text.npos) {
        const std::string_view rest = text.substr(at + opening.size(), tag_bytes_max + 1);
        const std::string_view name = rest.substr(0, rest.find(']'));
        if (name.size() < rest.size() && is_tag_name(name)) return name;
        if (at == 0) break;
        at = text.rfind(opening, at - 1);
    }
    return {};
}

struct ChatCallReader::Impl {
    explicit Impl(std::size_t max) : messages_max(max) {}
    const std::size_t messages_max;
    dom::parser parser;
};

ChatCallReader::ChatCallReader(std::size_t messages_max)
    : impl_(std::make_unique<Impl>(messages_max)) {
    // Without memory: each parse says so.
    [[maybe_unused]] const auto error = impl_->parser.allocate(64 * 1024, depth_max);
}
ChatCallReader::~ChatCallReader() = default;

tl::expected<ChatCall, BadCall> ChatCallReader::read(std::string_view body) {
    dom::object object;
    dom::element document;
    if (impl_->parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS) {
        return tl::unexpected(BadCall{"the body is not JSON in UTF-8", ""});
    }
    if (document.get(object) != simdjson::SUCCESS) {
        return tl::unexpected(BadCall{"the body must be a JSON object", ""});
    }
    Fields fields(object);
    ChatCall call;
    std::vector<Message> messages;
    read_list(fields, impl_->messages_max, messages);
    read_wishes(fields, call);
    read_beginning(fields, messages, call);
    if (!fields.bad().message.empty()) return tl::unexpected(fields.bad());

    std::size_t bytes = call.begun.size();
    for (const Message& message : messages) bytes += message.text.size();
    call.prompt_tokens = (bytes + 3) / 4;
    const std::string_view last = messages.back().text;
    const std::string_view stage = last_tag(last, "stage");
    call.stage = stage;
    call.phase = last_tag(last, "phase");
    const std::size_t tag = stage.empty() ? 0 : last.rfind("[stage:" + call.stage + "]");
    Conversation conversation = stage.empty()
                                    ? read_messages(messages)
                                    : read_transcript(last.substr(0, tag), last.substr(tag));
    call.language = conversation.language;
    call.client_lines = conversation.client_lines;
    call.first = std::move(conversation.first);
    call.newest = std::move(conversation.newest);
    return call;
}

}  // namespace emostage::rehearsal
