#include <algorithm>
#include <array>
#include <utility>

#include "worker/pipeline/plain_text.hpp"
#include "worker/pipeline/prompt.hpp"

namespace emostage::worker {
namespace {

constexpr std::string_view opening_mark = "<dialogue>\n";
constexpr std::string_view closing_mark = "</dialogue>\n";
constexpr std::string_view left_out = "…";
constexpr std::size_t utterance_bytes_max = 64 * 1024;  // that are looked at

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view name) {
    return text.size() >= name.size() &&
           std::equal(name.begin(), name.end(), text.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

constexpr std::array<std::string_view, 4> colons{":", "：", "﹕", "︰"};

bool has_colon(std::string_view text) {
    return std::any_of(colons.begin(), colons.end(),
                       [&](std::string_view colon) { return text.find(colon) != text.npos; });
}

// Bytes of the colon at the beginning of `text`, after spaces; 0: none there.
std::size_t colon_bytes(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && text[at] == ' ') ++at;
    for (const std::string_view colon : colons) {
        if (text.substr(at).starts_with(colon)) return at + colon.size();
    }
    return 0;
}

// "Counsellor: yes" inside an utterance becomes "Counsellor - yes".
std::string without_speaking_for(std::string_view text,
                                 const std::array<std::string_view, 2>& names) {
    if (!has_colon(text)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        std::size_t taken = 0;
        for (const std::string_view name : names) {
            if (name.empty() || lower(name.front()) != lower(text[at])) continue;
            if (!begins_with(text.substr(at), name)) continue;
            const std::size_t colon = colon_bytes(text.substr(at + name.size()));
            if (colon == 0) continue;
            out.append(text.substr(at, name.size())).append(" -");
            taken = name.size() + colon;
            break;
        }
        if (taken == 0) {
            out += text[at];
            taken = 1;
        }
        at += taken;
    }
    return out;
}

// Beginning and end, where people say what it is about.
std::string without_middle(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string(text);
    const std::string between = " " + std::string(left_out) + " ";
    const std::size_t room = bytes_max > between.size() ? bytes_max - between.size() : 0;
    const std::string_view head = cut_bytes(text, room - room / 2);
    std::size_t tail = text.size() - room / 2;
    while (tail < text.size() && (static_cast<unsigned char>(text[tail]) & 0xc0) == 0x80) ++tail;
    return std::string(head).append(between).append(text.substr(tail));
}

}  // namespace

std::string render_transcript(const std::vector<wire::Utterance>& history, std::string_view text,
                              std::string_view client_name, std::string_view counsellor_name,
                              std::size_t utterances_max, std::size_t bytes_max) {
    const std::array<std::string_view, 2> names{client_name, counsellor_name};
    const auto line = [&](wire::Role role, std::string_view said, std::size_t room) {
        const std::string_view name = role == wire::Role::user ? client_name : counsellor_name;
        const std::string looked_at = without_middle(said, utterance_bytes_max);
        const std::string plain = without_brackets(one_line(looked_at, " / "));
        const std::string safe = without_middle(without_speaking_for(plain, names), room);
        return std::string(name) + ": " + safe + "\n";
    };
    const std::string newest = line(wire::Role::user, text, bytes_max);

    std::size_t room = bytes_max > newest.size() ? bytes_max - newest.size() : 0;
    const std::size_t lines_max = utterances_max > 0 ? utterances_max - 1 : 0;
    std::vector<std::string> lines;  // newest first
    while (lines.size() < std::min(history.size(), lines_max)) {
        const wire::Utterance& said = history[history.size() - lines.size() - 1];
        std::string older = line(said.role, said.text, bytes_max);
        if (older.size() > room) break;
        room -= older.size();
        lines.push_back(std::move(older));
    }
    const std::size_t step = std::max<std::size_t>(1, utterances_max / 4);
    std::size_t first = history.size() - lines.size();
    const std::size_t aligned = (first + step - 1) / step * step;
    if (aligned < history.size()) {
        first = aligned;
        lines.resize(history.size() - first);
    }

    std::string out(opening_mark);
    if (first > 0) out.append(left_out).append("\n");
    for (auto older = lines.rbegin(); older != lines.rend(); ++older) out += *older;
    out += newest;
    return out.append(closing_mark);
}

std::string render_user_message(std::string_view transcript, std::string_view stage,
                                std::string_view instruction) {
    std::string out;
    out.reserve(transcript.size() + stage.size() + instruction.size() + 16);
    out.append(transcript).append("\n[stage:").append(stage).append("]\n").append(instruction);
    return out;
}

}  // namespace emostage::worker
