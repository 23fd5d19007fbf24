#include "gateway/http/server/whole_turn.hpp"

#include <algorithm>
#include <utility>

namespace emostage::http {
namespace {

// There is no such turn, or the client library has given up on it.
bool is_unheard(const wire::Event& end) {
    return std::holds_alternative<wire::Rejected>(end.body) ||
           (std::holds_alternative<wire::Failed>(end.body) && end.seq == 0);
}

}  // namespace

WholeTurn::WholeTurn(When when, Render render, Outlet& outlet, WholeLimits limits, TimePoint now)
    : HttpTurn(outlet), when_(when), render_(std::move(render)), limits_(limits), started_(now) {}

void WholeTurn::on_event(const wire::Event& event) {
    if (over_) return;
    fresh_ = true;
    record_.on_event(event);
}

void WholeTurn::flush(TimePoint now) {
    if (over_ || !std::exchange(fresh_, false)) return;
    last_at_ = now;
    if (!first_at_) first_at_ = now;
    if (record_.end() && is_unheard(*record_.end())) return answer_error(error_of(*record_.end()));
    if (record_.end() || when_ == When::accepted) render();
}

void WholeTurn::on_time(TimePoint now) {
    if (over_) return;
    if (when_ == When::settled && first_at_ && now >= next_time()) return render();
    if (now - started_ >= limits_.length) {
        refuse({504, "server_error", "deadline_exceeded", "no end came in time"}, now);
    }
}

TimePoint WholeTurn::next_time() const {
    const TimePoint last = started_ + limits_.length;
    if (when_ != When::settled || !first_at_) return last;
    return std::min({last, *last_at_ + limits_.settle, *first_at_ + limits_.settle_most});
}

void WholeTurn::refuse(const ApiError& error, TimePoint) {
    if (!over_) answer_error(error);
}

void WholeTurn::render() {
    const auto answer = render_(record_);
    if (!answer) return answer_error(answer.error());
    HttpTurn::answer({answer->status, "application/json", {{"Cache-Control", "no-store"}}},
                     answer->body + "\n");
}

}  // namespace emostage::http
