// Whether the broker is there, judged by what is heard of it.
//
// A machine without I/O: owned by GatewayCore, which says when something is due (a turn is live, so
// beacons come).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/clock.hpp"

namespace emostage::gateway {

enum class Link : std::uint8_t {
    connecting,    // no `hello` yet; commands wait
    ready,         // commands go out
    reconnecting,  // nothing was heard for too long; commands wait
};

class LinkWatch {
public:
    // `quiet_max`: from then on it is gone. `ask_most`: the longest wait between two
    // resubscriptions.
    LinkWatch(milliseconds quiet_max, milliseconds ask_most, TimePoint now)
        : quiet_max_(quiet_max), ask_most_(ask_most), look_at_(now + quiet_max), wait_(quiet_max) {}

    Link link() const { return link_; }

    // A message came. True where the link became ready by it.
    bool heard(TimePoint now) {
        heard_at_ = now;
        if (link_ == Link::ready) return false;
        link_ = Link::ready;
        wait_ = quiet_max_;
        look_at_ = now + quiet_max_;
        return true;
    }

    // From now on something is due, after a time in which nothing was.
    void becomes_due(TimePoint now) {
        if (link_ != Link::ready) return;
        heard_at_ = now;
        look_at_ = now + quiet_max_;
    }

    // True: ask for a sign of life (resubscribe); link() may have changed.
    bool on_time(TimePoint now, bool due) {
        if (now < look_at_ || (link_ == Link::ready && !due)) return false;
        if (link_ == Link::ready && now - heard_at_ < quiet_max_) {
            look_at_ = heard_at_ + quiet_max_;
            return false;
        }
        link_ = Link::reconnecting;
        look_at_ = now + wait_;
        wait_ = std::min(wait_ * 2, ask_most_);
        return true;
    }

    // When on_time() has something to do; nothing: never.
    std::optional<TimePoint> next_time(bool due) const {
        if (link_ == Link::ready && !due) return std::nullopt;
        return look_at_;
    }

private:
    milliseconds quiet_max_;
    milliseconds ask_most_;
    Link link_ = Link::connecting;
    TimePoint heard_at_{};
    TimePoint look_at_;  // moved lazily: hearing something does not touch it
    milliseconds wait_;
};

}  // namespace emostage::gateway
