#include "core/admin/admin_server.hpp"

#include <restinio/all.hpp>
#include <unordered_set>
#include <utility>
#include <variant>

namespace emostage::admin {
namespace {

// Bounds the open connections; more are closed as they come. In place of RESTinio's own limiter, to
// which connections keep a pointer after the server is gone.
class Connections {
public:
    void state_changed(const restinio::connection_state::notice_t& notice) {
        const auto cause = notice.cause();
        if (std::holds_alternative<restinio::connection_state::accepted_t>(cause)) {
            open_.insert(notice.connection_id());
        }
        if (std::holds_alternative<restinio::connection_state::closed_t>(cause)) {
            open_.erase(notice.connection_id());
        }
    }
    restinio::ip_blocker::inspection_result_t inspect(
        const restinio::ip_blocker::incoming_info_t&) const noexcept {
        return open_.size() < AdminServer::connections_max ? restinio::ip_blocker::allow()
                                                           : restinio::ip_blocker::deny();
    }

private:
    std::unordered_set<restinio::connection_id_t> open_;
};

struct Traits : restinio::default_single_thread_traits_t {
    using connection_state_listener_t = Connections;
    using ip_blocker_t = Connections;
};
using Server = restinio::http_server_t<Traits>;

restinio::http_status_line_t status_line(int status) {
    switch (status) {
        case 200:
            return restinio::status_ok();
        case 404:
            return restinio::status_not_found();
        case 405:
            return restinio::status_method_not_allowed();
        case 503:
            return restinio::status_service_unavailable();
        default:
            return restinio::status_internal_server_error();
    }
}

// By hand in its length, because an answer to HEAD has a length and no body.
restinio::request_handling_status_t answer(const restinio::request_handle_t& request, Page page) {
    auto response =
        request->create_response<restinio::user_controlled_output_t>(status_line(page.status));
    response.append_header(restinio::http_field::content_type, page.type);
    response.append_header(restinio::http_field::cache_control, "no-store");
    if (page.allows_get_only) response.append_header(restinio::http_field::allow, "GET, HEAD");
    if (!request->header().should_keep_alive()) response.connection_close();
    response.set_content_length(page.body.size());
    if (request->header().method() != restinio::http_method_head()) {
        response.append_body(std::move(page.body));
    }
    return response.done();
}

}  // namespace

struct AdminServer::Impl {
    Impl(asio::io_context& owner, Pages made)
        : loop(owner), pages(std::make_shared<Pages>(std::move(made))) {}

    asio::io_context& loop;
    std::shared_ptr<Pages> pages;  // the server's alone; connections look whether it lives
    std::unique_ptr<Server> server;
};

AdminServer::AdminServer(asio::io_context& loop, Pages pages)
    : impl_(std::make_unique<Impl>(loop, std::move(pages))) {}

AdminServer::~AdminServer() = default;

Result<config::Address> AdminServer::open(const config::Address& address) {
    config::Address in_force = address;
    const auto connections = std::make_shared<Connections>();
    const auto configure = [&](auto& settings) {
        const bool v6 = address.host.find(':') != std::string::npos;
        settings.port(address.port)
            .address(address.host)
            .protocol(v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4())
            .connection_state_listener(connections)
            .ip_blocker(connections)
            .read_next_http_message_timelimit(read_max)
            .write_http_response_timelimit(write_max)
            .handle_request_timeout(write_max)
            .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                          .max_url_size(url_bytes_max)
                                          .max_field_name_size(header_bytes_max)
                                          .max_field_value_size(header_bytes_max)
                                          .max_field_count(headers_max)
                                          .max_body_size(body_bytes_max))
            .acceptor_post_bind_hook([&in_force](asio::ip::tcp::acceptor& acceptor) {
                in_force.port = acceptor.local_endpoint().port();
            })
            .request_handler(
                [alive = std::weak_ptr<Pages>(impl_->pages)](restinio::request_handle_t request) {
                    const auto pages = alive.lock();
                    if (!pages) return restinio::request_rejected();
                    const std::string_view target(request->header().request_target());
                    return answer(request, (*pages)(request->header().method().c_str(),
                                                    target.substr(0, target.find('?'))));
                });
    };
    try {
        impl_->server =
            std::make_unique<Server>(restinio::external_io_context(impl_->loop), configure);
        impl_->server->open_sync();
    } catch (const std::exception& error) {
        impl_->server.reset();
        return fail(Errc::io, "cannot listen on " + config::to_string(address) +
                                  " for the admin pages: " + error.what() +
                                  "; stop what uses it, choose another address with --admin, or "
                                  "turn them off with --admin off");
    }
    return in_force;
}

}  // namespace emostage::admin
