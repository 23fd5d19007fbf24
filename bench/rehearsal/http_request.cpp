#include "bench/rehearsal/http_request.hpp"

#include <http_parser.h>

#include <algorithm>

namespace emostage::rehearsal {
namespace {

constexpr std::size_t request_id_bytes_max = 128;

bool same(std::string_view a, std::string_view lower) {
    return std::ranges::equal(a, lower, [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
    });
}

bool is_plain_word(std::string_view text) {
    return !text.empty() && text.size() <= request_id_bytes_max &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == ':';
           });
}

// https://www.w3.org/TR/trace-context/: 00-<32 hex digits>-<16>-<2>
std::string trace_id(std::string_view traceparent) {
    constexpr std::size_t whole = 55, first = 3, digits = 32;
    if (traceparent.size() != whole || traceparent[first + digits] != '-') return {};
    const std::string_view id = traceparent.substr(first, digits);
    return id.find_first_not_of("0123456789abcdef") == id.npos ? std::string(id) : std::string();
}

}  // namespace

struct HttpReader::Impl {
    explicit Impl(const Limits& limits) : limits(limits) { reset(); }

    void reset() {
        http_parser_init(&parser, HTTP_REQUEST);
        parser.data = this;
        request = {};
        refusal = {};
        state = State::reading;
        url.clear();
        field.clear();
        value.clear();
        head_bytes = 0;
        in_value = started = head_complete = expects = wants_continue = false;
    }

    int refuse(int status, std::string message) {
        if (state != State::refused) refusal = {status, std::move(message)};
        state = State::refused;
        return -1;  // http_parser stops; 1 would mean "no body"
    }

    void end_header() {
        if (same(field, "expect")) {
            expects = true;
            if (!same(value, "100-continue")) refuse(417, "only 'Expect: 100-continue' is known");
        } else if (same(field, "x-request-id") && is_plain_word(value)) {
            request.request_id = value;
        } else if (same(field, "traceparent")) {
            request.trace = trace_id(value);
        }
        field.clear();
        value.clear();
        in_value = false;
    }

    int on_head() {
        end_header();
        head_complete = true;
        if (state == State::refused) return -1;
        if (parser.http_major != 1) return refuse(505, "HTTP/1.1 is spoken here");
        if (parser.upgrade) return refuse(400, "upgrades are not spoken here");
        const bool sized = (parser.flags & F_CONTENTLENGTH) != 0;
        if (sized && parser.content_length > limits.body_bytes_max) return refuse_body();
        const std::string_view path = url;
        request.path = path.substr(0, path.find('?'));
        request.method = http_method_str(static_cast<http_method>(parser.method));
        request.http_1_0 = parser.http_major == 1 && parser.http_minor == 0;
        request.keep_alive = http_should_keep_alive(&parser) != 0;
        wants_continue = expects;
        return 0;
    }

    int refuse_body() {
        return refuse(413,
                      "the body has more than " + std::to_string(limits.body_bytes_max) + " bytes");
    }

    int on_body(std::string_view bytes) {
        wants_continue = false;
        if (request.body.size() + bytes.size() > limits.body_bytes_max) return refuse_body();
        request.body += bytes;
        return 0;
    }

    const Limits limits;
    http_parser parser{};
    HttpRequest request;
    Refusal refusal;
    State state = State::reading;
    std::string url, field, value;
    std::size_t head_bytes = 0;
    bool in_value = false, started = false, head_complete = false, expects = false,
         wants_continue = false;
};

namespace {

template <class Impl>
Impl& of(http_parser* parser) {
    return *static_cast<Impl*>(parser->data);
}

template <class Impl>
http_parser_settings make_settings() {
    http_parser_settings settings{};
    settings.on_url = [](http_parser* p, const char* at, std::size_t size) {
        of<Impl>(p).url.append(at, size);
        return 0;
    };
    settings.on_header_field = [](http_parser* p, const char* at, std::size_t size) {
        Impl& impl = of<Impl>(p);
        if (impl.in_value) impl.end_header();
        impl.field.append(at, size);
        return 0;
    };
    settings.on_header_value = [](http_parser* p, const char* at, std::size_t size) {
        Impl& impl = of<Impl>(p);
        impl.in_value = true;
        impl.value.append(at, size);
        return 0;
    };
    settings.on_headers_complete = [](http_parser* p) { return of<Impl>(p).on_head(); };
    settings.on_body = [](http_parser* p, const char* at, std::size_t size) {
        return of<Impl>(p).on_body({at, size});
    };
    settings.on_message_complete = [](http_parser* p) {
        of<Impl>(p).state = HttpReader::State::complete;
        http_parser_pause(p, 1);
        return 0;
    };
    return settings;
}

}  // namespace

HttpReader::HttpReader(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpReader::~HttpReader() = default;

std::size_t HttpReader::feed(std::string_view bytes) {
    static const http_parser_settings settings = make_settings<Impl>();
    Impl& impl = *impl_;
    if (impl.state != State::reading || bytes.empty()) return 0;
    impl.started = true;
    std::size_t used = 0;
    // The head in small steps, so that one that is too long is not first taken in whole.
    constexpr std::size_t step = 1024;
    while (used < bytes.size() && impl.state == State::reading) {
        const std::string_view some =
            impl.head_complete ? bytes.substr(used) : bytes.substr(used, step);
        const bool in_head = !impl.head_complete;
        const std::size_t taken =
            http_parser_execute(&impl.parser, &settings, some.data(), some.size());
        used += taken;
        if (impl.state != State::reading) break;
        if (HTTP_PARSER_ERRNO(&impl.parser) != HPE_OK) {
            impl.refuse(400, "the request is not HTTP/1.1");
        } else if (in_head && !impl.head_complete &&
                   (impl.head_bytes += taken) > impl.limits.head_bytes_max) {
            impl.refuse(431, "the request's head has more than " +
                                 std::to_string(impl.limits.head_bytes_max) + " bytes");
        }
    }
    return used;
}

HttpReader::State HttpReader::state() const { return impl_->state; }
bool HttpReader::started() const { return impl_->started; }
bool HttpReader::take_continue() {
    return impl_->state == State::reading && std::exchange(impl_->wants_continue, false);
}
const HttpRequest& HttpReader::request() const { return impl_->request; }
const Refusal& HttpReader::refusal() const { return impl_->refusal; }
void HttpReader::reset() { impl_->reset(); }

}  // namespace emostage::rehearsal
