// The broker on its sockets: PULL for commands, XPUB for events, ROUTER for workers, one timer.
//
// Carries bytes in, decodes them at the border, asks the core and carries its answers out. Whatever
// arrives is decoded or counted; nothing that a peer sends ends the process. Events of one loop
// turn leave in one message a gateway, at the end of that turn: what is ready is merged, nothing
// waits.
//
// One thread, the loop's. The loop outlives the shell; handlers that are still queued when the
// shell goes do nothing.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <zmq.hpp>

#include "broker/broker.hpp"
#include "broker/journal/commit_sink.hpp"
#include "broker/shell/broker_options.hpp"
#include "broker/shell/event_batches.hpp"
#include "broker/shell/ipc_lock.hpp"
#include "broker/shell/traffic.hpp"
#include "broker/shell/turn_log.hpp"
#include "broker/shell/worker_outbox.hpp"
#include "core/log/throttle.hpp"
#include "core/loop/zmq_socket.hpp"
#include "core/result.hpp"

namespace emostage::broker {

class BrokerShell final : private Outputs {
public:
    static constexpr int commands_waiting_max = 1'000;          // of one gateway, unread
    static constexpr int worker_messages_waiting_max = 10'000;  // of one worker, unread
    static constexpr int subscriptions_waiting_max = 10'000;    // of one subscriber, unread
    static constexpr int worker_pipe_messages_max = 1'000;      // to one worker, before the outbox
    static constexpr milliseconds outbox_retry{5};
    static constexpr milliseconds drain_check{20};
    // From a lost connection to the probe that finds out whose: the ROUTER knows a little later.
    static constexpr milliseconds probe_after{20};
    static constexpr milliseconds farewell{1'000};  // for what is sent last, after close()

    struct Endpoints {
        std::string commands, events, workers;
    };

    // Goes on from `restored`; commits go to `sink`.
    BrokerShell(asio::io_context& loop, const BrokerOptions& options, Restored restored,
                std::unique_ptr<CommitSink> sink);
    ~BrokerShell() override;

    // Binds the three sockets and starts. Errc::io: which one, where, why, and what to do.
    Result<void> open();

    // As they came to be: with the port that a `*` became.
    Endpoints endpoints() const;

    // New turns are rejected; `done` is called once, when none is left or after `drain`.
    void drain(std::function<void()> done);

    // Lets what was sent last reach its peers when the shell goes, for `farewell` at the longest.
    void close();

    Snapshot snapshot() const { return core_.snapshot(now()); }
    const Traffic& traffic() const { return traffic_; }

private:
    using Frames = ZmqSocket::Frames;

    void publish(std::string_view gateway, const wire::Event& event) override;
    void send(const Route& route, const wire::ToWorker& message) override;
    void commit(Commit commit) override;
    void note(const Note& note) override { turn_log_.write(note, Clock::now()); }

    Result<void> bind(ZmqSocket& socket, IpcLock& lock, const std::string& endpoint, Socket which);
    void on_command(Frames& frames);
    void on_subscription(Frames& frames);
    void on_worker(Frames& frames);
    Result<void> watch_connections();
    void probe_soon();
    void count_bad(Socket socket, Errc code);

    void lose(const Route& route);
    void arm_outbox();
    void settle_soon();
    void settle();
    void flush();
    void arm_timer();
    void check_drained();
    // Runs `act` on the loop unless the shell is gone by then. Any thread, while the shell is
    // there.
    void post(std::function<void()> act);

    asio::io_context& loop_;
    const BrokerOptions options_;
    zmq::context_t context_;
    std::array<IpcLock, sockets> locks_;
    ZmqSocket commands_, events_, workers_;
    ZmqSocket connections_;  // PAIR: what becomes of those of `workers_`
    Traffic traffic_;
    std::array<log::Throttle, sockets> bad_throttle_;
    TurnLog turn_log_;
    EventBatches batches_;
    WorkerOutbox outbox_;
    std::unordered_set<Route> lost_;  // the core is about to be told
    Broker core_;
    asio::steady_timer timer_, outbox_timer_, drain_timer_, probe_timer_;
    std::optional<TimePoint> armed_for_;
    std::optional<TimePoint> drain_until_;
    std::function<void()> drained_;
    bool settling_ = false;
    bool outbox_armed_ = false;
    bool probing_ = false;
    std::shared_ptr<bool> alive_;
    std::unique_ptr<CommitSink> sink_;  // goes first: nothing is called from its thread afterwards
};

}  // namespace emostage::broker
