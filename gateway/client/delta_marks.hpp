// Where in the reply each delta ended, so that a replayed delta that stands for several numbers can
// be cut to the part that is new.
//
// Marks reach back over one unbroken run of deltas: its beginning and its newest `marks_max` ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace emostage::gateway {

class DeltaMarks {
public:
    static constexpr std::size_t marks_max = 256;

    // After the event `seq` the reply has `bytes`. `delta`: it carried text; else a new run begins.
    void add(std::uint64_t seq, std::uint64_t bytes, bool delta);
    void clear();

    // How many bytes of the reply come before the event `seq`; nothing where that is not known.
    std::optional<std::uint64_t> bytes_before(std::uint64_t seq) const;

private:
    struct Mark {
        std::uint64_t seq, bytes;
    };
    std::optional<Mark> run_;  // the last event before the run
    std::deque<Mark> ends_;
};

}  // namespace emostage::gateway
