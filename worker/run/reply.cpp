#include "worker/run/reply.hpp"

namespace emostage::worker {

Reply::Next Reply::next(bool can_continue) const {
    if (text_.empty()) return Next::begin;
    if (room() == 0) return Next::full;
    if (on_lost_ == wire::OnLost::reset) return Next::reset;
    if (can_continue && !refused_) return Next::go_on;
    return on_lost_ == wire::OnLost::fail ? Next::fail : Next::reset;
}

}  // namespace emostage::worker
