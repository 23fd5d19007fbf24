#include "core/llm/sse_reader.hpp"

#include <algorithm>

namespace emostage::llm {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t name_bytes_max = 64;

// First LF or CR, or npos.
std::size_t find_line_end(std::string_view bytes) {
    const std::size_t lf = bytes.find('\n');
    const std::size_t cr = bytes.substr(0, lf).find('\r');
    return cr == std::string_view::npos ? lf : cr;
}

}  // namespace

void SseReader::reset() {
    rest_ = {};
    line_.clear();
    data_.clear();
    name_.clear();
    has_data_ = after_cr_ = taken_ = failed_ = false;
    at_start_ = true;
}

// False: its end has not come yet, or it is too long.
bool SseReader::take_line(std::string_view& line) {
    if (after_cr_ && !rest_.empty()) {
        if (rest_.front() == '\n') rest_.remove_prefix(1);
        after_cr_ = false;
    }
    const std::size_t end = find_line_end(rest_);
    const std::size_t length = std::min(end, rest_.size());
    if (line_.size() + length > line_bytes_max) {
        failed_ = true;
        return false;
    }
    if (end == std::string_view::npos) {
        line_.append(rest_);
        rest_ = {};
        return false;
    }
    if (line_.empty()) {
        line = rest_.substr(0, end);
    } else {
        line_.append(rest_.substr(0, end));
        line = line_;
    }
    after_cr_ = rest_[end] == '\r';
    rest_.remove_prefix(end + 1);
    return true;
}

// False: the event is too long.
bool SseReader::read_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value;
    if (colon != std::string_view::npos) value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
        if (data_.size() + value.size() + 1 > event_bytes_max) return false;
        if (has_data_) data_.push_back('\n');
        data_.append(value);
        has_data_ = true;
    } else if (field == "event") {
        name_.assign(value.substr(0, name_bytes_max));
    }
    return true;
}

SseReader::Next SseReader::next() {
    if (taken_) {
        data_.clear();
        name_.clear();
        has_data_ = taken_ = false;
    }
    std::string_view line;
    while (!failed_ && take_line(line)) {
        if (at_start_) {
            at_start_ = false;
            if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
        }
        bool fits = true;
        const bool blank = line.empty();
        if (!blank) fits = read_field(line);  // a comment's field name is empty: no known one
        line_.clear();
        if (!fits) {
            failed_ = true;
        } else if (blank && has_data_) {
            taken_ = true;
            return Next::event;
        } else if (blank) {
            name_.clear();
        }
    }
    return failed_ ? Next::error : Next::none;
}

}  // namespace emostage::llm
