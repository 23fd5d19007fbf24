// Bytes of a connection to one HTTP request, bounded.
//
// A machine around http_parser: it stops at the request's last byte, so that what comes after waits
// for the answer. One per connection. https://github.com/nodejs/http-parser
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "bench/rehearsal/options.hpp"

namespace emostage::rehearsal {

struct HttpRequest {
    std::string method;
    std::string path;  // without the query
    std::string body;
    std::string request_id;  // x-request-id, if it is a plain short word
    std::string trace;       // the trace id of traceparent, if it is one
    bool keep_alive = true;
    bool http_1_0 = false;
};

// Why a request is not answered; the connection is closed after saying so.
struct Refusal {
    int status = 400;
    std::string message;
};

class HttpReader {
public:
    enum class State { reading, complete, refused };

    explicit HttpReader(const Limits& limits);
    ~HttpReader();

    // Returns how many bytes were used: all, unless the request ended before or is refused.
    std::size_t feed(std::string_view bytes);

    State state() const;
    bool started() const;  // some byte of the request came
    // True once, where the client waits for `100 Continue` before it sends the body.
    bool take_continue();
    const HttpRequest& request() const;
    const Refusal& refusal() const;

    void reset();  // for the next request

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::rehearsal
