// One request that is told of a turn, from the turn's opening to the answer's end. Owned by
// Exchanges.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "gateway/client/turn_sink.hpp"
#include "gateway/http/api/turn_record.hpp"
#include "gateway/http/api/turn_request.hpp"
#include "gateway/http/server/http_turn.hpp"
#include "gateway/http/server/routes.hpp"

namespace emostage::http {

// What is known of a request before its turn.
struct Asked {
    Route route = Route::none;
    std::string id;      // x-request-id
    std::string scope;   // the key's name; empty: no keys are asked for
    std::string client;  // the same, or the address
    std::string trace;   // of its traceparent; empty: none
    std::uint64_t connection = 0;
    TimePoint at{};
};

class Exchanges;

class Exchange final : public gateway::TurnSink {
public:
    Exchange(Exchanges& owner, Asked asked, std::unique_ptr<Outlet> outlet)
        : owner_(owner), asked_(std::move(asked)), outlet_(std::move(outlet)), record_(*this) {}

    Outlet& outlet() { return *outlet_; }
    const Asked& asked() const { return asked_; }

    // How the turn is told, and what becomes of it when the client goes away. Once, before
    // Exchanges::open() or join().
    void tell(std::unique_ptr<HttpTurn> told, OnDisconnect on_disconnect) {
        told_ = std::move(told);
        on_disconnect_ = on_disconnect;
    }

    void on_event(const wire::Event& event) override;

private:
    friend class Exchanges;

    // Reads all of the turn, where what is told of its end needs it.
    class RecordReader final : public gateway::TurnSink {
    public:
        explicit RecordReader(Exchange& owner) : owner_(owner) {}
        void on_event(const wire::Event& event) override;
        Exchange& owner_;
        TurnRecord record_;
        bool reading_ = false;
        bool asked_ = false;
    };

    bool cancels() const { return on_disconnect_ == OnDisconnect::cancel; }

    Exchanges& owner_;
    Asked asked_;
    std::unique_ptr<Outlet> outlet_;
    std::unique_ptr<HttpTurn> told_;
    OnDisconnect on_disconnect_ = OnDisconnect::go_on;
    std::string turn_;                         // as the broker knows it; empty: none yet
    bool reading_ = false;                     // events may still come
    bool dirty_ = false;                       // waits for the loop turn's end
    bool delta_seen_ = false, begun_ = false;  // for the times until they came
    RecordReader record_;
};

}  // namespace emostage::http
