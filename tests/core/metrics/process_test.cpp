#include "core/metrics/process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <sstream>

namespace emostage::metrics {
namespace {

std::map<std::string, double> samples() {
    Families families;
    add_process(families);
    std::istringstream text(families.text());
    std::map<std::string, double> found;
    for (std::string line; std::getline(text, line);) {
        if (line[0] == '#') continue;
        const auto space = line.rfind(' ');
        found[line.substr(0, space)] = std::stod(line.substr(space));
    }
    return found;
}

TEST(ProcessMetrics, SayWhatThisProcessCosts) {
    const auto found = samples();
    EXPECT_GT(found.at("process_cpu_seconds_total"), 0);
    EXPECT_GT(found.at("process_resident_memory_bytes"), 1e6);
    EXPECT_GE(found.at("process_open_fds"), 3);
    EXPECT_GE(found.at("process_max_fds"), found.at("process_open_fds"));
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LE(found.at("process_start_time_seconds"), now + 2);
    EXPECT_GT(found.at("process_start_time_seconds"), now - 24 * 3600);
}

TEST(ProcessMetrics, CountADescriptorMoreWhenOneIsOpened) {
    const auto before = samples().at("process_open_fds");
    std::FILE* file = std::fopen("/proc/self/stat", "r");
    ASSERT_NE(file, nullptr);
    const auto with_it = samples().at("process_open_fds");
    std::fclose(file);
    EXPECT_EQ(with_it, before + 1);
}

}  // namespace
}  // namespace emostage::metrics
