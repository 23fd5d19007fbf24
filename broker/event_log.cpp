#include "broker/event_log.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace emostage::broker {
namespace {

std::size_t heap_bytes(const wire::EventBody& body) {
    if (const auto* stage = std::get_if<wire::Stage>(&body)) {
        std::size_t bytes = stage->stage.size() + stage->result.bytes.size();
        for (const auto& field : stage->defaulted) bytes += field.size() + sizeof field;
        return bytes;
    }
    if (const auto* alert = std::get_if<wire::Alert>(&body)) {
        return alert->stage.size() + alert->field.size() + alert->value.size();
    }
    if (const auto* started = std::get_if<wire::Started>(&body)) return started->worker.size();
    if (const auto* reset = std::get_if<wire::Reset>(&body)) return reset->reason.size();
    if (const auto* failed = std::get_if<wire::Failed>(&body)) return failed->message.size();
    if (const auto* completed = std::get_if<wire::Completed>(&body)) {
        std::size_t bytes = completed->text_hash.size() + completed->finish_reason.size();
        for (const auto& [name, ms] : completed->timings_ms)
            bytes += name.size() + sizeof name + sizeof ms;
        for (const auto& name : completed->degraded) bytes += name.size() + sizeof name;
        return bytes;
    }
    return 0;
}

bool is_run(const wire::EventBody& body) { return std::holds_alternative<wire::Delta>(body); }

}  // namespace

std::uint64_t EventLog::append(const wire::EventBody& body, std::uint32_t attempt,
                               std::int64_t at_ms) {
    assert(!is_run(body));
    ++last_;
    entries_.push_back({last_, last_, attempt, at_ms, 0, body});
    body_bytes_ += heap_bytes(body);
    if (std::holds_alternative<wire::Reset>(body)) text_begin_ = text_.size();
    return last_;
}

void EventLog::append_gap(std::uint64_t seq, wire::EventBody body, std::uint32_t attempt,
                          std::int64_t at_ms) {
    assert(seq > last_);
    if (auto* reset = std::get_if<wire::Reset>(&body)) {
        reset->from = last_ + 1;
        text_begin_ = text_.size();
    }
    if (auto* failed = std::get_if<wire::Failed>(&body)) failed->from = last_ + 1;
    if (auto* cancelled = std::get_if<wire::Cancelled>(&body)) cancelled->from = last_ + 1;
    body_bytes_ += heap_bytes(body);
    entries_.push_back({last_ + 1, seq, attempt, at_ms, 0, std::move(body)});
    last_ = seq;
}

std::uint64_t EventLog::append_delta(std::string_view text, std::uint32_t attempt,
                                     std::int64_t at_ms) {
    assert(text_.size() + text.size() <= std::numeric_limits<std::uint32_t>::max());
    ++last_;
    if (pieces_.empty()) base_ms_ = at_ms;
    if (!entries_.empty() && is_run(entries_.back().body) && entries_.back().attempt == attempt) {
        entries_.back().last = last_;
    } else {
        entries_.push_back({last_, last_, attempt, at_ms, pieces_.size(), wire::Delta{}});
    }
    text_.append(text);
    const auto offset =
        std::clamp<std::int64_t>(at_ms - base_ms_, 0, std::numeric_limits<std::uint32_t>::max());
    pieces_.push_back(
        {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(offset)});
    return last_;
}

std::vector<wire::Stage> EventLog::stages() const {
    std::vector<wire::Stage> stages;
    for (const Entry& entry : entries_) {
        const auto* stage = std::get_if<wire::Stage>(&entry.body);
        if (!stage) continue;
        std::erase_if(stages, [&](const auto& known) { return known.stage == stage->stage; });
        stages.push_back(*stage);
    }
    return stages;
}

std::size_t EventLog::bytes() const {
    return text_.size() + pieces_.size() * sizeof(Piece) + entries_.size() * sizeof(Entry) +
           body_bytes_;
}

void EventLog::replay(std::uint64_t after, std::uint64_t upto, std::size_t merge_bytes,
                      const std::function<void(wire::Event&)>& take) const {
    auto entry = std::partition_point(entries_.begin(), entries_.end(),
                                      [&](const Entry& e) { return e.last <= after; });
    for (; entry != entries_.end() && entry->first <= upto; ++entry) {
        if (is_run(entry->body)) {
            replay_run(*entry, after, upto, merge_bytes, take);
            continue;
        }
        if (entry->last > upto) return;
        wire::Event event{{}, {}, entry->last, entry->attempt, entry->at_ms, entry->body};
        take(event);
    }
}

void EventLog::replay_run(const Entry& run, std::uint64_t after, std::uint64_t upto,
                          std::size_t merge_bytes,
                          const std::function<void(wire::Event&)>& take) const {
    std::uint64_t from = std::max(run.first, after + 1);
    const std::uint64_t end = std::min(run.last, upto);
    while (from <= end) {
        const auto piece_of = [&](std::uint64_t seq) { return run.piece + (seq - run.first); };
        const auto begin = begin_of(piece_of(from));
        std::uint64_t to = from;
        while (to < end && pieces_[piece_of(to + 1)].end - begin <= merge_bytes) ++to;
        const Piece& last = pieces_[piece_of(to)];
        wire::Event event{{},
                          {},
                          to,
                          run.attempt,
                          base_ms_ + last.at_offset,
                          wire::Delta{text_.substr(begin, last.end - begin), to > from ? from : 0}};
        take(event);
        from = to + 1;
    }
}

void EventLog::shrink() {
    entries_.shrink_to_fit();
    text_.shrink_to_fit();
    pieces_.shrink_to_fit();
}

}  // namespace emostage::broker
