#include "core/llm/transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/llm/endpoint_url.hpp"
#include "core/llm/head_reader.hpp"
#include "core/llm/multi_set.hpp"
#include "core/llm/socket_set.hpp"

namespace emostage::llm {

// Its notes of what happened inside libcurl, until they are handed on.
struct Exchange {
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    std::string url;  // that `easy` is set to
    std::string request;
    Transport::Impl* owner = nullptr;
    Multi* multi = nullptr;              // that has it
    ExchangeHandler* handler = nullptr;  // null: draining, or over
    std::size_t index = 0;               // in Transport::Impl::live
    bool noted = false;
    bool connected = false;
    bool head_told = false;
    HeadReader head;
    std::string body;
    std::optional<TimePoint> drain_until;
    std::size_t drained_bytes = 0;

    Exchange() : easy(curl_easy_init()) {
        if (easy == nullptr) throw std::bad_alloc();
    }
    ~Exchange() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
};

namespace {

constexpr long connection_idle_seconds_max = 60;  // older ones are not used again
constexpr long dns_cache_seconds = 60;
constexpr long connect_grace_ms = 500;                  // the caller's deadline comes first
constexpr std::size_t kept_body_bytes_max = 64 * 1024;  // of a handle's buffer

void start_libcurl() {
    static const bool once = [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            throw std::runtime_error("libcurl does not start");
        }
        // libcurl leaves SIGPIPE alone under CURLOPT_NOSIGNAL, and TLS writes would raise it.
        struct sigaction current {};
        if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
            std::signal(SIGPIPE, SIG_IGN);
        }
        return true;
    }();
    (void)once;
}

ExchangeEnd classify(CURLcode code) {
    switch (code) {
        case CURLE_OK:
            return ExchangeEnd::whole;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_URL_MALFORMAT:
        case CURLE_PROXY:
            return ExchangeEnd::unreachable;
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WRITE_ERROR:
            return ExchangeEnd::garbled;
        default:
            return ExchangeEnd::broken;
    }
}

}  // namespace

struct Transport::Impl : std::enable_shared_from_this<Transport::Impl> {
    asio::io_context& loop;
    SocketSet sockets;
    asio::posix::stream_descriptor watcher;  // of the set, which owns the descriptor
    asio::steady_timer drain_timer;
    const std::shared_ptr<MultiSet> multis;
    bool stopped = false;
    std::vector<std::unique_ptr<Exchange>> live;     // in the multi handles
    std::vector<std::unique_ptr<Exchange>> idle;     // for the next requests
    std::vector<std::unique_ptr<Exchange>> leaving;  // over, but perhaps still among the notes
    std::vector<Exchange*> noted;
    std::vector<Exchange*> told;  // the notes that are being handed on
    bool handing_on = false;
    std::size_t draining = 0;
    bool drain_armed = false;
    std::function<void()> burst_end;
    bool in_burst = false;

    Impl(asio::io_context& loop_, std::size_t connections_max);
    ~Impl();
    void stop();

    // Into libcurl, and what it leads to.
    void watch();
    void act(Multi& multi, curl_socket_t socket, int what);
    void hand_on(Multi& multi);
    void tell(Exchange& exchange, TimePoint now);
    bool take_result(Multi& multi);

    void set_up(Exchange& exchange);
    Exchange* add(Post post, ExchangeHandler& handler);
    void remove(Exchange& exchange);
    void recycle(std::unique_ptr<Exchange> exchange);
    void arm_drain_timer();
    void end_drains();

    // Called by libcurl: notes only.
    void note(Exchange& exchange);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange);
    static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* exchange);
    static int on_connection(void* exchange, char*, char*, int, int);
};

Transport::Impl::Impl(asio::io_context& loop_, std::size_t connections_max)
    : loop(loop_),
      watcher(loop_),
      drain_timer(loop_),
      multis(std::make_shared<MultiSet>(
          loop_, sockets, connections_max,
          [this](Multi& multi, curl_socket_t socket, int what) { act(multi, socket, what); })) {
    start_libcurl();
    watcher.assign(sockets.descriptor());
}

Transport::Impl::~Impl() { stop(); }

void Transport::Impl::stop() {
    if (std::exchange(stopped, true)) return;
    for (auto& exchange : live) curl_multi_remove_handle(exchange->multi->handle, exchange->easy);
    live.clear();
    leaving.clear();
    idle.clear();
    multis->stop();
    drain_timer.cancel();
    watcher.release();
}

// ---- the loop calls

void Transport::Impl::watch() {
    watcher.async_wait(asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](const asio::error_code& error) {
                           const auto self = weak.lock();
                           if (!self || error || self->stopped) return;
                           self->in_burst = static_cast<bool>(self->burst_end);
                           self->sockets.poll();
                           SocketSet::Ready ready;
                           while (!self->stopped && self->sockets.take_ready(ready)) {
                               int what = 0;
                               if (ready.readable) what |= CURL_CSELECT_IN;
                               if (ready.writable) what |= CURL_CSELECT_OUT;
                               if (ready.failed) what |= CURL_CSELECT_IN | CURL_CSELECT_ERR;
                               self->act(self->multis->at(ready.owner), ready.socket, what);
                           }
                           if (self->stopped) return;
                           self->multis->push();
                           if (self->stopped) return;
                           self->watch();
                           if (std::exchange(self->in_burst, false)) self->burst_end();
                       });
}

void Transport::Impl::act(Multi& multi, curl_socket_t socket, int what) {
    int running = 0;
    curl_multi_socket_action(multi.handle, socket, what, &running);
    hand_on(multi);
}

void Transport::Impl::hand_on(Multi& multi) {
    const TimePoint now = Clock::now();
    handing_on = true;
    told.swap(noted);
    for (Exchange* exchange : told) {
        exchange->noted = false;
        tell(*exchange, now);
    }
    told.clear();
    while (!stopped && take_result(multi)) {
    }
    handing_on = false;
    for (auto& exchange : leaving) recycle(std::move(exchange));
    leaving.clear();
}

// Of a long stream the answer stays in memory, not the question.
void drop_request(Exchange& exchange) {
    curl_off_t sent = 0;
    curl_easy_getinfo(exchange.easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent >= static_cast<curl_off_t>(exchange.request.size()))
        std::string().swap(exchange.request);
}

// Every step may end the exchange.
void Transport::Impl::tell(Exchange& exchange, TimePoint now) {
    if (exchange.handler != nullptr && exchange.connected) {
        exchange.connected = false;
        exchange.handler->on_connected(now);
    }
    if (exchange.handler != nullptr && exchange.head.complete() && !exchange.head_told) {
        exchange.head_told = true;
        drop_request(exchange);
        exchange.handler->on_head(exchange.head.head(), now);
    }
    if (exchange.handler != nullptr && !exchange.body.empty()) {
        exchange.handler->on_body(exchange.body, now);
    }
    exchange.body.clear();
}

bool Transport::Impl::take_result(Multi& multi) {
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi.handle, &left);
    if (message == nullptr) return false;
    if (message->msg != CURLMSG_DONE) return true;
    const CURLcode code = message->data.result;  // the message dies with remove()
    CURL* const easy = message->easy_handle;
    void* mine = nullptr;
    long connections = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &mine);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
    auto& exchange = *static_cast<Exchange*>(mine);
    ExchangeHandler* const handler = exchange.handler;
    ExchangeResult result;
    result.end = classify(code);
    result.answered = exchange.head.begun();
    result.reused = connections == 0;
    result.words =
        code == CURLE_WRITE_ERROR ? "the response passes a limit" : curl_easy_strerror(code);
    remove(exchange);
    if (handler != nullptr) handler->on_end(result, Clock::now());
    return true;
}

// ---- libcurl calls

void Transport::Impl::note(Exchange& exchange) {
    if (exchange.noted || exchange.handler == nullptr) return;
    exchange.noted = true;
    noted.push_back(&exchange);
}

std::size_t Transport::Impl::on_header(char* data, std::size_t size, std::size_t count,
                                       void* exchange) {
    auto& its = *static_cast<Exchange*>(exchange);
    const std::size_t bytes = size * count;
    if (!its.head.on_line({data, bytes})) return 0;
    if (its.head.complete() && !its.head_told) its.owner->note(its);
    return bytes;
}

std::size_t Transport::Impl::on_write(char* data, std::size_t size, std::size_t count,
                                      void* exchange) {
    auto& its = *static_cast<Exchange*>(exchange);
    const std::size_t bytes = size * count;
    if (its.handler == nullptr) {
        its.drained_bytes += bytes;
        return its.drained_bytes <= drain_bytes_max ? bytes : 0;
    }
    if (its.body.size() + bytes > piece_bytes_max) return 0;
    its.body.append(data, bytes);
    its.owner->note(its);
    return bytes;
}

int Transport::Impl::on_connection(void* exchange, char*, char*, int, int) {
    auto& its = *static_cast<Exchange*>(exchange);
    its.connected = true;
    its.owner->note(its);
    return CURL_PREREQFUNC_OK;
}

// ---- exchanges

// What is the same for every request.
void Transport::Impl::set_up(Exchange& exchange) {
    exchange.owner = this;
    const auto set = [&](CURLoption option, auto value) {
        const CURLcode code = curl_easy_setopt(exchange.easy, option, value);
        if (code != CURLE_OK) throw std::runtime_error("libcurl lacks an option that is needed");
    };
    void* const self = &exchange;
    set(CURLOPT_PRIVATE, self);
    set(CURLOPT_HEADERFUNCTION, &Impl::on_header);
    set(CURLOPT_HEADERDATA, self);
    set(CURLOPT_WRITEFUNCTION, &Impl::on_write);
    set(CURLOPT_WRITEDATA, self);
    set(CURLOPT_PREREQFUNCTION, &Impl::on_connection);
    set(CURLOPT_PREREQDATA, self);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a close must not wait for a name lookup
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, 30L);
    set(CURLOPT_TCP_KEEPINTVL, 10L);
    set(CURLOPT_BUFFERSIZE, receive_buffer_bytes);
    set(CURLOPT_UPLOAD_BUFFERSIZE, receive_buffer_bytes);
    set(CURLOPT_MAXAGE_CONN, connection_idle_seconds_max);
    set(CURLOPT_DNS_CACHE_TIMEOUT, dns_cache_seconds);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_USERAGENT, "emostage/" EMOSTAGE_VERSION);
}

Exchange* Transport::Impl::add(Post post, ExchangeHandler& handler) {
    std::unique_ptr<Exchange> fresh;
    if (idle.empty()) {
        fresh = std::make_unique<Exchange>();
        set_up(*fresh);
    } else {
        fresh = std::move(idle.back());
        idle.pop_back();
    }
    Exchange& exchange = *fresh;
    CURL* const easy = exchange.easy;
    if (exchange.url != post.url) {
        curl_easy_setopt(easy, CURLOPT_URL, post.url.c_str());
        curl_easy_setopt(easy, CURLOPT_PROXY, is_loopback(post.url) ? "" : nullptr);
        exchange.url = std::move(post.url);
    }
    for (const std::string& header : post.headers) {
        curl_slist* longer = curl_slist_append(exchange.headers, header.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        exchange.headers = longer;
    }
    exchange.request = std::move(post.body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange.request.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(exchange.request.size()));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, post.fresh_connection ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(post.connect_timeout.count()) + connect_grace_ms);
    exchange.handler = &handler;
    exchange.index = live.size();
    exchange.multi = &multis->with_room();
    live.reserve(live.size() + 1);
    if (curl_multi_add_handle(exchange.multi->handle, easy) != CURLM_OK) throw std::bad_alloc();
    ++exchange.multi->exchanges;
    live.push_back(std::move(fresh));
    return &exchange;
}

// Out of its multi handle, which closes the connection of an unfinished exchange.
void Transport::Impl::remove(Exchange& exchange) {
    curl_multi_remove_handle(exchange.multi->handle, exchange.easy);
    multis->one_left(*exchange.multi);
    exchange.handler = nullptr;
    if (exchange.drain_until) --draining;
    exchange.drain_until.reset();
    const std::size_t index = exchange.index;
    std::unique_ptr<Exchange> gone = std::move(live[index]);
    if (index + 1 != live.size()) {
        live[index] = std::move(live.back());
        live[index]->index = index;
    }
    live.pop_back();
    if (handing_on) {
        leaving.push_back(std::move(gone));
    } else {
        recycle(std::move(gone));
    }
}

void Transport::Impl::recycle(std::unique_ptr<Exchange> exchange) {
    if (idle.size() >= idle_handles_max) return;
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, nullptr);
    curl_slist_free_all(exchange->headers);
    exchange->headers = nullptr;
    std::string().swap(exchange->request);
    if (exchange->body.capacity() > kept_body_bytes_max) std::string().swap(exchange->body);
    exchange->body.clear();
    exchange->head.reset();
    exchange->connected = exchange->head_told = false;
    exchange->drained_bytes = 0;
    idle.push_back(std::move(exchange));
}

void Transport::Impl::arm_drain_timer() {
    if (drain_armed) return;
    drain_armed = true;
    drain_timer.expires_after(drain_time_max);
    drain_timer.async_wait([weak = weak_from_this()](const asio::error_code& error) {
        const auto self = weak.lock();
        if (!self || error || self->stopped) return;
        self->drain_armed = false;
        self->end_drains();
    });
}

void Transport::Impl::end_drains() {
    const TimePoint now = Clock::now();
    for (std::size_t i = live.size(); i-- > 0 && draining > 0;) {
        Exchange& exchange = *live[i];
        if (exchange.drain_until && *exchange.drain_until <= now) remove(exchange);
    }
    if (draining > 0) arm_drain_timer();
}

// ---- the transport

Transport::Transport(asio::io_context& loop, std::size_t connections_max)
    : impl_(std::make_shared<Impl>(loop, connections_max)) {
    impl_->watch();
}

Transport::~Transport() { impl_->stop(); }

Exchange* Transport::send(Post post, ExchangeHandler& handler) {
    return impl_->add(std::move(post), handler);
}

void Transport::on_burst_end(std::function<void()> handler) {
    impl_->burst_end = std::move(handler);
    impl_->multis->set_owner_pushes();
}

void Transport::push() { impl_->multis->push(); }

bool Transport::in_burst() const { return impl_->in_burst; }

void Transport::close(Exchange* exchange) { impl_->remove(*exchange); }

void Transport::drain(Exchange* exchange) {
    if (impl_->draining >= draining_max) {
        impl_->remove(*exchange);
        return;
    }
    exchange->handler = nullptr;
    exchange->drain_until = Clock::now() + drain_time_max;
    ++impl_->draining;
    impl_->arm_drain_timer();
}

}  // namespace emostage::llm
