// One logical call: which endpoint, what to wait for and how long, when to try again, how it ends.
//
// Pure: a shell carries out what each input's Step says, in this order: hand on content(), close or
// drain the running exchange, send a new one, end. Deadlines are due at next_time(). One thread;
// owned by Client. The place in the pool is given back at every end; destroying a running call
// needs stop().
//
// A failed try is repeated (with back-off, Retry-After, another endpoint where there is one, and
// within the retry budget) only while none of its content has been handed on.
//
// A rival is the same call once more, of another endpoint, while the first is silent: it is sent
// once, and whoever owns both stops the one that loses.
//
// Whole answers (`stream` false) come at once: first_token does not apply to them, and silence only
// once the response has begun.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/clock.hpp"
#include "core/llm/answer_reader.hpp"
#include "core/llm/backoff.hpp"
#include "core/llm/client.hpp"
#include "core/llm/endpoint_pool.hpp"
#include "core/llm/exchange.hpp"
#include "core/llm/fault.hpp"
#include "core/llm/policy.hpp"
#include "core/llm/retry_budget.hpp"

namespace emostage::llm {

class Call {
public:
    static constexpr std::size_t error_body_bytes_max = 16 * 1024;

    // What the calls of a client share.
    struct Shared {
        const Policy& policy;
        EndpointPool& pool;
        RetryBudget& budget;
        Backoff& backoff;
        ChunkParser& parser;
    };

    struct Send {
        std::size_t endpoint = 0;
        bool fresh_connection = false;
    };

    struct Step {
        enum class Exchange { keep, close, drain } exchange = Exchange::keep;
        std::optional<Send> send;
        std::variant<std::monostate, ChatAnswer, ChatFailure> end;

        bool over() const { return end.index() != 0; }
    };

    struct Rival {
        const Call& of;  // has been sent; need not outlive the rival
    };

    Call(const ChatRequest& request, Shared shared);
    explicit Call(Rival rival);

    Step start(TimePoint now);
    Step on_connected(TimePoint now);
    Step on_head(const ResponseHead& head, Now now);
    Step on_body(std::string_view bytes, TimePoint now);
    Step on_end(const ExchangeResult& result, TimePoint now);
    Step on_time(TimePoint now);  // at or after next_time()
    void stop();                  // gives the place back; the shell closes the exchange

    TimePoint next_time() const { return std::min(wait_until_, total_until_); }

    // To hand on now, of streamed calls; until the next input.
    std::string_view content() const { return content_; }

    // Streamed, sent, and without a word or a fault so far.
    bool silent() const { return wait_ == Wait::connection || wait_ == Wait::first_token; }
    bool can_have_rival(TimePoint now) const;
    void leave_to_rival(std::size_t endpoint);  // retries ask another one where there is one

    TimePoint sent_at() const { return sent_at_; }  // the newest try
    std::int64_t tries() const { return sent_; }

private:
    enum class Wait : std::uint8_t {
        nothing,  // before start, or over
        connection,
        first_token,  // streamed: the first content; whole: the response
        more,         // content, or the rest of a whole answer
        tail,         // what follows finish_reason
        error_body,
        retry,
    };

    void wait_for(Wait what, TimePoint until);
    Step send(TimePoint now);
    Step finish(TimePoint now, Step::Exchange exchange);
    Step settle(Fault fault, TimePoint now, Step::Exchange exchange);
    Step settle_status(TimePoint now, Step::Exchange exchange);
    Step fail_with(const Fault& fault, Step::Exchange exchange);
    Step on_total(TimePoint now);
    bool may_retry(const Fault& fault, TimePoint now, TimePoint& at);
    void give_back();
    void count_answer(TimePoint now);
    void take_content(TimePoint now);

    const ChatRequest& request_;
    Shared shared_;
    AnswerReader reader_;
    Wait wait_ = Wait::nothing;
    TimePoint wait_until_ = TimePoint::max();
    TimePoint total_until_ = TimePoint::max();
    TimePoint started_at_{};
    TimePoint sent_at_{};
    TimePoint connected_at_{};
    std::optional<TimePoint> first_content_at_;
    std::optional<EndpointPool::Place> place_;
    std::optional<Fault> last_fault_;  // while it waits to retry
    std::size_t endpoint_ = 0;         // the last that was asked
    const EndpointSet among_;          // these may be asked
    EndpointSet tried_;
    const bool rival_ = false;
    int waits_ = 0;  // for an endpoint that takes calls
    int tries_ = 0;  // that count for the limit
    std::int64_t sent_ = 0;
    bool replaced_dead_ = false;  // this try's reused connection was dead
    bool delivered_ = false;
    int status_ = 0;
    std::string error_body_;
    std::string content_;
    std::string text_;  // of a whole answer
};

}  // namespace emostage::llm
