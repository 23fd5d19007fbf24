// What the client said, found in the messages of a request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rehearsal/language.hpp"

namespace emostage::rehearsal {

struct Message {
    std::string role;
    std::string text;
};

struct Conversation {
    std::size_t client_lines = 0;
    std::string first, newest;
    Language language = Language::en;
};

// Each user message is a line of the client; the language is that of the newest one that shows its
// script.
Conversation read_messages(const std::vector<Message>& messages);

// "Client: …" is a line of the client; where nobody is named so, the last line is. The language is
// the instruction's.
Conversation read_transcript(std::string_view transcript, std::string_view instruction);

}  // namespace emostage::rehearsal
