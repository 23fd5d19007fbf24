#include "gateway/chat/line_reader.hpp"

#include <utility>

namespace emostage::chat {

void LineReader::add(std::string_view bytes) { buffer_.append(bytes); }

std::optional<Line> LineReader::next() {
    auto end = buffer_.find('\n');
    if (end == std::string::npos) {
        if (buffer_.size() > bytes_max_) {
            too_long_ = true;
            buffer_.clear();
        }
        if (!ended_ || (buffer_.empty() && !too_long_)) return std::nullopt;
        end = buffer_.size();
    }
    Line line{buffer_.substr(0, end), std::exchange(too_long_, false)};
    buffer_.erase(0, end + 1);
    if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
    if (line.text.size() > bytes_max_) line.too_long = true;
    if (line.too_long) line.text.clear();
    return line;
}

}  // namespace emostage::chat
