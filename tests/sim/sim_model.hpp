// The models of one worker as its llm::Client would show them: answers by a script, failures,
// stalls, cuts in mid-reply, continuations. It keeps the client's promises: one end for each call,
// nothing after stop(), nothing from inside start().
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/llm/client.hpp"
#include "tests/sim/process.hpp"

namespace emostage::sim {

// What all models have said: which variant of a turn's reply is next.
using Variants = std::map<std::string, std::uint64_t, std::less<>>;

class SimModel {
public:
    SimModel(Context& context, Process& worker, Variants& variants)
        : context_(context), worker_(worker), variants_(variants) {}

    // `sink` lives until the end or stop().
    llm::CallId start(const std::string& turn, llm::ChatRequest request, llm::ChatSink& sink);
    void stop(llm::CallId call);
    void forget_all();  // its process is dead

    bool calls_for(std::string_view turn) const;  // some connection is open for it
    std::size_t calls() const { return calls_.size(); }

private:
    struct Call {
        std::string turn;
        llm::ChatRequest request;
        llm::ChatSink* sink;
        std::string text;      // all that it will say
        std::size_t said = 0;  // bytes of it
        std::string finish_reason = "stop";
        std::size_t cut_at = std::string::npos;
        milliseconds pace_most{};  // between two pieces
        TimePoint ends_at{};       // total time-out
    };

    void answer(llm::CallId id);
    void begin_reply(llm::CallId id);
    void go_on(llm::CallId id);
    void end(llm::CallId id, std::string text);
    void fail(llm::CallId id, Errc code);
    void stall(llm::CallId id, Call& call, milliseconds noticed_after);
    template <class Act>
    void later(llm::CallId id, milliseconds delay, Act act);
    bool chance(int thousandths) { return context_.random.chance(thousandths); }

    Context& context_;
    Process& worker_;
    Variants& variants_;
    std::map<llm::CallId, Call> calls_;
    llm::CallId ids_ = 0;
};

}  // namespace emostage::sim
