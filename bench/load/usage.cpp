#include "bench/load/usage.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace emostage::load {

namespace {

constexpr std::size_t file_bytes_max = 16 * 1024;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string text(file_bytes_max, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::filesystem::path folder_of(pid_t pid) {
    return std::filesystem::path("/proc") / std::to_string(pid);
}

// The number that `text` begins with, blanks skipped; it is taken off.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

std::optional<Nanoseconds> run_time_in_schedstat(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    return Nanoseconds(static_cast<std::int64_t>(*number));
}

std::optional<std::uint64_t> peak_in_status(std::string_view text) {
    constexpr std::string_view key = "VmHWM:";
    const auto at = text.find(key);
    if (at == text.npos) return std::nullopt;
    text.remove_prefix(at + key.size());
    return take_number(text);
}

// user, nice, system, idle, iowait, irq, softirq, steal
std::optional<std::uint64_t> busy_ticks_in_stat(std::string_view text) {
    constexpr std::string_view key = "cpu ";
    if (!text.starts_with(key)) return std::nullopt;
    text.remove_prefix(key.size());
    std::uint64_t busy = 0;
    for (int field = 0; field < 8; ++field) {
        const auto ticks = take_number(text);
        if (!ticks) return std::nullopt;
        if (field != 3 && field != 4) busy += *ticks;
    }
    return busy;
}

Nanoseconds cpu_time(pid_t pid) {
    Nanoseconds sum{};
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator(folder_of(pid) / "task", gone)) {
        sum += run_time_in_schedstat(contents(thread.path() / "schedstat")).value_or(Nanoseconds{});
    }
    return sum;
}

std::uint64_t peak_kib(pid_t pid) {
    return peak_in_status(contents(folder_of(pid) / "status")).value_or(0);
}

void reset_peak(pid_t pid) { std::ofstream(folder_of(pid) / "clear_refs") << "5"; }

Nanoseconds machine_busy() {
    const auto ticks = busy_ticks_in_stat(contents("/proc/stat")).value_or(0);
    return Nanoseconds(static_cast<std::int64_t>(ticks) * 1'000'000'000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace emostage::load
