#include "gateway/http/server/gateway_options.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>

#include "core/codec/codec.hpp"
#include "core/config/log_settings.hpp"
#include "core/config/plain_text.hpp"
#include "gateway/http/server/api_keys.hpp"

namespace emostage::http {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kib = 1024, mib = 1024 * kib;
constexpr std::size_t help_bytes_max = 1024;  // of one language
constexpr std::size_t operator_bytes_max = 128;
constexpr std::size_t list_items_max = 64;

Result<std::vector<std::string>> words(std::string_view text) {
    std::vector<std::string> found;
    while (!text.empty()) {
        text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
        const auto word = text.substr(0, text.find_first_of(", "));
        text.remove_prefix(word.size());
        if (!word.empty()) found.emplace_back(word);
    }
    if (found.size() > list_items_max) {
        return fail(Errc::config, "more than " + std::to_string(list_items_max));
    }
    return found;
}

// `scheme://host[:port]`, as browsers send it: nothing behind it, no capitals.
bool is_origin(std::string_view text) {
    const auto colon = text.find("://");
    if (colon == text.npos || colon == 0) return false;
    const auto host = text.substr(colon + 3);
    return !host.empty() && host.find_first_of("/?#@* ") == host.npos &&
           std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<void> check_connect(std::string_view text) {
    return config::check_zmq_endpoint(text, config::EndpointUse::connect);
}

void declare_sockets(config::Settings& settings, GatewayOptions& into) {
    settings.group("Sockets");
    settings.value("listen", config::to_string(into.listen), "HOST:PORT of the HTTP interfaces",
                   [&into](std::string_view text) {
                       return config::parse_listen_address(text).map(
                           [&into](config::Address address) { into.listen = std::move(address); });
                   });
    settings.text("commands", into.commands, "the broker's endpoint for commands", check_connect);
    settings.text("events", into.events, "the broker's endpoint for events", check_connect);
    settings.value("gateway_name", "a random one", "this gateway's name at the broker",
                   [&into](std::string_view text) -> Result<void> {
                       if (!text.empty() && !codec::is_id(text)) {
                           return fail(Errc::config, "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
                       }
                       into.gateway_name = text;
                       return {};
                   });
    settings.time("drain_ms", into.drain, milliseconds(0), hours(1),
                  "how long streams may go on after SIGTERM");
}

void declare_access(config::Settings& settings, GatewayOptions& into) {
    settings.group("Who may use it");
    settings.text("keys", into.keys, "file of names and hashed keys; none: loopback only");
    settings.value("cors.origins", "none", "origins whose pages may use the interfaces",
                   [&into](std::string_view text) -> Result<void> {
                       auto origins = words(text);
                       if (!origins) return tl::unexpected(origins.error());
                       for (const auto& origin : *origins) {
                           if (is_origin(origin)) continue;
                           return fail(Errc::config,
                                       "an origin is scheme://host or scheme://host:port");
                       }
                       into.origins = std::move(*origins);
                       return {};
                   });
    settings.value("hosts", "none",
                   "without keys: names, beside loopback's own, that `Host` may have",
                   [&into](std::string_view text) {
                       return words(text).map([&into](std::vector<std::string> hosts) {
                           into.hosts = std::move(hosts);
                       });
                   });
}

void declare_limits(config::Settings& settings, Limits& limits) {
    settings.group("Limits");
    settings.number("limits.body_bytes", limits.body_bytes, kib, 16 * mib, "of a request's body");
    settings.number("limits.header_bytes", limits.header_bytes, 256, 64 * kib,
                    "of one header field, and of a path with its query");
    settings.number("limits.headers", limits.headers, 8, 1'000, "header fields of a request");
    settings.number("limits.connections", limits.connections, 1, 100'000,
                    "open at once; more are closed as they come");
    settings.number("limits.streams", limits.streams, 1, 100'000,
                    "answers at once that stream a turn or wait for one");
    settings.number("limits.streams_per_client", limits.streams_per_client, 1, 100'000,
                    "of them for one key, or without keys for one address");
    settings.number("limits.backlog_bytes", limits.backlog_bytes, kib, 64 * mib,
                    "that wait for a slow reader before it is cut");
    settings.time("limits.read_ms", limits.read, milliseconds(100), minutes(10),
                  "to read a request; how long a connection may be idle");
    settings.time("limits.write_ms", limits.write, milliseconds(100), minutes(10),
                  "for a reader to take what was sent at once");
    settings.time("limits.head_wait_ms", limits.head_wait, milliseconds(10), minutes(1),
                  "a stream's head is sent then, though nothing was heard of the turn");
    settings.time("limits.ping_ms", limits.ping, milliseconds(100), minutes(1),
                  "a comment is sent after so much silence");
}

void declare_page(config::Settings& settings, PageOptions& page) {
    settings.group("The page at /");
    settings.value("page.serve", page.serve ? "on" : "off", "whether there is one: on or off",
                   [&page](std::string_view text) -> Result<void> {
                       if (text != "on" && text != "off") {
                           return fail(Errc::config, "must be on or off");
                       }
                       page.serve = text == "on";
                       return {};
                   });
    settings.value(
        "page.operator", "", "who runs it, as the page says", [&page](std::string_view text) {
            return config::check_text(text, operator_bytes_max, false).map([&page, text] {
                page.operator_name = text;
            });
        });
    for (const char* tag : {"ja", "zh", "en"}) {
        settings.value(
            "help_lines." + std::string(tag), "",
            "help lines on the page, in the language " + std::string(tag),
            [&page, tag](std::string_view text) {
                return config::check_text(text, help_bytes_max, true).map([&page, tag, text] {
                    page.help[tag] = text;
                });
            });
    }
}

Result<void> check_listen(const GatewayOptions& options, const config::Settings& settings) {
    if (!options.keys.empty()) return {};
    asio::error_code error;
    const auto address = asio::ip::make_address(options.listen.host, error);
    if (!error && address.is_loopback()) return {};
    const std::string& origin = settings.origin("listen");
    return fail(Errc::config, (origin.empty() ? "" : origin + ": ") + std::string("listen: ") +
                                  config::to_string(options.listen) +
                                  " can be reached from outside, and no `keys` are asked for: "
                                  "name a file of keys, or listen on 127.0.0.1");
}

}  // namespace

void declare(config::Settings& settings, GatewayOptions& into) {
    declare_sockets(settings, into);
    declare_access(settings, into);
    declare_limits(settings, into.limits);
    declare_page(settings, into.page);
    settings.group("Log");
    config::add_log(settings, into.log);
}

Result<config::Request> load_gateway_options(const std::vector<std::string>& arguments,
                                             const config::Environment& environment,
                                             GatewayOptions& into) {
    into.log.program = "emostage-gateway";
    config::Settings settings("emostage-gateway",
                              "Serves EmoStage over HTTP: OpenAI's interfaces, turns, and a page.");
    declare(settings, into);
    settings.once("--new-key", into.new_key, "make a key of this name, print it, and exit");
    auto request = settings.load(arguments, environment);
    if (!request || request->kind == config::Request::Kind::show) return request;
    if (!into.new_key.empty() && !is_key_name(into.new_key)) {
        return fail(Errc::config, "--new-key: a name is 1 to 16 of A-Z a-z 0-9 _ -");
    }
    if (auto listen = check_listen(into, settings); !listen) return tl::unexpected(listen.error());
    return request;
}

}  // namespace emostage::http
