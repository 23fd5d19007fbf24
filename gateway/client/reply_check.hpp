// Byte count and XXH64 of a reply as it grows, to be held against its `completed` event.
//
// Keeps no text. https://xxhash.com
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "schemas/event.hpp"

struct XXH64_state_s;

namespace emostage::gateway {

class ReplyCheck {
public:
    void add(std::string_view text);
    void reset();

    std::uint64_t bytes() const { return bytes_; }
    bool confirms(const wire::Completed& completed) const;

private:
    struct Free {
        void operator()(XXH64_state_s* state) const;
    };
    std::unique_ptr<XXH64_state_s, Free> state_;  // null until there is text
    std::uint64_t bytes_ = 0;
};

}  // namespace emostage::gateway
