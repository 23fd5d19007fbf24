#include "broker/shell/worker_outbox.hpp"

#include <utility>

namespace emostage::broker {

bool WorkerOutbox::send(const Route& route, std::string message) {
    auto at = waiting_.find(route);
    if (at == waiting_.end()) {
        const Sent sent = send_(route, message);
        if (sent != Sent::full) return sent == Sent::yes;
        at = waiting_.emplace(route, Waiting{}).first;
    }
    Waiting& waiting = at->second;
    waiting.bytes += message.size();
    waiting.messages.push_back(std::move(message));
    if (waiting.messages.size() <= messages_max && waiting.bytes <= bytes_max) return true;
    waiting_.erase(at);
    return false;
}

std::vector<Route> WorkerOutbox::retry() {
    std::vector<Route> lost;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        Waiting& waiting = at->second;
        Sent sent = Sent::yes;
        while (!waiting.messages.empty()) {
            sent = send_(at->first, waiting.messages.front());
            if (sent != Sent::yes) break;
            waiting.bytes -= waiting.messages.front().size();
            waiting.messages.pop_front();
        }
        if (sent == Sent::unreachable) lost.push_back(at->first);
        at = sent == Sent::full ? std::next(at) : waiting_.erase(at);
    }
    return lost;
}

}  // namespace emostage::broker
