// XXH64 of a reply, as the `completed` event carries it. https://xxhash.com
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct XXH64_state_s;

namespace emostage::codec {

std::string text_hash(std::string_view text);  // 16 lower-case hex digits, seed 0

// The same of a text that comes in pieces, and its length in bytes. Keeps no text.
class TextHasher {
public:
    TextHasher();
    void append(std::string_view text);
    void reset();

    std::uint64_t bytes() const { return bytes_; }
    std::string hash() const;

private:
    struct Free {
        void operator()(XXH64_state_s* state) const;
    };
    std::unique_ptr<XXH64_state_s, Free> state_;
    std::uint64_t bytes_ = 0;
};

}  // namespace emostage::codec
