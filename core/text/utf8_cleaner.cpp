#include "core/text/utf8_cleaner.hpp"

namespace emostage {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool plain(unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t'; }

}  // namespace

void Utf8Cleaner::put(std::string_view character, std::string& out) {
    if (full_ || character.size() > bytes_max_ - bytes_) {
        full_ = true;  // nothing shorter may slip in behind what was dropped
        return;
    }
    out.append(character);
    bytes_ += character.size();
}

void Utf8Cleaner::replace(std::string& out) {
    have_ = 0;
    put(replacement, out);
}

void Utf8Cleaner::push(std::string_view bytes, std::string& out) {
    std::size_t i = 0;
    while (i < bytes.size() && !full_) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        if (have_ > 0) {
            if (c < low_ || c > high_) {
                replace(out);
                continue;  // the byte may begin a character of its own
            }
            held_[have_++] = bytes[i++];
            low_ = 0x80;
            high_ = 0xBF;
            if (have_ == need_) {
                have_ = 0;
                const bool c1 =
                    need_ == 2 && held_[0] == '\xC2' && static_cast<unsigned char>(held_[1]) < 0xA0;
                if (!c1) put({held_, need_}, out);
            }
            continue;
        }
        if (c < 0x80) {
            const std::size_t from = i;
            while (i < bytes.size() && plain(static_cast<unsigned char>(bytes[i]))) ++i;
            const std::size_t room = bytes_max_ - bytes_;
            const std::size_t run = i - from;
            if (run > room) full_ = true;
            out.append(bytes.substr(from, run > room ? room : run));
            bytes_ += run > room ? room : run;
            if (run == 0) ++i;  // a control
            continue;
        }
        ++i;
        low_ = 0x80;
        high_ = 0xBF;
        if (c >= 0xC2 && c <= 0xDF) {
            need_ = 2;
        } else if (c >= 0xE0 && c <= 0xEF) {
            need_ = 3;
            if (c == 0xE0) low_ = 0xA0;
            if (c == 0xED) high_ = 0x9F;  // surrogates
        } else if (c >= 0xF0 && c <= 0xF4) {
            need_ = 4;
            if (c == 0xF0) low_ = 0x90;
            if (c == 0xF4) high_ = 0x8F;
        } else {
            put(replacement, out);
            continue;
        }
        held_[0] = static_cast<char>(c);
        have_ = 1;
    }
}

void Utf8Cleaner::finish(std::string& out) {
    if (have_ > 0) replace(out);
}

std::string clean_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    Utf8Cleaner cleaner;
    cleaner.push(bytes, out);
    cleaner.finish(out);
    return out;
}

}  // namespace emostage
