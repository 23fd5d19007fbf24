// Where log lines leave the process: a descriptor that may be slow, full or closed.
//
// Used by spdlog's one writer thread alone. A whole line goes out, or nothing of it: when the
// reader does not make room within `stall_max` the line is lost and counted, and until the reader
// is back no further line waits.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace emostage::log {

class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    DescriptorSink(int descriptor, std::chrono::milliseconds stall_max);

    std::uint64_t lines_lost() const { return lines_lost_; }

    // From now on no line waits for the reader. Any thread.
    void stop_waiting() { hurried_ = true; }

private:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

    bool writable() const;
    bool write_line(const char* data, std::size_t size);

    const int descriptor_;
    const std::chrono::milliseconds stall_max_;
    bool stalled_ = false;
    std::atomic<bool> hurried_ = false;
    std::atomic<std::uint64_t> lines_lost_ = 0;
};

}  // namespace emostage::log
