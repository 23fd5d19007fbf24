// Calls to language models: several OpenAI-compatible endpoints behind one interface.
//
// One client per loop (shard): it owns one libcurl multi handle with its connection pool, chooses
// the endpoint, retries before the first delivered byte, hedges where that is wanted (Policy),
// watches the time-outs, reads the stream.
// One thread: the loop's. Sinks are called from the loop, never from inside start() or stop().
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/endpoint.hpp"
#include "core/llm/hedge.hpp"
#include "core/result.hpp"

namespace emostage::llm {

struct Policy;  // core/llm/policy.hpp

// The shape that a typed answer must have, in the forms that endpoints understand. Sent only in a
// form that the chosen endpoint declares; the answer is validated by the caller all the same.
struct AnswerShape {
    std::string name;         // of the schema
    std::string json_schema;  // JSON text
    std::string gbnf;         // llama.cpp grammar; empty: none
};

struct CallTimeouts {
    milliseconds connect{2000};
    milliseconds first_token{20000};  // streamed: from the request on the wire to the first content
    milliseconds silence{10000};      // between two pieces of content, or of a whole answer's body
    milliseconds total{60000};        // of the whole call, retries and back-off included
};

struct ChatRequest {
    std::shared_ptr<const std::string> shared_prefix;  // system prompt, the same for a whole turn
    std::string user;                                  // transcript and instruction
    // The answer so far, valid UTF-8: only an endpoint that continues gets the call, and only what
    // follows is answered, which may be nothing. Empty: a new answer.
    std::string continue_from;
    bool stream = false;
    int max_tokens = 512;
    double temperature = 0.7;
    std::optional<double> top_p;
    std::vector<std::string> stop;
    std::shared_ptr<const AnswerShape> shape;  // null: free text
    std::size_t answer_bytes_max = 64 * 1024;  // more is cut, finish_reason "length"
    CallTimeouts timeouts;
    std::string session;      // affinity: the same session goes to the same endpoint
    std::string avoid;        // an endpoint's name: only when there is no other
    std::string traceparent;  // each request gets a span of its own in this trace; or empty
};

struct ChatAnswer {
    std::string text;                // whole; empty when it was streamed
    std::string finish_reason;       // stop, length, content_filter …
    std::int64_t prompt_tokens = 0;  // 0: the endpoint did not say
    std::int64_t completion_tokens = 0;
    std::int64_t tries = 1;    // requests that were sent
    std::string endpoint;      // name of the one that answered
    Duration first_content{};  // from start() to the first content
};

struct ChatFailure {
    Error error;             // Errc::model_*; the message names the endpoint, never text
    bool delivered = false;  // some content had reached the sink
    std::int64_t tries = 0;
    std::string endpoint = {};  // that was asked last; empty: none was
};

using CallId = std::uint64_t;

// Text is valid UTF-8 without control characters other than newline and tab, and free of reasoning.
// After on_answer or on_failure the call is over; nothing comes after stop().
class ChatSink {
public:
    virtual ~ChatSink() = default;
    virtual void on_content(CallId call, std::string_view text) = 0;  // streamed calls only
    virtual void on_answer(CallId call, ChatAnswer answer) = 0;
    virtual void on_failure(CallId call, ChatFailure failure) = 0;
};

class Client {
public:
    static constexpr std::size_t calls_max = 16384;  // running at once; more fail with model_busy

    // Endpoints without a name get their URL's host:port. `seed` drives jitter and spans. Throws
    // std::invalid_argument, with what to mend, where there is no endpoint or one is unusable.
    Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed);
    Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed,
           const Policy& policy);
    ~Client();  // stops every call silently; not from inside a sink

    // Called when sinks have heard all that was ready on the connections; in_burst() until then. So
    // what several of them had to tell can be merged, and nothing waits for it. Who asks for it
    // calls push() at the end of each of its loop turns in which it has started a call.
    void on_burst_end(std::function<void()> handler);
    bool in_burst() const;

    // Puts the requests of new calls on the wire, at once. Not from inside a sink.
    void push();

    CallId start(ChatRequest request, ChatSink& sink);

    // Closes the call's connection before it returns. Unknown or ended calls: nothing happens.
    void stop(CallId call);

    // Whether an endpoint that continues answers takes calls now.
    bool can_continue(TimePoint now) const;

    // For metrics and logs.
    std::vector<EndpointStatus> endpoints(TimePoint now) const;
    HedgeStatus hedges() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // posted handlers look whether it is still there
};

}  // namespace emostage::llm
