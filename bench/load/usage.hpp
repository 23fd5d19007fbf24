// What a process has used: processor time and memory, as Linux tells it in /proc.
//
// Times are those of the scheduler (schedstat, nanoseconds), of all threads that live.
// https://docs.kernel.org/scheduler/sched-stats.html,
// https://man7.org/linux/man-pages/man5/proc.5.html
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace emostage::load {

using Nanoseconds = std::chrono::nanoseconds;

// Zero for a process that is gone.
Nanoseconds cpu_time(pid_t pid);

// The most resident memory since the last reset, in KiB; zero for a process that is gone.
std::uint64_t peak_kib(pid_t pid);
void reset_peak(pid_t pid);

// All processors' time in which something ran, since the machine's start.
Nanoseconds machine_busy();

// The texts of these files.
std::optional<Nanoseconds> run_time_in_schedstat(std::string_view text);
std::optional<std::uint64_t> peak_in_status(std::string_view text);
std::optional<std::uint64_t> busy_ticks_in_stat(std::string_view text);

}  // namespace emostage::load
