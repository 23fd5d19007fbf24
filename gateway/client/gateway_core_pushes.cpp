// The part of GatewayCore that says things to the broker, and when to say them again.
#include <algorithm>
#include <utility>

#include "core/codec/codec.hpp"
#include "gateway/client/gateway_core.hpp"

namespace emostage::gateway {

namespace {

milliseconds doubled(milliseconds wait, milliseconds most) { return std::min(wait * 2, most); }

}  // namespace

void GatewayCore::push_open(Turn& turn, Now now) {
    if (turn.known || turn.cancelled || now.steady < turn.push_at) return;
    if (!push(turn.open, counters_.opens_pushed, now)) {
        turn.push_at = full_until_;
        return;
    }
    ++turn.pushes;
    turn.push_at = now.steady + turn.push_wait;
    turn.push_wait = doubled(turn.push_wait, config_.open_again_most);
}

void GatewayCore::push_resume(Turn& turn, Now now) {
    if (!turn.known || !(turn.ask || turn.behind) || now.steady < turn.resume_at) return;
    if (link() != Link::ready) return;
    // What came since the last time is progress.
    if (turn.asked_after != turn.reader.last()) turn.resume_wait = config_.resume_again;
    if (!std::exchange(turn.permitted, true)) {
        turn.resume_at = resumes_.take(now.steady);
        if (turn.resume_at > now.steady) return;
    }
    const auto bytes = codec::encode_command(
        wire::Command(wire::Resume{config_.gateway, turn.id, turn.reader.last()}));
    if (!push(bytes, counters_.resumes_pushed, now)) {
        turn.resume_at = full_until_;
        return;
    }
    turn.ask = turn.permitted = false;
    turn.asked_after = turn.reader.last();
    turn.resume_at = now.steady + turn.resume_wait;
    turn.resume_wait = doubled(turn.resume_wait, config_.resume_again_most);
}

void GatewayCore::push_cancel(Turn& turn, Now now) {
    if (!turn.cancelled || (!turn.known && turn.pushes == 0) || now.steady < turn.cancel_at) return;
    const auto bytes = codec::encode_command(wire::Command(wire::Cancel{config_.gateway, turn.id}));
    if (!push(bytes, counters_.cancels_pushed, now)) {
        turn.cancel_at = full_until_;
        return;
    }
    turn.cancel_at = now.steady + turn.cancel_wait;
    turn.cancel_wait = doubled(turn.cancel_wait, config_.cancel_again_most);
}

// False: not now. Either the link is not ready, and resync() pushes later, or the pipe is full.
bool GatewayCore::push(std::string_view command, std::uint64_t& counter, Now now) {
    if (link() != Link::ready || now.steady < full_until_) return false;
    if (!outputs_.push(command)) {
        ++counters_.pipe_full;
        full_until_ = now.steady + config_.pipe_full_wait;
        return false;
    }
    ++counter;
    return true;
}

void GatewayCore::schedule(Turn& turn) {
    TimePoint at = turn.deadline_at;
    const bool sent = turn.known || turn.pushes > 0;
    if (turn.cancelled && !sent) at = std::min(at, turn.cancel_at);
    if (link() == Link::ready) {
        if (!turn.known && !turn.cancelled) at = std::min(at, turn.push_at);
        if (turn.known && (turn.ask || turn.behind)) at = std::min(at, turn.resume_at);
        if (turn.cancelled && sent) at = std::min(at, turn.cancel_at);
    }
    if (turn.timer->first == at) return;
    auto node = timers_.extract(turn.timer);
    node.key() = at;
    turn.timer = timers_.insert(std::move(node));
}

}  // namespace emostage::gateway
