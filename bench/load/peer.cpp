#include "bench/load/peer.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace emostage::load {

namespace {

using nlohmann::json;

// A whole number or a float that the driver may have made of it.
Result<double> number(const json& task, const char* field, double least, double most) {
    const auto found = task.find(field);
    if (found == task.end() || !found->is_number()) {
        return fail(Errc::config, std::string("LOAD: ") + field + ": a number is missing");
    }
    const auto value = found->get<double>();
    if (!(value >= least && value <= most)) {
        return fail(Errc::config, std::string("LOAD: ") + field + ": must be " +
                                      json(least).dump() + " to " + json(most).dump());
    }
    return value;
}

nlohmann::ordered_json percentiles(const Histogram& histogram) {
    nlohmann::ordered_json line;
    for (const int percent : {50, 95, 99, 100}) {
        auto& value = line["p" + std::to_string(percent)];
        if (histogram.count() == 0) continue;  // null
        const auto ns = static_cast<double>(histogram.percentile(percent).count());
        value = std::round(ns / 100) / 10;
    }
    return line;
}

Plan plan_of(const PeerTask& task, std::uint64_t turns, Duration ramp) {
    Plan plan;
    plan.turns = turns;
    plan.in_flight = static_cast<std::size_t>(std::min<std::uint64_t>(task.in_flight, turns));
    plan.ramp = ramp;
    plan.between_tokens = task.between_tokens;
    plan.reply_tokens = task.reply_tokens;
    return plan;
}

bool read_line() {
    for (int byte = std::getchar(); byte != EOF; byte = std::getchar()) {
        if (byte == '\n') return true;
    }
    return false;
}

int complain(const std::string& message) {
    std::fprintf(stderr, "emostage-bench: %s\n", message.c_str());
    return 1;
}

std::uint64_t violations(const gateway::Client& client) {
    return client.undecodable() + client.counters().rereads;
}

}  // namespace

Result<PeerTask> read_peer_task(std::string_view text) {
    const auto task = json::parse(text, nullptr, false);
    if (!task.is_object()) return fail(Errc::config, "LOAD: a JSON object is meant");
    struct Field {
        const char* name;
        double least, most, value;
    };
    Field fields[] = {{"conc", 1, in_flight_max, 0},
                      {"turns", 1, PeerTask::turns_max, 0},
                      {"warmup", 0, PeerTask::turns_max, 0},
                      {"tokens", 0, 100'000, 0},
                      {"ramp_ms", 0, 3'600'000, 0},
                      {"itl_ms", 0, 3'600'000, 0},
                      {"max_s", 1, 86'400, 0}};
    for (auto& field : fields) {
        const auto value = number(task, field.name, field.least, field.most);
        if (!value) return tl::unexpected(value.error());
        field.value = *value;
    }
    const auto ms = [](double value) { return milliseconds(std::llround(value)); };
    PeerTask read;
    read.in_flight = static_cast<std::size_t>(fields[0].value);
    read.turns = static_cast<std::uint64_t>(fields[1].value);
    read.warmup = static_cast<std::uint64_t>(fields[2].value);
    read.reply_tokens = static_cast<std::uint64_t>(fields[3].value);
    read.ramp = ms(fields[4].value);
    read.between_tokens = ms(fields[5].value);
    read.longest = std::chrono::seconds(std::llround(fields[6].value));
    return read;
}

std::string peer_line(const Meter& meter, std::uint64_t turns, std::uint64_t violations) {
    const double seconds = std::chrono::duration<double>(meter.lasted).count();
    nlohmann::ordered_json line{{"turns_ok", meter.completed},
                                {"errors", meter.errors()},
                                {"unfinished", turns - meter.ended()},
                                {"tokens", meter.tokens},
                                {"lost", meter.lost},
                                {"out_of_order", meter.out_of_order},
                                {"wall_s", std::round(seconds * 1e4) / 1e4},
                                {"first_us", percentiles(meter.first)},
                                {"turn_us", percentiles(meter.turn)},
                                {"gap_us", percentiles(meter.gap)},
                                {"jitter_us", percentiles(meter.jitter)},
                                {"deltas", meter.deltas},
                                {"degraded", meter.degraded},
                                {"resets", meter.resets},
                                {"violations", violations}};
    if (!meter.codes.empty()) line["codes"] = meter.codes;
    return line.dump();
}

int run_peer(const Connection& connection, const ReplyScript& script, const PeerTask& task) {
    asio::io_context loop(1);
    zmq::context_t context;
    gateway::Client client(loop, context, client_config(connection, task.in_flight),
                           gateway::system_random());
    if (const auto started = client.start(); !started) return complain(started.error().message);
    if (task.warmup > 0) {
        GatewayLoad warmup(loop, client, connection, plan_of(task, task.warmup, {}), script);
        if (!warmup.run(task.longest) || warmup.meter().completed == 0) {
            return complain("the warm-up did not end well: " +
                            peer_line(warmup.meter(), task.warmup, violations(client)));
        }
    }
    std::puts("READY");
    std::fflush(stdout);
    if (!read_line()) return complain("nobody said go");
    const auto before = violations(client);
    GatewayLoad run(loop, client, connection, plan_of(task, task.turns, task.ramp), script);
    run.run(task.longest);
    std::puts(peer_line(run.meter(), task.turns, violations(client) - before).c_str());
    std::fflush(stdout);
    return 0;
}

}  // namespace emostage::load
