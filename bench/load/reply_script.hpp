// How many of the far end's tokens a piece of reply holds, and whether it is the piece that must
// come here: a delta may carry several tokens, so deltas cannot be counted for them.
//
// Pure. What the far end says is known, because we have started it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::load {

enum class FarEnd : std::uint8_t {
    numbered,   // token i is ` w` and i in three digits, filled up to `token_bytes`;
                // the first blank is not said, for workers drop it
    rehearsal,  // emostage-rehearsal's scripted replies: words, cut as it cuts them
    unknown,    // any model: a delta counts as one token
};

class ReplyScript {
public:
    static constexpr std::size_t numbered_bytes_min = 5;
    static constexpr std::size_t numbered_tokens_max = 1'000;

    // `token_bytes`: of numbered tokens, at least numbered_bytes_min.
    explicit ReplyScript(FarEnd far_end, std::size_t token_bytes = 6);

    struct Piece {
        std::size_t tokens = 0;  // that end in it
        bool right = true;
    };
    // `before`: bytes of the reply that came before it.
    Piece read(std::uint64_t before, std::string_view text) const;

private:
    FarEnd far_end_;
    std::size_t token_bytes_;
    std::string numbered_;  // the whole reply
};

}  // namespace emostage::load
