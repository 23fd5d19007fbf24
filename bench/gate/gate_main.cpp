// emostage-gate: runs one script of turns through one part of the system, to be counted by
// callgrind (ops/gate). Says on one line of JSON what has happened.
#include <gnu/libc-version.h>
#include <simdjson.h>

#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/gate/broker_script.hpp"
#include "bench/gate/worker_script.hpp"

namespace emostage::gate {
namespace {

constexpr const char* usage =
    "usage: emostage-gate broker-memory|broker-journal|worker paced|short|merged PIPELINES\n"
    "       emostage-gate made-with\n";

// Counts that were made with others cannot be compared.
nlohmann::ordered_json made_with() {
    return {{"compiler", __VERSION__},
            {"libc", gnu_get_libc_version()},
            {"simdjson", SIMDJSON_STRINGIFY(SIMDJSON_VERSION) +
                             (" " + simdjson::get_active_implementation()->name())}};
}

Result<Counts> run(const std::string& part, const Script& script, const std::string& pipelines) {
    if (part == "broker-memory") return run_broker_script(script, false);
    if (part == "broker-journal") return run_broker_script(script, true);
    if (part != "worker") return fail(Errc::config, "no such part: " + part);
    auto loaded = worker::load_pipelines(pipelines);
    if (!loaded) return tl::unexpected(loaded.error());
    const auto found = loaded->find("emostage");
    if (found == loaded->end()) return fail(Errc::config, pipelines + ": no pipeline emostage");
    return run_worker_script(script, found->second);
}

int run(const std::string& part, const std::string& name, const std::string& pipelines) {
    for (const Script& script : scripts) {
        if (script.name != name) continue;
        const auto counts = run(part, script, pipelines);
        if (!counts) {
            std::cerr << "emostage-gate: " << part << ' ' << name << ": " << counts.error().message
                      << '\n';
            return 1;
        }
        std::cout << nlohmann::ordered_json{{"turns", counts->turns},
                                            {"completed", counts->completed},
                                            {"cancelled", counts->cancelled},
                                            {"tokens", counts->tokens},
                                            {"deltas", counts->deltas},
                                            {"replays", counts->replays}}
                  << '\n';
        return 0;
    }
    std::cerr << "emostage-gate: no such script: " << name << '\n' << usage;
    return 2;
}

}  // namespace
}  // namespace emostage::gate

int main(int argc, char** argv) {
    using namespace emostage::gate;
    try {
        if (argc == 2 && std::string(argv[1]) == "made-with") {
            std::cout << made_with() << '\n';
            return 0;
        }
        if (argc == 4) return run(argv[1], argv[2], argv[3]);
    } catch (const std::exception& error) {
        std::cerr << "emostage-gate: " << error.what() << '\n';
        return 1;
    }
    std::cerr << usage;
    return 2;
}
