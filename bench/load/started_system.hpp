// A whole system on this machine, started for one measurement: rehearsal, broker and workers, on
// free ports, in a directory of its own that goes with it. Of rehearsals and workers as many as the
// turns at once need.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/child.hpp"
#include "bench/load/far_end.hpp"
#include "core/result.hpp"

namespace emostage::load {

struct SystemWish {
    std::filesystem::path programs;   // directory of emostage-broker, -worker and -rehearsal
    std::filesystem::path pipelines;  // directory
    Pace pace;
    std::size_t in_flight = 64;  // turns that must run at once
    std::size_t workers = 1;     // more, where so many turns do not fit
    bool journal = true;
    std::uint64_t seed = 1;
    std::vector<std::string> broker_flags, worker_flags;  // more of them
};

class StartedSystem {
public:
    static constexpr std::size_t slots_per_worker_max = 4'000;
    static constexpr std::size_t turns_per_rehearsal_max = 5'000;
    static constexpr std::size_t slots_spare = 8;  // for turns that start before another's end
    static constexpr std::chrono::seconds ready_max{20};

    // Errc::io, Errc::unavailable (with the log's last line), Errc::config: too few file
    // descriptors, and how to get more.
    static Result<std::unique_ptr<StartedSystem>> start(const SystemWish& wish,
                                                        const std::function<bool()>& stopped);
    ~StartedSystem();
    StartedSystem(const StartedSystem&) = delete;
    StartedSystem& operator=(const StartedSystem&) = delete;

    const std::string& commands() const { return commands_; }
    const std::string& events() const { return events_; }
    const std::vector<std::filesystem::path>& close_logs() const { return close_logs_; }

    struct Process {
        std::string role;  // broker, worker or rehearsal
        pid_t pid;
    };
    std::vector<Process> processes() const;
    // Empty: all run. Else who has ended by itself, and how.
    std::string dead() const;

private:
    StartedSystem() = default;
    Result<void> start_all(const SystemWish& wish, const std::function<bool()>& stopped);
    Result<std::string> start_rehearsal(const std::string& name, const SystemWish& wish,
                                        const std::function<bool()>& stopped);  // its URL
    Result<std::string> add(std::string name, std::vector<std::string> command,
                            std::string_view ready, const std::function<bool()>& stopped);

    std::filesystem::path folder_;
    std::vector<std::filesystem::path> close_logs_;
    std::string commands_, events_;
    std::vector<Child> children_;
};

// How many processes so many turns need, and how many descriptors the largest of them.
std::size_t workers_for(std::size_t in_flight, std::size_t wanted);
std::size_t rehearsals_for(std::size_t in_flight);
std::size_t descriptors_for(std::size_t in_flight);
// Raises the soft limit of this process and those it starts. Errc::config says what to type.
Result<void> allow_descriptors(std::size_t wanted);

}  // namespace emostage::load
