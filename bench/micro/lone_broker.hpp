// A broker core with one worker that a benchmark speaks for; what is published is counted, and
// dropped unless it is wanted. Its clock stands still. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "bench/gate/script.hpp"
#include "broker/broker.hpp"
#include "broker/shell/event_batches.hpp"
#include "core/clock.hpp"

namespace emostage::micro {

class LoneBroker final : private broker::Outputs {
public:
    struct Leased {
        wire::LeaseId id = 0;
        std::string session;
    };

    LoneBroker(broker::Config config, std::uint32_t slots)
        : core_(std::move(config), broker::empty_state("0123456789abcdef"), *this, now_) {
        core_.on(from(wire::Ready{"worker-0", "worker-0-instance", slots, {"emostage"}}), now_);
    }

    void open(wire::Open open) { core_.on(std::move(open), now_); }
    void resume(const wire::Resume& resume) { core_.on(resume, now_); }
    void say(wire::LeaseId lease, std::uint64_t ordinal, std::vector<wire::RunEvent> events) {
        core_.on(from(wire::Output{lease, ordinal, std::move(events)}), now_);
    }
    Leased take_lease() {
        if (leased_.empty()) return {};
        auto leased = std::move(leased_.front());
        leased_.pop_front();
        return leased;
    }

    void publish_into(broker::EventBatches* batches) { batches_ = batches; }
    std::uint64_t published() const { return published_; }
    broker::Snapshot snapshot() const { return core_.snapshot(now_); }

private:
    static broker::FromWorker from(wire::FromWorker message) {
        return {"route-0", std::move(message)};
    }

    void publish(std::string_view gateway, const wire::Event& event) override {
        ++published_;
        if (batches_) batches_->add(gateway, event);
    }
    void send(const broker::Route&, const wire::ToWorker& message) override {
        if (const auto* lease = std::get_if<wire::Lease>(&message)) {
            leased_.push_back({lease->lease, lease->session});
        }
    }
    void commit(broker::Commit) override {}  // not asked for: nothing is durable here

    const Now now_ = gate::start_of_time;
    std::deque<Leased> leased_;
    std::uint64_t published_ = 0;
    broker::EventBatches* batches_ = nullptr;
    broker::Broker core_;
};

}  // namespace emostage::micro
