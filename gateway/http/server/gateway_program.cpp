#include "gateway/http/server/gateway_program.hpp"

#include <sys/resource.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <optional>
#include <zmq.hpp>

#include "core/log/log.hpp"
#include "gateway/http/server/front.hpp"
#include "gateway/http/server/http_server.hpp"

namespace emostage::http {
namespace {

constexpr rlim_t descriptors_beside = 128;        // for all that is no client's connection
constexpr milliseconds drain_look{20};            // how often is looked whether all streams ended
constexpr milliseconds last_words{100};           // for bytes and cancels that are on their way
constexpr milliseconds answer_most{11 * 60'000};  // longer than any stream may last

// RESTinio stops to accept for good when a descriptor is missing once.
Result<void> raise_descriptors(std::size_t connections) {
    const rlim_t wanted = connections + descriptors_beside;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return {};
    const bool enough = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted;
    limit.rlim_cur = wanted;
    if (enough && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
    return fail(Errc::config,
                "limits.connections: " + std::to_string(connections) + " connections need " +
                    std::to_string(wanted) + " file descriptors, and this process may have " +
                    std::to_string(limit.rlim_max) + ": raise `ulimit -n`, or lower the limit");
}

gateway::ClientConfig client_config(const GatewayOptions& options) {
    gateway::ClientConfig config;
    config.commands = options.commands;
    config.events = options.events;
    config.core.gateway = options.gateway_name.empty()
                              ? "http-" + gateway::make_turn_id(gateway::system_random())
                              : options.gateway_name;
    // Turns that go on without a reader count too.
    config.core.turns_max = std::max(config.core.turns_max, 2 * options.limits.streams);
    return config;
}

ServerLimits server_limits(const Limits& limits) {
    return {limits.body_bytes, limits.header_bytes, limits.headers, limits.connections,
            limits.read,       limits.write,        answer_most};
}

Result<std::optional<ApiKeys>> read_keys(const std::string& file) {
    if (file.empty()) return std::optional<ApiKeys>();
    return ApiKeys::read(file).map([](ApiKeys keys) { return std::optional(std::move(keys)); });
}

class Program {
public:
    Program(const GatewayOptions& options, std::optional<ApiKeys> keys)
        : options_(options),
          config_(client_config(options)),
          loop_(1),
          client_(loop_, context_, config_, gateway::system_random()),
          front_(loop_, client_, options_, std::move(keys), gateway::system_random()),
          server_(loop_, server_limits(options.limits), front_),
          signals_(loop_, SIGTERM, SIGINT, SIGHUP),
          timer_(loop_) {}

    Result<void> run(std::size_t keys) {
        const auto started = client_.start([](gateway::Link link) {
            log::info(link == gateway::Link::ready ? log::Literal("the broker is there")
                                                   : log::Literal("the broker is not heard"));
        });
        if (!started) return started;
        const auto address = server_.open(options_.listen);
        if (!address) return tl::unexpected(address.error());
        wait_for_signal();
        log::info("gateway started", {{"gateway", config_.core.gateway},
                                      {"version", EMOSTAGE_VERSION},
                                      {"listen", config::to_string(*address)},
                                      {"commands", options_.commands},
                                      {"events", options_.events},
                                      {"keys", keys}});
        loop_.run();
        if (cut_short_) {
            return fail(Errc::cancelled, "stopped by a second signal before all streams had ended");
        }
        log::info("gateway stopped");
        return {};
    }

private:
    void wait_for_signal() {
        signals_.async_wait([this](const asio::error_code& error, int signal) {
            if (error) return;
            signal == SIGHUP ? read_keys_again() : stop();
            wait_for_signal();
        });
    }

    void read_keys_again() {
        if (options_.keys.empty()) return;
        auto keys = ApiKeys::read(options_.keys);
        if (!keys) {
            return log::error("the keys stay as they were",
                              {{"reason", log::Sentence{keys.error().message}}});
        }
        log::info("keys read", {{"keys", keys->size()}});
        front_.use(std::move(*keys));
    }

    // The first signal drains, the second ends at once.
    void stop() {
        if (draining_) {
            cut_short_ = true;
            return loop_.stop();
        }
        draining_ = true;
        log::info("draining");
        front_.drain();
        drain_until_ = Clock::now() + options_.drain;
        look();
    }
    void look() {
        const bool late = Clock::now() >= drain_until_;
        if (!front_.drained() && !late) return after(drain_look, [this] { look(); });
        front_.end_all();
        after(last_words, [this] { loop_.stop(); });
    }
    template <class Then>
    void after(milliseconds time, Then then) {
        timer_.expires_after(time);
        timer_.async_wait([then](const asio::error_code& error) {
            if (!error) then();
        });
    }

    const GatewayOptions& options_;
    const gateway::ClientConfig config_;
    asio::io_context loop_;
    zmq::context_t context_;
    gateway::Client client_;
    Front front_;
    HttpServer server_;
    asio::signal_set signals_;
    asio::steady_timer timer_;
    TimePoint drain_until_{};
    bool draining_ = false;
    bool cut_short_ = false;
};

}  // namespace

Result<void> run_gateway(const GatewayOptions& options) {
    if (auto raised = raise_descriptors(options.limits.connections); !raised) return raised;
    auto keys = read_keys(options.keys);
    if (!keys) return tl::unexpected(keys.error());
    const std::size_t count = *keys ? (*keys)->size() : 0;
    return Program(options, std::move(*keys)).run(count);
}

}  // namespace emostage::http
