#include "gateway/http/server/http_server.hpp"

#include <netinet/tcp.h>

#include <algorithm>
#include <restinio/http_server.hpp>
#include <restinio/traits.hpp>
#include <unordered_set>
#include <variant>

#include "core/log/log.hpp"
#include "core/log/throttle.hpp"
#include "gateway/http/server/response_head.hpp"
#include "gateway/http/server/restinio_outlet.hpp"
#include "gateway/http/server/wire.hpp"

namespace emostage::http {
namespace {

using restinio::impl::connection_handle_t;

// Why a request was not read to its end: RESTinio's words for what http_parser or a limit said.
ApiError refusal(std::string_view words) {
    const auto says = [words](std::string_view what) { return words.find(what) != words.npos; };
    if (says("HPE_CB_headers_complete") || says("HPE_CB_body")) {
        return {413, "invalid_request_error", "too_large", "the body is too large"};
    }
    if (says("HPE_CB_url")) {
        return {414, "invalid_request_error", "too_large", "the path and its query are too long"};
    }
    if (says("HPE_CB_header_") || says("HPE_HEADER_OVERFLOW")) {
        return {431, "invalid_request_error", "too_large", "too many header fields, or too long"};
    }
    return invalid("invalid_request", "this is no HTTP/1.1 request");
}

// Hears of RESTinio why it is about to close a connection.
class Refusals {
public:
    explicit Refusals(Wires& wires) : wires_(wires) {}

    template <class Builder>
    void trace(Builder&&) const noexcept {}
    template <class Builder>
    void info(Builder&&) const noexcept {}
    template <class Builder>
    void warn(Builder&&) const noexcept {}
    template <class Builder>
    void error(Builder&& builder) const {
        const std::string words = builder();
        if (words.find("parser error") == words.npos) return;
        const ApiError error = refusal(words);
        const std::string body = to_json(error) + "\n";
        wires_.refuse(response_head({error.status}, {}, body.size(), false) + body);
    }

private:
    Wires& wires_;
};

// What connections keep of the server; it may be gone before they are.
struct Shared {
    Shared(Handler& owner, std::size_t most) : handler(&owner), connections_max(most) {}

    Handler* handler;  // nullptr: gone
    std::size_t connections_max;
    std::unordered_set<restinio::connection_id_t> open;
    log::Throttle full_lines;
};

// Counts the open connections; more than the limit are closed as they come. In place of RESTinio's
// own limiter, to which connections keep a pointer after the server is gone.
class Connections {
public:
    explicit Connections(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    void state_changed(const restinio::connection_state::notice_t& notice) {
        const auto cause = notice.cause();
        if (std::holds_alternative<restinio::connection_state::accepted_t>(cause)) {
            shared_->open.insert(notice.connection_id());
        }
        if (std::holds_alternative<restinio::connection_state::closed_t>(cause) &&
            shared_->open.erase(notice.connection_id()) != 0 && shared_->handler != nullptr) {
            shared_->handler->on_closed(notice.connection_id());
        }
    }
    restinio::ip_blocker::inspection_result_t inspect(
        const restinio::ip_blocker::incoming_info_t&) const noexcept {
        if (shared_->open.size() < shared_->connections_max) return restinio::ip_blocker::allow();
        if (shared_->full_lines.pass(Clock::now())) {
            log::warn("too many connections", {{"connections_max", shared_->connections_max}});
        }
        return restinio::ip_blocker::deny();
    }

private:
    std::shared_ptr<Shared> shared_;
};

struct Traits : restinio::single_thread_traits_t<restinio::asio_timer_manager_t, Refusals> {
    using connection_state_listener_t = Connections;
    using ip_blocker_t = Connections;
    using stream_socket_t = Wire;
};
using Server = restinio::http_server_t<Traits>;

Request read_request(const restinio::request_t& from) {
    Request request;
    const auto& header = from.header();
    request.method = header.method().c_str();
    const std::string_view target(header.request_target());
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    request.query = target.substr(std::min(question + 1, target.size()));
    request.fields.reserve(header.fields_count());
    header.for_each_field([&request](const restinio::http_header_field_t& field) {
        request.fields.emplace_back(field.name(), field.value());
    });
    request.body = from.body();
    request.peer = from.remote_endpoint().address().to_string();
    request.connection = from.connection_id();
    return request;
}

restinio::request_handling_status_t handle(Wires& wires, Shared& shared,
                                           const restinio::request_handle_t& request) {
    if (shared.handler == nullptr) return restinio::request_rejected();
    connection_handle_t connection = std::move(restinio::impl::access_req_connection(*request));
    if (Wire* wire = wires.of(key_of(connection))) wire->asked();
    const auto& header = request->header();
    const bool upgrade = header.connection() == restinio::http_connection_header_t::upgrade;
    auto outlet = std::make_shared<RestinioOutlet>(
        wires, std::move(connection), request->request_id(), header.should_keep_alive(),
        header.method() != restinio::http_method_head());
    if (upgrade) outlet->ignore_upgrade();
    shared.handler->on_request(read_request(*request), std::make_unique<OwnedOutlet>(outlet));
    return restinio::request_accepted();
}

void set_socket_options(restinio::socket_options_t& options) {
    using Number = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
    // Of a client that is gone already the first read tells.
    asio::error_code ignored;
    options.set_option(asio::ip::tcp::no_delay(true), ignored);
    options.set_option(asio::socket_base::keep_alive(true), ignored);
    options.set_option(Idle(15), ignored);
    options.set_option(Interval(15), ignored);
    options.set_option(Number(static_cast<int>(HttpServer::unacknowledged_max.count())), ignored);
    options.set_option(asio::socket_base::send_buffer_size(HttpServer::send_buffer_bytes / 2),
                       ignored);  // the kernel doubles it
}

}  // namespace

struct HttpServer::Impl {
    Impl(asio::io_context& owner, ServerLimits given, Handler& handler)
        : loop(owner),
          limits(given),
          shared(std::make_shared<Shared>(handler, given.connections)) {}

    asio::io_context& loop;
    ServerLimits limits;
    std::shared_ptr<Shared> shared;
    std::unique_ptr<Server> server;
};

HttpServer::HttpServer(asio::io_context& loop, ServerLimits limits, Handler& handler)
    : impl_(std::make_unique<Impl>(loop, limits, handler)) {}

HttpServer::~HttpServer() { impl_->shared->handler = nullptr; }

std::size_t HttpServer::connections() const { return impl_->shared->open.size(); }

Result<config::Address> HttpServer::open(const config::Address& address) {
    config::Address in_force = address;
    Wires& wires = asio::use_service<Wires>(impl_->loop);
    const auto connections = std::make_shared<Connections>(impl_->shared);
    const ServerLimits& limits = impl_->limits;
    const auto configure = [&](auto& settings) {
        const bool v6 = address.host.find(':') != std::string::npos;
        settings.port(address.port)
            .address(address.host)
            .protocol(v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4())
            .logger(wires)
            .connection_state_listener(connections)
            .ip_blocker(connections)
            // One that is answered, and one that is read meanwhile: so a client's end is noticed.
            .max_pipelined_requests(2)
            .read_next_http_message_timelimit(limits.read)
            .write_http_response_timelimit(limits.write)
            .handle_request_timeout(limits.answer)
            .socket_options_setter(set_socket_options)
            .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                          .max_url_size(limits.header_bytes)
                                          .max_field_name_size(limits.header_bytes)
                                          .max_field_value_size(limits.header_bytes)
                                          .max_field_count(limits.headers)
                                          .max_body_size(limits.body_bytes))
            .acceptor_post_bind_hook([&in_force](asio::ip::tcp::acceptor& acceptor) {
                in_force.port = acceptor.local_endpoint().port();
            })
            .request_handler([shared = impl_->shared, &wires](restinio::request_handle_t request) {
                return handle(wires, *shared, request);
            });
    };
    try {
        impl_->server =
            std::make_unique<Server>(restinio::external_io_context(impl_->loop), configure);
        impl_->server->open_sync();
    } catch (const std::exception& error) {
        impl_->server.reset();
        return fail(Errc::io, "cannot listen on " + config::to_string(address) + ": " +
                                  error.what() +
                                  "; stop what uses it, or choose another address with --listen");
    }
    return in_force;
}

}  // namespace emostage::http
