// One msgpack value, already encoded and known to be well-formed.
//
// Stage results and a session's remembered values cross the broker in this form: it keeps and
// forwards them without knowing what they mean.
#pragma once

#include <string>

namespace emostage::wire {

struct Packed {
    std::string bytes;  // empty: no value

    bool operator==(const Packed&) const = default;
};

}  // namespace emostage::wire
