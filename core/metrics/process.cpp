#include "core/metrics/process.hpp"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace emostage::metrics {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The fields of /proc/self/stat from the third on: what stands before may hold anything.
// https://man7.org/linux/man-pages/man5/proc.5.html
std::optional<double> start_ticks() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const auto name_ends = line.rfind(')');
    if (name_ends == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(name_ends + 1));
    std::string field;
    constexpr int start_time = 22;
    for (int number = 3; number <= start_time; ++number) {
        if (!(fields >> field)) return std::nullopt;
    }
    std::istringstream number(field);
    double ticks = 0;
    return number >> ticks ? std::optional(ticks) : std::nullopt;
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string word; file >> word;) {
        double at = 0;
        if (word == "btime") return file >> at ? std::optional(at) : std::nullopt;
    }
    return std::nullopt;
}

std::optional<double> resident_pages() {
    std::ifstream file("/proc/self/statm");
    double size = 0, resident = 0;
    return file >> size >> resident ? std::optional(resident) : std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/self/fd", error), end;
    double count = -1;  // of the look itself
    for (; !error && entries != end; entries.increment(error)) count += 1;
    return error ? std::nullopt : std::optional(count);
}

}  // namespace

void add_build(Families& families) {
    families.begin("emostage_build_info", "The version that runs.", Kind::gauge);
    families.add({{"version", EMOSTAGE_VERSION}}, 1);
}

void add_process(Families& families) {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        families.counter("process_cpu_seconds_total", "Processor time of the process.",
                         seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    if (const auto pages = resident_pages()) {
        families.gauge("process_resident_memory_bytes", "Memory of the process.",
                       *pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
    }
    if (const auto open = open_descriptors()) {
        families.gauge("process_open_fds", "Descriptors that are open.", *open);
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        families.gauge("process_max_fds", "Descriptors that may be open.",
                       static_cast<double>(limit.rlim_cur));
    }
    const auto ticks = start_ticks();
    const auto boot = boot_time();
    if (ticks && boot) {
        families.gauge("process_start_time_seconds", "When the process started, in Unix time.",
                       *boot + *ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
    }
}

}  // namespace emostage::metrics
