// Any bytes to text that can be shown and sent: valid UTF-8 without control characters other than
// newline and tab.
//
// What is not UTF-8 becomes U+FFFD, one for each longest wrong beginning (Unicode 15, section 3.9).
// C0, DEL and C1 controls are dropped. Characters may be split over any pieces: an incomplete tail
// (at most 3 bytes) is held back. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace emostage {

class Utf8Cleaner {
public:
    // `bytes_max` of clean text in all; what follows is dropped, on a character's border.
    explicit Utf8Cleaner(std::size_t bytes_max = std::numeric_limits<std::size_t>::max())
        : bytes_max_(bytes_max) {}

    // Append to `out`.
    void push(std::string_view bytes, std::string& out);
    void finish(
        std::string& out);  // a held-back tail becomes U+FFFD; then as if new, but for bytes()

    bool full() const { return full_; }  // something was dropped for want of room
    std::size_t bytes() const { return bytes_; }

private:
    void put(std::string_view character, std::string& out);
    void replace(std::string& out);

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    bool full_ = false;
    // The character under way.
    char held_[4] = {};
    std::uint8_t have_ = 0;
    std::uint8_t need_ = 0;    // its whole length
    std::uint8_t low_ = 0x80;  // range of its next byte
    std::uint8_t high_ = 0xBF;
};

std::string clean_utf8(std::string_view bytes);

}  // namespace emostage
