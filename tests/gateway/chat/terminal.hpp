// A small terminal: what stands on its screen after some bytes. Knows what the view uses and fails
// on any other escape sequence.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::chat::test {

class Terminal {
public:
    Terminal(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows), lines_(1) {}

    void feed(std::string_view bytes) {
        for (std::size_t i = 0; i < bytes.size();) {
            if (bytes[i] == '\n') {
                down();
                column_ = 0;
                ++i;
            } else if (bytes[i] == '\r') {
                column_ = 0;
                ++i;
            } else if (bytes[i] == '\x1b') {
                i = escape(bytes, i);
            } else {
                i = put(bytes, i);
            }
        }
    }

    // All lines ever scrolled and on the screen, without trailing spaces and empty lines.
    std::string text() const {
        std::string out;
        for (const auto& line : lines_) {
            std::string one;
            for (const auto& cell : line) one += cell;
            one.erase(one.find_last_not_of(' ') + 1);
            out += one + "\n";
        }
        out.erase(out.find_last_not_of('\n') + 1);
        return out;
    }

private:
    using Cells = std::vector<std::string>;  // a wide character is followed by an empty cell

    Cells& line() { return lines_[row_]; }

    void down() {
        if (++row_ == lines_.size()) lines_.emplace_back();
    }

    std::size_t put(std::string_view bytes, std::size_t at) {
        const auto lead = static_cast<unsigned char>(bytes[at]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        const auto character = bytes.substr(at, size);
        const bool narrow = size < 3 || character == "…" || character == "●" || character == "○";
        const std::size_t width = narrow ? 1 : 2;
        if (column_ + width > columns_) {
            down();
            column_ = 0;
        }
        if (line().size() < column_ + width) line().resize(column_ + width, " ");
        line()[column_] = character;
        if (width == 2) line()[column_ + 1].clear();
        column_ += width;
        return at + size;
    }

    std::size_t escape(std::string_view bytes, std::size_t at) {
        const auto end = bytes.find_first_not_of("0123456789", at + 2);
        if (bytes.substr(at, 2) != "\x1b[" || end == std::string_view::npos) {
            throw std::runtime_error("an escape sequence that the terminal does not know");
        }
        const std::string digits(bytes.substr(at + 2, end - at - 2));
        const std::size_t number = digits.empty() ? 0 : std::stoul(digits);
        switch (bytes[end]) {
            case 'm':
                break;
            case 'A': {
                // The cursor stays on the screen: what has scrolled away cannot be reached.
                const auto top = lines_.size() > rows_ ? lines_.size() - rows_ : 0;
                row_ = row_ >= top + number ? row_ - number : top;
                break;
            }
            case 'J':
                lines_.resize(row_ + 1);
                [[fallthrough]];
            case 'K':
                if (line().size() > column_) line().resize(column_);
                break;
            default:
                throw std::runtime_error("an escape sequence that the terminal does not know");
        }
        return end + 1;
    }

    std::size_t columns_, rows_;
    std::vector<Cells> lines_;
    std::size_t row_ = 0, column_ = 0;
};

}  // namespace emostage::chat::test
