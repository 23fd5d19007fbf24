#include "gateway/http/api/turn_record.hpp"

#include <algorithm>
#include <variant>

namespace emostage::http {

void TurnRecord::on_event(const wire::Event& event) {
    if (turn_.empty()) turn_ = event.turn;
    if (session_.empty()) session_ = event.session;
    if (event.seq != 0) seq_ = event.seq;
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        text_ += delta->text;
    } else if (std::holds_alternative<wire::Accepted>(event.body)) {
        status_ = Status::queued;
    } else if (std::holds_alternative<wire::Started>(event.body)) {
        status_ = Status::running;
    } else if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
        // One that comes a second time replaces the first.
        const auto found =
            std::find_if(stages_.begin(), stages_.end(),
                         [&](const wire::Stage& one) { return one.stage == stage->stage; });
        if (found == stages_.end()) {
            stages_.push_back(*stage);
        } else {
            *found = *stage;
        }
    } else if (std::holds_alternative<wire::Reset>(event.body)) {
        text_.clear();
    } else if (wire::is_end(event.body)) {
        end_ = event;
        status_ = std::holds_alternative<wire::Completed>(event.body)   ? Status::completed
                  : std::holds_alternative<wire::Cancelled>(event.body) ? Status::cancelled
                                                                        : Status::failed;
    }
}

}  // namespace emostage::http
