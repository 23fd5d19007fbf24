// What a host has sent and the script has not read: one buffer that is used again, so that what is
// counted pays for the bytes and not for a mailbox.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::gate {

class Mail {
public:
    // Beyond these the buffers grow while work is counted.
    static constexpr std::size_t bytes_expected = 4 * 1024 * 1024;
    static constexpr std::size_t letters_expected = 4096;

    Mail() {
        bytes_.reserve(bytes_expected);
        letters_.reserve(letters_expected);
    }

    void add(std::string_view to, std::string_view message) {
        letters_.push_back({bytes_.size(), to.size(), message.size()});
        bytes_.append(to).append(message);
    }

    bool empty() const { return letters_.empty(); }

    // Calls read(to, message) for each, in order; then there is none. `read` must not cause new
    // ones.
    template <class Read>
    void take(Read&& read) {
        const std::string_view all = bytes_;
        for (const Letter& letter : letters_) {
            read(all.substr(letter.at, letter.to),
                 all.substr(letter.at + letter.to, letter.message));
        }
        letters_.clear();
        bytes_.clear();
    }

private:
    struct Letter {
        std::size_t at, to, message;  // where it begins; bytes
    };

    std::string bytes_;
    std::vector<Letter> letters_;
};

}  // namespace emostage::gate
