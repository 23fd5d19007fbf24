#include "core/llm/multi_set.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <new>
#include <utility>

namespace emostage::llm {

Multi::Multi(MultiSet& set_, asio::io_context& loop, std::uint32_t index_,
             std::size_t connections_max)
    : set(set_), index(index_), handle(curl_multi_init()), timer(loop) {
    if (handle == nullptr) throw std::bad_alloc();
    curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, &MultiSet::on_socket);
    curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, &MultiSet::on_timer);
    curl_multi_setopt(handle, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, static_cast<long>(connections_max));
    curl_multi_setopt(handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

MultiSet::MultiSet(asio::io_context& loop, SocketSet& sockets, std::size_t connections_max, Act act)
    : loop_(loop),
      sockets_(sockets),
      connections_max_(std::min(connections_max, exchanges_per_multi)),
      act_(std::move(act)),
      trim_timer_(loop) {}

void MultiSet::stop() {
    stopped_ = true;
    multis_.clear();
    trim_timer_.cancel();
}

Multi& MultiSet::with_room() {
    for (const auto& multi : multis_) {
        if (multi->exchanges < exchanges_per_multi) return *multi;
    }
    const auto index = static_cast<std::uint32_t>(multis_.size());
    multis_.push_back(std::make_shared<Multi>(*this, loop_, index, connections_max_));
    return *multis_.back();
}

void MultiSet::one_left(Multi& multi) {
    if (--multi.exchanges > 0) return;
    multi.idle_since = Clock::now();
    if (multis_.size() > 1) arm_trim_timer();
}

// ---- the time has come

// What it leads to may make others due, and in the end waits for sockets.
void MultiSet::push() {
    for (int round = 0; round < push_rounds_max && !due_.empty(); ++round) {
        for (const auto& one : std::exchange(due_, {})) {
            const auto multi = one.lock();
            if (!multi) continue;
            multi->due = false;
            act_(*multi, CURL_SOCKET_TIMEOUT, 0);
            if (stopped_) return;
        }
    }
    if (!due_.empty()) push_soon();
}

void MultiSet::push_soon() {
    if (std::exchange(push_posted_, true)) return;
    asio::post(loop_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->stopped_) return;
        self->push_posted_ = false;
        self->push();
    });
}

// ---- libcurl calls

// An error returned from here would leave transfers in limbo (curl #8083): a socket that cannot be
// watched stays silent, and the caller's deadline ends it.
int MultiSet::on_socket(CURL*, curl_socket_t socket, int what, void* of, void*) {
    const auto& multi = *static_cast<Multi*>(of);
    SocketSet& sockets = multi.set.sockets_;
    if (what == CURL_POLL_REMOVE) {
        sockets.forget(socket);
    } else {
        sockets.watch(socket, multi.index, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    }
    return 0;
}

int MultiSet::on_timer(CURLM*, long ms, void* of) {
    auto& multi = *static_cast<Multi*>(of);
    MultiSet& set = multi.set;
    if (ms < 0) {
        multi.timer.cancel();
        return 0;
    }
    if (ms == 0) {
        if (std::exchange(multi.due, true)) return 0;
        set.due_.push_back(multi.weak_from_this());
        if (!set.owner_pushes_) set.push_soon();
        return 0;
    }
    multi.timer.expires_after(milliseconds(ms));
    multi.timer.async_wait([weak = multi.weak_from_this()](const asio::error_code& error) {
        const auto multi = weak.lock();
        if (!multi || error) return;
        const auto set = multi->set.shared_from_this();
        set->act_(*multi, CURL_SOCKET_TIMEOUT, 0);
        if (!set->stopped_) set->push();
    });
    return 0;
}

// ---- those that nobody needs

void MultiSet::arm_trim_timer() {
    if (std::exchange(trim_armed_, true)) return;
    trim_timer_.expires_after(idle_max);
    trim_timer_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
        const auto self = weak.lock();
        if (!self || error || self->stopped_) return;
        self->trim_armed_ = false;
        self->trim();
    });
}

// With the connections that they keep.
void MultiSet::trim() {
    const auto idle_until = Clock::now() - idle_max;
    while (multis_.size() > 1 && multis_.back()->exchanges == 0 &&
           multis_.back()->idle_since <= idle_until) {
        multis_.pop_back();
    }
    if (multis_.size() > 1 && multis_.back()->exchanges == 0) arm_trim_timer();
}

}  // namespace emostage::llm
