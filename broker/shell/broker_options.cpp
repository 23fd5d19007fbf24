#include "broker/shell/broker_options.hpp"

#include "broker/journal/open_journal.hpp"
#include "core/admin/admin_setting.hpp"
#include "core/codec/codec.hpp"
#include "core/config/log_settings.hpp"

namespace emostage::broker {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
constexpr milliseconds day = hours(24);

Result<void> check_id(std::string_view text) {
    if (codec::is_id(text)) return {};
    return fail(Errc::config, "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
}

void declare_endpoints(config::Settings& settings, BrokerOptions& into) {
    const auto endpoint = [](std::string_view text) {
        return config::check_zmq_endpoint(text, config::EndpointUse::bind);
    };
    settings.group("Sockets");
    settings.text("commands", into.commands, "endpoint where gateways push commands", endpoint);
    settings.text("events", into.events, "endpoint where gateways subscribe to events", endpoint);
    settings.text("workers", into.workers, "endpoint where workers connect", endpoint);
    admin::add_address(settings, into.admin);
    settings.time("drain_ms", into.drain, milliseconds(0), hours(1),
                  "how long turns may finish after SIGTERM");
    settings.group("State");
    settings.text("state", into.state,
                  "directory where turns and sessions are kept, or :memory: for none",
                  [](std::string_view text) -> Result<void> {
                      if (!text.empty()) return {};
                      return fail(Errc::config, "must be a directory or :memory:");
                  });
    settings.time("state_grace_ms", into.core.recovery_grace, milliseconds(0), minutes(10),
                  "after a start: how long workers may take to come back to their turns");
    settings.group("Turns");
    settings.text("default_pipeline", into.core.default_pipeline,
                  "pipeline of a turn that names none", check_id);
    settings.value("alerts", into.core.alerts.empty() ? "off" : into.core.alerts,
                   "gateway whose topic gets the alerts of all turns, or off",
                   [&into](std::string_view text) -> Result<void> {
                       const bool off = text.empty() || text == "off";
                       if (!off) {
                           if (auto id = check_id(text); !id) return id;
                       }
                       into.core.alerts = off ? "" : text;
                       return {};
                   });
}

void declare_limits(config::Settings& settings, wire::Limits& limits) {
    settings.group("Limits of what gateways send (told to them in hello)");
    settings.number("limits.text_bytes", limits.text_bytes, 1, mib, "of one turn's text");
    settings.number("limits.history_utterances", limits.history_utterances, 0, 10'000,
                    "of an open's history");
    settings.number("limits.history_bytes", limits.history_bytes, 0, 4 * mib,
                    "all texts of an open's history");
    settings.number("limits.reply_bytes", limits.reply_bytes, 1 * kib, mib, "of one reply");
    settings.number("limits.deadline_ms", limits.deadline_ms, 1'000, 24u * 3600 * 1000,
                    "the longest deadline that may be asked for");
}

void declare_queue(config::Settings& settings, Config& core) {
    settings.group("Queue");
    settings.number("queue.turns_max", core.queued_turns_max, 1, 10'000'000, "turns that wait");
    settings.number("queue.turns_per_gateway_max", core.queued_turns_per_gateway_max, 1, 10'000'000,
                    "turns of one gateway that wait");
    settings.number("queue.turns_per_session_max", core.queued_turns_per_session_max, 1, 10'000,
                    "turns of one session that wait");
    settings.number("queue.bytes_max", core.queued_bytes_max, mib, 64 * gib,
                    "text and history of all turns that wait or run");
    settings.number("queue.bytes_per_gateway_max", core.queued_bytes_per_gateway_max, 64 * kib,
                    64 * gib, "of one gateway; not said: half of queue.bytes_max");
    settings.time("queue.deadline_default_ms", core.deadline_default, seconds(1), day,
                  "deadline of a turn that names none");
    settings.time("queue.retry_after_min_ms", core.retry_after_min, milliseconds(1), hours(1),
                  "shortest retry_after_ms of an overloaded rejection");
    settings.time("queue.retry_after_max_ms", core.retry_after_max, milliseconds(1), hours(1),
                  "longest retry_after_ms of an overloaded rejection");
    settings.time("queue.priority_step_ms", core.priority_step, milliseconds(0), hours(1),
                  "one class of priority is worth this much waiting");
}

// Names and numbers: `gateways: {weights: {NAME: 3}}`.
Result<void> read_weights(const config::YamlNode& weights, Config& core) {
    using Kind = config::YamlNode::Kind;
    const std::string key = "gateways.weights: ";
    if (weights.kind() == Kind::empty) return {};
    if (weights.kind() != Kind::map) {
        return config::refused(weights, key + "wants a map of gateways and their weights");
    }
    if (weights.entries().size() > Config::gateway_weights_max) {
        return config::refused(
            weights, key + "at most " + std::to_string(Config::gateway_weights_max) + " gateways");
    }
    for (const auto& [gateway, weight] : weights.entries()) {
        if (auto id = check_id(gateway.text()); !id) {
            return config::refused(gateway, key + "a gateway's name " + id.error().message);
        }
        if (weight.kind() != Kind::scalar) return config::refused(weight, key + "wants one value");
        const auto number =
            config::Settings::whole_number(weight.text(), 1, Config::gateway_weight_max);
        if (!number) return config::refused(weight, key + number.error().message);
        core.gateway_weights[gateway.text()] = static_cast<std::uint32_t>(*number);
    }
    return {};
}

void declare_gateways(config::Settings& settings, Config& core) {
    settings.part("gateways", [&core](const config::YamlNode& node) -> Result<void> {
        config::YamlMap map(node, "\"gateways\"");
        const auto weights = map.any("weights");
        if (auto known = map.finish(); !known) return known;
        return read_weights(weights, core);
    });
}

void declare_leases(config::Settings& settings, Config& core) {
    settings.group("Leases");
    settings.time("leases.beat_ms", core.beat, milliseconds(10), minutes(1),
                  "how often broker and workers beat");
    settings.time("leases.lease_ms", core.lease, milliseconds(50), minutes(10),
                  "a worker that is silent this long has lost its turns");
    settings.time("leases.reconnect_ms", core.reconnect, milliseconds(0), minutes(10),
                  "how long a worker whose connection is gone may take to come back");
    settings.time("leases.fence_ms", core.fence, milliseconds(40), minutes(10),
                  "a worker that is unconfirmed this long stops its turns");
    settings.number("leases.attempts_max", core.attempts_max, 1, 100,
                    "workers that one turn may lose");
    settings.number("leases.returns_free", core.returns_free, 0, 1'000,
                    "times a turn may be handed back before that counts as an attempt");
    settings.number("leases.workers_max", core.workers_max, 1, 100'000,
                    "workers that are registered");
    settings.number("leases.slots_max", core.slots_max, 1, 100'000, "turns that one worker runs");
    settings.number("leases.pipelines_max", core.pipelines_max, 1, 10'000,
                    "pipelines that workers announce");
}

void declare_retention(config::Settings& settings, Config& core) {
    settings.group("Retention");
    settings.time("retention.turn_ms", core.retention, seconds(1), day,
                  "how long an ended turn can be resumed");
    settings.number("retention.turns_max", core.kept_turns_max, 1, 10'000'000,
                    "turns that are kept");
    settings.number("retention.bytes_max", core.kept_bytes_max, mib, 64 * gib,
                    "events of all turns that are kept");
    settings.number("retention.turn_bytes_max", core.turn_log_bytes_max, 64 * kib, gib,
                    "events of one turn, all attempts");
    settings.time("retention.session_ms", core.session_retention, seconds(1), 365 * day,
                  "how long an idle session is remembered");
    settings.number("retention.sessions_max", core.sessions_max, 1, 10'000'000,
                    "sessions that are remembered");
    settings.number("retention.sessions_bytes_max", core.sessions_bytes_max, mib, 64 * gib,
                    "texts of all sessions");
    settings.number("retention.session_utterances_max", core.session_utterances_max, 0, 10'000,
                    "newest utterances of one session");
    settings.number("retention.session_history_bytes_max", core.session_history_bytes_max, 0,
                    4 * mib, "texts of one session");
}

void declare_fanout(config::Settings& settings, BrokerOptions& into) {
    Config& core = into.core;
    settings.group("Fan-out");
    settings.time("fanout.beacon_ms", core.beacon, milliseconds(10), minutes(1),
                  "how often a gateway is told its live turns");
    settings.time("fanout.beacon_after_end_ms", core.beacon_after_end, milliseconds(0), hours(1),
                  "how long an ended turn stays in beacons");
    settings.number("fanout.beacon_turns_max", core.beacon_turns_max, 1, 10'000,
                    "turns in one beacon event");
    settings.number("fanout.askers_per_turn_max", core.askers_per_turn_max, 1, 1'000,
                    "gateways that one turn is sent to");
    settings.number("fanout.gateways_max", core.gateways_max, 1, 1'000'000,
                    "gateways that are known");
    settings.number("fanout.replay_delta_bytes", core.replay_delta_bytes, 64, 256 * kib,
                    "deltas are merged up to this in a replay");
    settings.number("fanout.replay_bytes_per_second", core.replay_bytes_per_second, 64 * kib,
                    4 * gib, "replayed to one gateway");
    settings.number("fanout.replay_burst_bytes", core.replay_burst_bytes, 64 * kib, gib,
                    "replayed to one gateway at once");
    settings.number("fanout.replays_waiting_max", core.replays_waiting_max, 1, 100'000,
                    "resumes of one gateway that wait for this");
    settings.number("fanout.subscriber_messages_max", into.subscriber_messages_max, 10, 1'000'000,
                    "messages that wait for one subscriber; more are dropped, and it resumes");
}

}  // namespace

void declare(config::Settings& settings, BrokerOptions& into) {
    declare_endpoints(settings, into);
    declare_limits(settings, into.core.limits);
    declare_queue(settings, into.core);
    declare_gateways(settings, into.core);
    declare_leases(settings, into.core);
    declare_retention(settings, into.core);
    declare_fanout(settings, into);
    settings.group("Log");
    config::add_log(settings, into.log);
}

Result<config::Request> load_broker_options(const std::vector<std::string>& arguments,
                                            const config::Environment& environment,
                                            BrokerOptions& into) {
    into.log.program = "emostage-broker";
    config::Settings settings(
        "emostage-broker",
        "Accepts turns from gateways, leases them to workers and streams their events back.");
    declare(settings, into);
    settings.once("--inspect", into.inspect,
                  "print what is in the journal of a directory, without what was said, and exit");
    auto request = settings.load(arguments, environment);
    if (!request || request->kind == config::Request::Kind::show) return request;
    into.core.limits.retention_ms = static_cast<std::uint64_t>(into.core.retention.count());
    into.core.durable = into.state != state_in_memory;
    if (settings.origin("queue.bytes_per_gateway_max").empty()) {
        into.core.queued_bytes_per_gateway_max = into.core.queued_bytes_max / 2;
    }
    if (auto fits = check_limits(into, settings); !fits) return tl::unexpected(fits.error());
    return request;
}

}  // namespace emostage::broker
