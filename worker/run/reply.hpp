// A turn's reply as its readers hold it, and what can be done when it breaks off.
//
// Pure; owned by Run; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/codec/hash.hpp"
#include "schemas/command.hpp"

namespace emostage::worker {

class Reply {
public:
    enum class Next : std::uint8_t {
        begin,
        go_on,  // with what follows the text
        reset,  // take the text back, and begin
        fail,   // it can neither go on nor be taken back
        full,   // it is as long as it may be: only its end was lost
    };

    // `shown` is by former attempts.
    Reply(std::string shown, wire::OnLost on_lost, std::size_t bytes_max)
        : text_(std::move(shown)), on_lost_(on_lost), bytes_max_(bytes_max) {}

    void append(std::string_view text) { text_.append(text); }
    void forget() { text_.clear(); }

    bool empty() const { return text_.empty(); }
    const std::string& text() const { return text_; }
    std::string hash() const { return codec::text_hash(text_); }
    std::size_t room() const { return bytes_max_ - std::min(bytes_max_, text_.size()); }

    // `can_continue`: whether an endpoint goes on with a text that was begun.
    Next next(bool can_continue) const;

    // No endpoint is asked again to go on: one that said it could has refused.
    void refuse_to_continue() { refused_ = true; }

private:
    std::string text_;
    wire::OnLost on_lost_;
    std::size_t bytes_max_;
    bool refused_ = false;
};

}  // namespace emostage::worker
