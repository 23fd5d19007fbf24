// Decides the answer to each request: what, at what pace, and with which fault.
//
// A machine without I/O; the request's number and the seed decide everything. One per server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/rehearsal/chat_call.hpp"
#include "bench/rehearsal/fault_dice.hpp"
#include "bench/rehearsal/http_request.hpp"
#include "bench/rehearsal/options.hpp"
#include "bench/rehearsal/playback.hpp"
#include "bench/rehearsal/stats.hpp"
#include "core/clock.hpp"

namespace emostage::rehearsal {

struct Response {
    Playback playback;
    std::uint64_t number = 0;  // of the request, from 1
    bool chat = false;         // a chat that is answered, perhaps with a fault
    std::string stage;         // of the chat; empty: not said
    std::string trace;         // trace id; empty: none
};

class Responder {
public:
    // Counts into `stats`.
    Responder(const Options& options, Stats& stats);

    Response respond(const HttpRequest& request, std::int64_t unix_ms);
    Response refuse(const Refusal& refusal);

private:
    struct Head {
        int status = 200;
        std::string_view type = "application/json";
        std::string_view more = {};  // header lines, each with its end
    };
    struct Wrong {  // the parts of an OpenAI error
        std::string_view message, type, param, code;
    };

    Response chat(const HttpRequest& request, std::int64_t unix_ms);
    Playback streamed(const HttpRequest& request, const ChatCall& call, Fault fault,
                      std::int64_t unix_ms);
    Playback whole(const HttpRequest& request, const ChatCall& call, Fault fault,
                   std::int64_t unix_ms);
    std::string text(const ChatCall& call) const;
    void mark(Score& score, Fault fault) const;

    Response plain(const HttpRequest& request, const Head& head, std::string body);
    Response wrong(const HttpRequest& request, const Head& head, const Wrong& wrong);
    std::string head(const HttpRequest& request, const Head& head, std::size_t body_bytes) const;
    std::string head_lines(const HttpRequest& request, const Head& head) const;

    const Options options_;
    Stats& stats_;
    const FaultDice dice_;
    ChatCallReader reader_;
    std::uint64_t number_ = 0;   // requests
    std::uint64_t exposed_ = 0;  // chats that may meet a fault
};

}  // namespace emostage::rehearsal
