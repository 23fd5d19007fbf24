// How a run went, for meters and logs; times, names of ours and codes, never text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "schemas/errc.hpp"

namespace emostage::worker {

struct StageReport {
    enum class End : std::uint8_t {
        none,  // not begun, or over before this run
        done,
        failed,   // `why`
        skipped,  // its time was used up
        stopped,  // with the turn
    };

    End end = End::none;
    Errc why = Errc::internal;
    Duration took{};
};

struct RunReport {
    enum class End : std::uint8_t { completed, failed, cancelled, fenced };

    End end = End::fenced;
    Errc why = Errc::internal;  // failed
    Duration took{};
    std::optional<Duration> first_delta;  // of this run
    int restarts = 0;                     // of the reply
    bool degraded = false;                // completed without some analysis, or a part of it
    std::vector<StageReport> stages;      // as in the pipeline
};

constexpr std::string_view name(StageReport::End end) {
    switch (end) {
        case StageReport::End::none:
            return "none";
        case StageReport::End::done:
            return "done";
        case StageReport::End::failed:
            return "failed";
        case StageReport::End::skipped:
            return "skipped";
        case StageReport::End::stopped:
            return "stopped";
    }
    return "none";
}

constexpr std::string_view name(RunReport::End end) {
    switch (end) {
        case RunReport::End::completed:
            return "completed";
        case RunReport::End::failed:
            return "failed";
        case RunReport::End::cancelled:
            return "cancelled";
        case RunReport::End::fenced:
            return "fenced";
    }
    return "fenced";
}

}  // namespace emostage::worker
