// A program that was started here, and ends with us: whatever happens, it does not stay behind.
//
// What it prints goes to a file. In a process group of its own, so that Ctrl-C reaches us alone.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace emostage::load {

class Child {
public:
    static constexpr milliseconds look_again{5};
    static constexpr milliseconds stop_max{4'000};             // after SIGTERM; then it is killed
    static constexpr std::size_t log_bytes_max = 1024 * 1024;  // that are searched

    // Requires: `command` has the program's path first. Errc::io with the system's words.
    static Result<Child> start(std::string name, const std::vector<std::string>& command,
                               std::filesystem::path log);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();  // stop()

    // The first line of its log with `text` in it. Errc::unavailable where it ends, `longest` goes
    // by, or `stopped` says so; with the log's last line.
    Result<std::string> line_with(std::string_view text, Duration longest,
                                  const std::function<bool()>& stopped) const;

    bool running() const;
    // Empty while it runs; else how it ended, and the last line of its log.
    std::string ended() const;
    void stop();
    const std::string& name() const { return name_; }
    pid_t pid() const { return pid_; }

private:
    Child(std::string name, pid_t pid, std::filesystem::path log)
        : name_(std::move(name)), pid_(pid), log_(std::move(log)) {}

    std::string name_;
    pid_t pid_ = -1;  // -1: it was taken along by a move, or is over
    std::filesystem::path log_;
};

// The value after `key=` in a line of our log.
std::string value_in(std::string_view line, std::string_view key);

}  // namespace emostage::load
