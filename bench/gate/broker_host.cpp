#include "bench/gate/broker_host.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

#include "bench/gate/counted.hpp"
#include "bench/gate/script.hpp"
#include "core/codec/codec.hpp"

namespace emostage::gate {
namespace {

const std::string broker_id = "0123456789abcdef";

}  // namespace

BrokerHost::BrokerHost(broker::Config config)
    : now_(start_of_time),
      batches_(broker_id),
      core_(std::move(config), broker::empty_state(broker_id), *this, now_) {}

template <class Work>
void BrokerHost::loop_turn(Work&& work) {
    counted([&] {
        work();
        flush();
        next_ = core_.next_time();
    });
    while (std::exchange(commit_, std::nullopt)) {
        counted([&] {
            core_.on(broker::Committed{}, now_);
            flush();
            next_ = core_.next_time();
        });
    }
}

void BrokerHost::subscribed(const std::string& gateway) {
    loop_turn([&] { core_.on(broker::Subscribed{gateway}, now_); });
}

void BrokerHost::commanded(std::string_view bytes) {
    loop_turn([&] {
        auto command = codec::decode_command(bytes);
        if (!command) throw std::logic_error("a command of the script is refused");
        std::visit([&](auto& known) { core_.on(std::move(known), now_); }, *command);
    });
}

void BrokerHost::received(const std::vector<Received>& ready) {
    loop_turn([&] {
        for (const Received& one : ready) {
            auto message = codec::decode_from_worker(one.bytes);
            if (!message) throw std::logic_error("a worker's message of the script is refused");
            core_.on(broker::FromWorker{broker::Route(one.route), std::move(*message)}, now_);
        }
    });
}

void BrokerHost::advance(Duration by) {
    const auto until = now_.steady + by;
    while (next_ && *next_ <= until) {
        move_to(std::max(*next_, now_.steady));
        loop_turn([&] { core_.on(broker::Tick{}, now_); });
    }
    move_to(until);
}

void BrokerHost::move_to(TimePoint at) {
    now_ = {at, start_of_time.unix_ms + to_ms(at - start_of_time.steady)};
}

void BrokerHost::publish(std::string_view gateway, const wire::Event& event) {
    batches_.add(gateway, event);
    if (batches_.full()) flush();
}

void BrokerHost::send(const broker::Route& route, const wire::ToWorker& message) {
    to_workers.add(route, codec::encode_to_worker(message));
}

void BrokerHost::commit(broker::Commit commit) { commit_ = std::move(commit); }

void BrokerHost::flush() {
    if (batches_.empty()) return;
    batches_.flush(
        [&](std::string_view topic, std::string_view body) { to_gateways.add(topic, body); });
}

}  // namespace emostage::gate
