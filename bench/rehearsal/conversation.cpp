#include "bench/rehearsal/conversation.hpp"

#include <algorithm>
#include <array>

namespace emostage::rehearsal {
namespace {

constexpr std::array<std::string_view, 9> client_names = {
    "Client", "User", "Person", "相談者", "クライアント", "来談者", "来访者", "求助者", "咨询者"};

// What comes after "Client:" or "相談者：", or nothing where another speaks.
std::string_view said_by_client(std::string_view line) {
    while (!line.empty() && (line.front() == ' ' || line.front() == '-')) line.remove_prefix(1);
    for (const std::string_view name : client_names) {
        if (!line.starts_with(name)) continue;
        const std::string_view rest = line.substr(name.size());
        for (const std::string_view colon : {":", "："}) {
            if (rest.starts_with(colon)) return rest.substr(colon.size());
        }
    }
    return {};
}

void add(Conversation& conversation, std::string_view said) {
    while (said.starts_with(' ')) said.remove_prefix(1);
    if (conversation.client_lines++ == 0) conversation.first = said;
    conversation.newest = said;
}

}  // namespace

Conversation read_transcript(std::string_view transcript, std::string_view instruction) {
    Conversation conversation;
    std::string_view last;
    while (!transcript.empty()) {
        const std::string_view line = transcript.substr(0, transcript.find('\n'));
        const std::string_view said = said_by_client(line);
        if (!said.empty()) add(conversation, said);
        if (!line.empty()) last = line;
        transcript.remove_prefix(std::min(line.size() + 1, transcript.size()));
    }
    if (conversation.client_lines == 0 && !last.empty()) add(conversation, last);
    conversation.language = language_of(script_of(instruction));
    return conversation;
}

Conversation read_messages(const std::vector<Message>& messages) {
    Conversation conversation;
    Script script = Script::none;
    for (const Message& message : messages) {
        if (message.role != "user") continue;
        add(conversation, message.text);
        const Script shown = script_of(message.text);
        // A bare 大丈夫 in a Japanese talk is Japanese.
        const bool same = shown == Script::none || (shown == Script::han && script == Script::kana);
        if (!same) script = shown;
    }
    conversation.language = language_of(script);
    return conversation;
}

}  // namespace emostage::rehearsal
