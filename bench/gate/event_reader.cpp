#include "bench/gate/event_reader.hpp"

#include <variant>

#include "core/codec/codec.hpp"
#include "core/codec/hash.hpp"

namespace emostage::gate {

void EventReader::on_message(std::string_view body) {
    const auto batch = codec::decode_events(body);
    if (!batch) {
        wrong_ = "an event message cannot be read";
        return;
    }
    for (const wire::Event& event : batch->events) on_event(event);
}

void EventReader::blame(const wire::Event& event, std::string_view what) {
    if (wrong_.empty()) wrong_ = "turn " + event.turn + ": " + std::string(what);
}

void EventReader::on_event(const wire::Event& event) {
    if (event.turn.empty()) return;
    if (std::holds_alternative<wire::Rejected>(event.body)) return blame(event, "rejected");
    View& view = views_[event.turn];
    if (event.seq <= view.last) {
        ++counts_.replays;
        return;
    }
    if (wire::first_number(event) != view.last + 1) return blame(event, "a hole in its numbers");
    if (view.ended) return blame(event, "an event after its end");
    view.last = event.seq;
    view.ended = wire::is_end(event.body);
    if (std::holds_alternative<wire::Accepted>(event.body)) {
        ++counts_.turns;
    } else if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        ++counts_.deltas;
        view.text += delta->text;
    } else if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
        ++counts_.completed;
        if (completed->text_hash != codec::text_hash(view.text)) blame(event, "another text");
    } else if (std::holds_alternative<wire::Cancelled>(event.body)) {
        ++counts_.cancelled;
    } else if (view.ended) {
        blame(event, "it failed");
    }
}

Result<Counts> EventReader::result() const {
    if (!wrong_.empty()) return fail(Errc::internal, wrong_);
    return counts_;
}

}  // namespace emostage::gate
