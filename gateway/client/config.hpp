// The client library's limits and times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.hpp"

namespace emostage::gateway {

struct Config {
    std::string gateway;  // an id; each running instance has one of its own

    // What is kept until a turn's end
    std::size_t turns_max = 8'192;
    std::size_t open_bytes_max = 256u * 1024 * 1024;  // all opens, encoded

    // Asking again. Each wait doubles up to its most.
    milliseconds open_again{1'000}, open_again_most{8'000};
    milliseconds cancel_again{500}, cancel_again_most{4'000};
    milliseconds gap_wait{20};  // a replay that is on its way fills most gaps
    milliseconds resume_again{250}, resume_again_most{5'000};
    std::uint32_t resumes_per_second = 1'000, resumes_at_once = 256;
    milliseconds pipe_full_wait{20};

    // The link. Beacons come each second while a turn is live.
    milliseconds scan{1'000};
    milliseconds quiet_max{3'500};  // nothing from the broker though something is due: reconnecting
    milliseconds unlisted_max{3'500};  // a turn neither in beacons nor with events: resume
    milliseconds resubscribe_most{10'000};

    // Giving up
    milliseconds silent_max{30'000};     // a turn of which nothing is heard fails, `unavailable`
    milliseconds deadline_grace{5'000};  // the broker's own `deadline_exceeded` comes first
    std::uint32_t rereads_max = 1;       // of a reply that came damaged
    std::uint32_t reopens_max = 1;       // of a turn that one and the same broker has lost
};

}  // namespace emostage::gateway
