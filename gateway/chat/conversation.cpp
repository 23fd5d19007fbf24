#include "gateway/chat/conversation.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "gateway/chat/json_lines.hpp"
#include "gateway/chat/terminal_text.hpp"

namespace emostage::chat {

namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\f\v") == std::string_view::npos;
}

}  // namespace

Conversation::Conversation(Manner manner, Ports& ports)
    : manner_(manner), ports_(ports), view_(manner.tongue, manner.screen) {}

void Conversation::start() {
    ports_.tell(std::string(words(manner_.tongue).greeting) + "\n\n");
    next();
}

void Conversation::on_line(const Line& line) {
    prompted_ = false;
    interrupted_at_.reset();
    if (left_) return;
    if (line.too_long) {
        refuse(Errc::too_large, too_long(manner_.tongue, ports_.text_bytes_max()));
    } else if (is_blank(line.text)) {
        next();
    } else if (line.text == "/quit") {
        leave();
    } else if (line.text == "/help") {
        note(words(manner_.tongue).help);
        next();
    } else if (!is_utf8(line.text)) {
        refuse(Errc::invalid_field, words(manner_.tongue).not_text);
    } else if (line.text.size() > ports_.text_bytes_max()) {
        refuse(Errc::too_large, too_long(manner_.tongue, ports_.text_bytes_max()));
    } else {
        send(line.text);
    }
}

void Conversation::send(const std::string& text) {
    if (!manner_.interactive && !manner_.json) ports_.write("> " + clean(text) + "\n");
    auto turn = ports_.open(text, *this);
    if (!turn) {
        wire::Event event;
        event.body = wire::Rejected{turn.error().code, turn.error().message, {}};
        on_event(event);
        return;
    }
    turn_ = std::move(*turn);
    cancelling_ = false;
    if (!manner_.json) ports_.write(view_.begin_turn());
}

// A line that cannot be sent: told, and counted as a turn that did not complete.
void Conversation::refuse(Errc code, std::string_view sentence) {
    if (manner_.json) {
        wire::Event event;
        event.body = wire::Rejected{code, std::string(sentence), {}};
        ports_.write(json_line(event));
    } else {
        ports_.write(view_.note(sentence));
    }
    all_completed_ = false;
    next();
}

void Conversation::on_event(const wire::Event& event) {
    if (left_) return;
    const auto out = manner_.json ? json_line(event) : view_.on(event);
    if (!out.empty()) ports_.write(out);
    if (!wire::is_end(event.body)) return;
    turn_.clear();
    if (!std::holds_alternative<wire::Completed>(event.body)) all_completed_ = false;
    // Lines from a pipe do not wait for a broker that is not there.
    const auto* failed = std::get_if<wire::Failed>(&event.body);
    if (!manner_.interactive && failed != nullptr && failed->code == Errc::unavailable)
        last_ = true;
    next();
}

void Conversation::next() {
    if (left_) return;
    if (last_) {
        leave();
        return;
    }
    if (manner_.interactive && !manner_.json) ports_.write(view_.prompt());
    prompted_ = manner_.interactive;
    ports_.read_line();
}

void Conversation::on_end_of_input() {
    if (left_) return;
    if (std::exchange(prompted_, false) && !manner_.json) ports_.write("\n");
    last_ = true;
    if (turn_.empty()) leave();
}

void Conversation::on_interrupt(TimePoint now) {
    if (left_) return;
    if (!turn_.empty()) {
        if (!manner_.interactive) last_ = true;
        cancelling_ ? leave() : stop_turn();
        return;
    }
    if (!manner_.interactive ||
        (interrupted_at_ && now - *interrupted_at_ <= Duration(leave_within))) {
        if (!manner_.interactive) all_completed_ = false;
        leave();
        return;
    }
    interrupted_at_ = now;
    note(words(manner_.tongue).leave_hint);
}

void Conversation::on_terminate() {
    if (left_) return;
    last_ = true;
    if (turn_.empty() || cancelling_) {
        leave();
    } else {
        stop_turn();
    }
}

void Conversation::stop_turn() {
    cancelling_ = true;
    ports_.cancel(turn_);
}

void Conversation::on_link(gateway::Link link) {
    if (left_) return;
    if (link == gateway::Link::reconnecting) {
        unreachable_told_ = true;
        note(words(manner_.tongue).unreachable);
    } else if (link == gateway::Link::ready && std::exchange(unreachable_told_, false)) {
        note(words(manner_.tongue).connected);
    }
}

// On a terminal the prompt is repeated below the note.
void Conversation::note(std::string_view text) {
    if (manner_.json || !manner_.interactive) {
        ports_.tell(std::string(text) + "\n");
        return;
    }
    const bool again = std::exchange(prompted_, false);
    ports_.write((again ? "\n" : "") + view_.note(text));
    if (!again) return;
    ports_.write(view_.prompt());
    prompted_ = true;
}

void Conversation::leave() {
    left_ = true;
    if (!turn_.empty()) all_completed_ = false;
    ports_.leave(manner_.interactive || all_completed_ ? all_completed : not_all_completed);
}

}  // namespace emostage::chat
