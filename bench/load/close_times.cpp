#include "bench/load/close_times.hpp"

#include <nlohmann/json.hpp>

namespace emostage::load {

Histogram close_times(const std::unordered_map<std::string, std::int64_t>& cancels,
                      std::istream& log) {
    Histogram times;
    for (std::string line; std::getline(log, line);) {
        const auto object = nlohmann::json::parse(line, nullptr, false);
        if (!object.is_object() || !object.value("trace", nlohmann::json()).is_string() ||
            !object.value("at_ms", nlohmann::json()).is_number_integer()) {
            continue;
        }
        const auto found = cancels.find(object["trace"].get<std::string>());
        if (found == cancels.end()) continue;
        const std::int64_t latest_us = (object["at_ms"].get<std::int64_t>() + 1) * 1000;
        times.add(std::chrono::microseconds(latest_us - found->second));
    }
    return times;
}

}  // namespace emostage::load
