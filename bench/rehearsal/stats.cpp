#include "bench/rehearsal/stats.hpp"

#include <nlohmann/json.hpp>

namespace emostage::rehearsal {

std::string to_json(const Stats& stats, std::uint64_t seed) {
    nlohmann::ordered_json faults, stages = nlohmann::ordered_json::object();
    for (std::size_t kind = 1; kind < fault_kinds; ++kind) {
        faults[std::string(name(static_cast<Fault>(kind)))] = stats.faults[kind];
    }
    for (const auto& [stage, count] : stats.stages) stages[stage.empty() ? "none" : stage] = count;
    return nlohmann::ordered_json{{"rehearsal", true},
                                  {"seed", seed},
                                  {"connections", stats.connections},
                                  {"connections_open", stats.connections_open},
                                  {"connections_refused", stats.connections_refused},
                                  {"requests", stats.requests},
                                  {"bad_requests", stats.bad_requests},
                                  {"chats", stats.chats},
                                  {"chats_streamed", stats.chats_streamed},
                                  {"chats_running", stats.chats_running},
                                  {"chats_running_max", stats.chats_running_max},
                                  {"chats_whole", stats.chats_whole},
                                  {"client_closed", stats.client_closed},
                                  {"contents", stats.contents},
                                  {"late_1ms", stats.late_1ms},
                                  {"late_5ms", stats.late_5ms},
                                  {"late_max_us", stats.late_max_us},
                                  {"faults", faults},
                                  {"stages", stages}}
        .dump();
}

}  // namespace emostage::rehearsal
