#include "tests/sim/published.hpp"

#include "core/codec/hash.hpp"
#include "tests/sim/script.hpp"

namespace emostage::sim {

std::string judge(const std::string& turn, const wire::Completed& completed,
                  const std::string& text) {
    if (completed.text_bytes != text.size() || completed.text_hash != codec::text_hash(text))
        return "completed with another text than was shown";
    if (completed.finish_reason == "length" && text.size() + 4 <= reply_bytes_max)
        return "completed as too long, which it is not";
    const auto variant = variant_of(turn, text);
    if (!variant) return "completed with words that no model said so";
    if (completed.finish_reason == "stop" && text != reply_script(turn, *variant))
        return "completed though the model had more to say";
    return {};
}

std::vector<std::string> Published::take(const wire::Event& event) {
    wrong_.clear();
    const auto first = first_number(event);
    const auto before = last();
    const bool declares_void = std::holds_alternative<wire::Reset>(event.body) && first < event.seq;
    if (first == 0 || first > event.seq || first > before + 1) {
        wrong("a hole before " + std::to_string(event.seq));
    } else if (first == before + 1) {
        add(first, event);
    } else if (declares_void && event.seq > before) {
        void_from(first);
        add(first, event);
    } else if (event.seq <= before) {
        compare(first, event);
    } else {
        // A replay over what is known and what was not said to anybody yet.
        const auto* delta = std::get_if<wire::Delta>(&event.body);
        const auto known = pieces_.find(first);
        std::string text;
        for (auto at = known; at != pieces_.end(); ++at) {
            if (const auto* one = std::get_if<wire::Delta>(&at->second.body)) text += one->text;
        }
        if (!delta || known == pieces_.end() || !delta->text.starts_with(text)) {
            wrong("another content under " + std::to_string(first));
        } else {
            auto rest = event;
            std::get<wire::Delta>(rest.body).text.erase(0, text.size());
            add(before + 1, std::move(rest));
        }
    }
    return wrong_;
}

void Published::add(std::uint64_t first, wire::Event event) {
    if (ended_) wrong("something after the end");
    if (std::holds_alternative<wire::Accepted>(event.body) != (first == 1))
        wrong("accepted is number 1, and no other is");
    if (!pieces_.empty() && event.attempt < pieces_.rbegin()->second.attempt)
        wrong("an older attempt");
    if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
        for (const auto& [at, piece] : pieces_) {
            const auto* before = std::get_if<wire::Stage>(&piece.body);
            if (before && before->stage == stage->stage) wrong("a finished stage ran again");
        }
    }
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        if (delta->text.empty()) wrong("an empty delta");
        if (!text_.empty() && text_attempt_ != event.attempt) ++continued_;
        text_attempt_ = event.attempt;
        text_ += delta->text;
    }
    if (std::holds_alternative<wire::Reset>(event.body)) text_.clear();
    ended_ = wire::is_end(event.body);
    pieces_[first] = {first, event.seq, event.attempt, std::move(event.body)};
}

void Published::void_from(std::uint64_t first) {
    while (!pieces_.empty() && pieces_.rbegin()->first >= first) {
        const auto& piece = pieces_.rbegin()->second;
        if (wire::is_end(piece.body) || std::holds_alternative<wire::Accepted>(piece.body))
            wrong("void: an event that was promised");
        voided_ += piece.last - piece.first + 1;
        pieces_.erase(std::prev(pieces_.end()));
    }
    if (pieces_.empty() || pieces_.rbegin()->second.last < first) return;
    auto& torn = pieces_.rbegin()->second;
    voided_ += torn.last - first + 1;
    torn.last = first - 1;
    torn.torn = true;
}

void Published::compare(std::uint64_t first, const wire::Event& event) {
    const auto differs = [&] { wrong("two contents under " + std::to_string(event.seq)); };
    auto at = std::prev(pieces_.upper_bound(first));
    if (at->second.first == first && at->second.last == event.seq && !at->second.torn) {
        auto mine = at->second.body;
        auto theirs = event.body;
        for (auto* body : {&mine, &theirs}) {
            if (auto* delta = std::get_if<wire::Delta>(body)) delta->from = 0;
        }
        if (mine != theirs || at->second.attempt != event.attempt) differs();
        return;
    }
    // Deltas merged in another way: what can be compared is.
    const auto* delta = std::get_if<wire::Delta>(&event.body);
    if (!delta) return differs();
    const bool begins_alike = at->second.first == first;
    bool ends_alike = false;
    std::string text;
    for (; at != pieces_.end() && at->second.first <= event.seq; ++at) {
        const auto* one = std::get_if<wire::Delta>(&at->second.body);
        if (!one || at->second.attempt != event.attempt) return differs();
        if (at->second.torn) return;
        text += one->text;
        ends_alike = at->second.last == event.seq;
    }
    if (begins_alike && ends_alike ? text != delta->text
        : begins_alike             ? !text.starts_with(delta->text)
        : ends_alike               ? !text.ends_with(delta->text)
                                   : text.find(delta->text) == std::string::npos)
        differs();
}

}  // namespace emostage::sim
