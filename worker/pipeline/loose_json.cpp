#include "worker/pipeline/loose_json.hpp"

#include <algorithm>
#include <utility>

namespace emostage::worker {
namespace {

struct Quote {
    std::string_view opens;
    std::string_view closes;
};

constexpr Quote quotes[] = {
    {"\"", "\""}, {"'", "'"}, {"“", "”"}, {"”", "”"}, {"＂", "＂"}, {"‘", "’"}, {"「", "」"},
};

constexpr std::pair<std::string_view, char> full_width[] = {
    {"：", ':'}, {"，", ','}, {"、", ','}, {"｛", '{'}, {"｝", '}'}, {"［", '['}, {"］", ']'},
};

constexpr std::string_view wide_space = "　";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Of the space at the beginning, an ideographic one too; 0: none.
std::size_t space_bytes(std::string_view text) {
    if (text.empty()) return 0;
    if (is_space(text.front())) return 1;
    return text.starts_with(wide_space) ? wide_space.size() : 0;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_multibyte(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class Mender {
public:
    Mender(std::string_view text, std::size_t depth_max, std::size_t values_max)
        : text_(text), depth_max_(depth_max), values_max_(values_max) {}

    LooseObject read() {
        if (!text_.starts_with('{')) return {};
        do {
            if (!step()) return {"", at_};
        } while (!open_.empty() && at_ < text_.size());
        comma_ = false;
        while (!open_.empty()) close(open_.back());  // the end brackets that are missing
        return {std::move(out_), at_};
    }

private:
    std::string_view rest() const { return text_.substr(at_); }

    bool step() {
        if (skip_space() || skip_comment()) return true;
        const char c = text_[at_];
        if (c == '"' || c == '\'' || is_multibyte(c)) {
            for (const Quote& quote : quotes) {
                if (rest().starts_with(quote.opens)) return string(quote);
            }
        }
        if (is_multibyte(c)) {
            for (const auto& [wide, narrow] : full_width) {
                if (!rest().starts_with(wide)) continue;
                at_ += wide.size();
                return mark(narrow);
            }
        }
        if (is_letter(c)) return word();
        if (is_digit(c) || c == '-') return number();
        ++at_;
        return mark(c);
    }

    bool skip_space() {
        const std::size_t size = space_bytes(rest());
        at_ += size;
        return size > 0;
    }

    bool skip_comment() {
        if (rest().starts_with("//")) {
            at_ = std::min(text_.find('\n', at_), text_.size());
            return true;
        }
        if (rest().starts_with("/*")) {
            const std::size_t end = text_.find("*/", at_ + 2);
            at_ = end == text_.npos ? text_.size() : end + 2;
            return true;
        }
        return false;
    }

    bool mark(char c) {
        switch (c) {
            case '{':
            case '[':
                if (open_.size() == depth_max_ || !value()) return false;
                out_ += c;
                open_.push_back(c == '{' ? '}' : ']');
                return true;
            case '}':
            case ']':
                if (open_.empty() || open_.back() != c) return false;
                comma_ = false;
                close(c);
                return true;
            case ',':
                comma_ = true;  // said when something follows
                return true;
            case ':':
                out_ += c;
                return true;
            default:
                return false;
        }
    }

    void close(char c) {
        out_ += c;
        open_.pop_back();
    }

    // Before each value and key.
    bool value() {
        if (std::exchange(comma_, false)) out_ += ',';
        return ++values_ <= values_max_;
    }

    bool word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() &&
               (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '-')) {
            ++at_;
        }
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (!value()) return false;
        if (word == "true" || word == "True") {
            out_ += "true";
        } else if (word == "false" || word == "False") {
            out_ += "false";
        } else if (word == "null" || word == "None") {
            out_ += "null";
        } else {
            out_.append("\"").append(word).append("\"");
        }
        return true;
    }

    bool number() {
        if (!value()) return false;
        while (at_ < text_.size() &&
               (is_digit(text_[at_]) || is_letter(text_[at_]) || text_[at_] == '-' ||
                text_[at_] == '+' || text_[at_] == '.')) {
            out_ += text_[at_++];
        }
        return true;
    }

    // Whether a string can end here: what follows goes on with the object or list.
    bool ends_after(std::size_t at) const {
        std::string_view after = text_.substr(at);
        while (const std::size_t size = space_bytes(after)) after.remove_prefix(size);
        if (after.empty()) return true;
        const char c = after.front();
        if (c == ',' || c == ':' || c == '}' || c == ']' || c == '/') return true;
        return is_multibyte(c) &&
               std::any_of(std::begin(full_width), std::end(full_width),
                           [&](const auto& mark) { return after.starts_with(mark.first); });
    }

    bool string(const Quote& quote) {
        if (!value()) return false;
        at_ += quote.opens.size();
        out_ += '"';
        while (at_ < text_.size()) {
            if (rest().starts_with(quote.closes) && ends_after(at_ + quote.closes.size())) {
                at_ += quote.closes.size();
                out_ += '"';
                return true;
            }
            character();
        }
        return false;
    }

    void character() {
        const char c = text_[at_++];
        if (c == '\\' && at_ < text_.size()) {
            escape();
        } else if (c == '"') {
            out_ += "\\\"";
        } else if (c == '\n') {
            out_ += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out_ += ' ';
        } else if (c != '\\') {
            out_ += c;
        }
    }

    // What is no escape of JSON stands for itself.
    void escape() {
        const char c = text_[at_];
        const std::string_view digits = text_.substr(at_ + 1, 4);
        const bool unicode =
            c == 'u' && digits.size() == 4 && std::all_of(digits.begin(), digits.end(), is_hex);
        if (!unicode && std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return;
        out_ += '\\';
        out_ += c;
        ++at_;
    }

    std::string_view text_;
    std::size_t depth_max_;
    std::size_t values_max_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
    bool comma_ = false;
    std::string open_;  // the end brackets that are awaited
    std::string out_;
};

}  // namespace

LooseObject read_loose_object(std::string_view text, std::size_t depth_max,
                              std::size_t values_max) {
    return Mender(text, depth_max, values_max).read();
}

}  // namespace emostage::worker
