#include "core/llm/head_reader.hpp"

#include <charconv>
#include <string>

namespace emostage::llm {
namespace {

bool is_named(std::string_view line, std::string_view lower_name) {
    if (line.size() <= lower_name.size() || line[lower_name.size()] != ':') return false;
    for (std::size_t i = 0; i < lower_name.size(); ++i) {
        const char c = line[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != lower_name[i]) return false;
    }
    return true;
}

std::string value_of(std::string_view line) {
    const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    std::string_view value = line.substr(line.find(':') + 1);
    while (!value.empty() && blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && blank(value.back())) value.remove_suffix(1);
    return std::string(value.substr(0, HeadReader::value_bytes_max));
}

int status_of(std::string_view line) {
    const std::size_t space = line.find(' ');
    int status = 0;
    if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
    }
    return status;
}

}  // namespace

void HeadReader::reset() { *this = {}; }

bool HeadReader::on_line(std::string_view line) {
    bytes_ += line.size();
    if (bytes_ > bytes_max) return false;
    if (complete_) return true;  // a trailer
    if (line.starts_with("HTTP/")) {
        head_ = {};
        head_.status = status_of(line);
    } else if (is_named(line, "retry-after")) {
        head_.retry_after = value_of(line);
    } else if (is_named(line, "retry-after-ms")) {
        head_.retry_after_ms = value_of(line);
    } else if (line == "\r\n" || line == "\n") {
        complete_ = head_.status >= 200;
    }
    return true;
}

}  // namespace emostage::llm
