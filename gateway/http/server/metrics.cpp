#include "gateway/http/server/metrics.hpp"

#include "core/metrics/families.hpp"
#include "core/metrics/process.hpp"

namespace emostage::http {
namespace {

using metrics::Families;
using metrics::Kind;

// In the order of Tally's classes.
constexpr std::array<std::string_view, Tally::classes> class_names{"gone", "1xx", "2xx",
                                                                   "3xx",  "4xx", "5xx"};
constexpr std::array<std::string_view, outcomes> outcome_names{"completed", "failed", "cancelled",
                                                               "rejected", "left"};

double number(std::uint64_t count) { return static_cast<double>(count); }

void add_requests(Families& families, const Tally& tally) {
    families.begin("emostage_gateway_requests_total",
                   "Requests that were answered, by path and status; gone: the client went away.",
                   Kind::counter);
    for (std::size_t route = 0; route < routes; ++route) {
        for (std::size_t kind = 0; kind < Tally::classes; ++kind) {
            const auto count = tally.requests[route][kind];
            if (count == 0) continue;  // most never are
            families.add(
                {{"route", pattern(static_cast<Route>(route))}, {"status", class_names[kind]}},
                number(count));
        }
    }
    families.histogram("emostage_gateway_time_to_first_byte_seconds",
                       "From a request to the head of an answer that a turn gives.",
                       tally.first_byte);
    families.histogram("emostage_gateway_time_to_first_delta_seconds",
                       "From a request to the first words of its turn.", tally.first_delta);
    families.histogram("emostage_gateway_request_duration_seconds",
                       "From a request that a turn answers to the end of the answer.",
                       tally.answer);
}

void add_turns(Families& families, const Numbers& numbers) {
    const Tally& tally = numbers.tally;
    families.begin("emostage_gateway_turns_total",
                   "Readings of turns, by how they ended; left: before the turn's end.",
                   Kind::counter);
    for (std::size_t outcome = 0; outcome < outcomes; ++outcome) {
        families.add({{"outcome", outcome_names[outcome]}}, number(tally.turns[outcome]));
    }
    families.gauge("emostage_gateway_streams", "Answers that stream a turn or wait for one.",
                   number(numbers.streams));
    families.counter("emostage_gateway_deltas_total", "Pieces of replies that were told.",
                     number(tally.deltas));
    families.counter("emostage_gateway_sent_bytes_total", "Bodies of ended answers to turns.",
                     number(tally.body_bytes));
    families.counter("emostage_gateway_pings_total", "Comments that were sent into a silence.",
                     number(tally.pings));
    families.counter("emostage_gateway_slow_readers_total",
                     "Streams that were cut because their reader was too slow.",
                     number(tally.slow_readers));
    families.counter("emostage_gateway_clients_gone_total",
                     "Clients that went away before their answer's end.",
                     number(tally.clients_gone));
    families.counter("emostage_gateway_resumes_total",
                     "Streams that went on after a number that the client held.",
                     number(tally.resumes));
}

void add_link(Families& families, const Numbers& numbers) {
    const gateway::Counters& client = numbers.client;
    families.gauge("emostage_gateway_link_up", "1 while the broker is heard.",
                   numbers.link == gateway::Link::ready ? 1 : 0);
    families.counter("emostage_gateway_reconnects_total", "Times the broker fell silent.",
                     number(client.reconnects));
    families.counter("emostage_gateway_gaps_total", "Holes in the events of a turn.",
                     number(client.gaps));
    families.counter("emostage_gateway_rereads_total", "Replies that came damaged.",
                     number(client.rereads));
    families.counter("emostage_gateway_turns_given_up_total",
                     "Turns of which nothing was heard any more.", number(client.given_up));
    families.counter("emostage_log_lines_lost_total", "Log lines that nobody read in time.",
                     number(numbers.log_lines_lost));
}

}  // namespace

std::string metrics_text(const Numbers& numbers) {
    Families families;
    metrics::add_build(families);
    add_requests(families, numbers.tally);
    add_turns(families, numbers);
    add_link(families, numbers);
    metrics::add_process(families);
    return families.text();
}

}  // namespace emostage::http
