#include "bench/gate/response.hpp"

#include "bench/rehearsal/openai.hpp"

namespace emostage::gate {
namespace {

namespace openai = rehearsal::openai;

constexpr std::size_t prompt_tokens = 700;

openai::Answerer answerer() {
    return {"chatcmpl-0123456789abcdef0123456789abcdef", 1'700'000'000, "Qwen/Qwen2.5-7B-Instruct",
            true};
}

}  // namespace

std::string whole_response(std::string_view text, std::size_t tokens) {
    std::string escaped;
    rehearsal::append_json_escaped(escaped, text);
    return openai::completion(answerer(), escaped, "stop", {prompt_tokens, tokens});
}

std::vector<std::string> streamed_response(const rehearsal::Tokens& tokens, std::size_t merged) {
    const auto who = answerer();
    const auto frame = openai::content_chunk(who);
    const auto escaped = rehearsal::json_escaped(tokens);
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < escaped.count(); ++i) {
        if (i % merged == 0) pieces.push_back(i == 0 ? openai::role_chunk(who) : "");
        pieces.back().append(frame.before).append(escaped[i]).append(frame.after);
    }
    pieces.push_back(openai::finish_chunk(who, "stop") +
                     openai::usage_chunk(who, {prompt_tokens, tokens.count()}) +
                     std::string(openai::done));
    return pieces;
}

}  // namespace emostage::gate
