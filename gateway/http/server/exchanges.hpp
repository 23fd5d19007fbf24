// All requests that are told of turns: their events, their time, their ends.
//
// One for each connection. What one turn of the loop brings to an exchange goes out at its end, in
// one write. One thread: the loop's.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/client/client.hpp"
#include "gateway/http/server/exchange.hpp"
#include "gateway/http/server/tally.hpp"

namespace emostage::http {

class Exchanges {
public:
    // How often times are looked at; what is due sooner is looked at then, but not more often than
    // this.
    static constexpr milliseconds look{250}, look_least{10};

    Exchanges(asio::io_context& loop, gateway::Client& client, Tally& tally);
    ~Exchanges();
    Exchanges(const Exchanges&) = delete;
    Exchanges& operator=(const Exchanges&) = delete;

    // Requires: !has(asked.connection). What comes back is good until the caller returns to the
    // loop.
    Exchange& add(Asked asked, std::unique_ptr<Outlet> outlet);

    // After Exchange::tell(). Where the client library refuses, that is the answer.
    void open(Exchange& exchange, gateway::OpenRequest request);  // requires: request.turn
    void join(Exchange& exchange, std::string turn, std::uint64_t after = 0);
    void cancel(Exchange& exchange);  // the turn that it joined

    bool has(std::uint64_t connection) const { return open_.count(connection) != 0; }
    std::size_t size() const { return open_.size(); }
    std::size_t of_client(const std::string& client) const;

    void gone(std::uint64_t connection);  // the client went away
    void cut(std::uint64_t connection);
    void refuse_all(const ApiError& error);
    void cut_all();

private:
    friend class Exchange;
    using Held = std::shared_ptr<Exchange>;

    void on_event(Exchange& exchange, const wire::Event& event);
    void mark(Exchange& exchange);
    void post_flush();
    void flush();
    void flush(Exchange& exchange, TimePoint now);
    void read_record(Exchange& exchange);
    void settle(Exchange& exchange);  // takes it out where it is over
    void finish(Exchange& exchange, int status);
    void leave_turn(Exchange& exchange);
    void begin_reading(Exchange& exchange);
    void end_reading(Exchange& exchange);
    void look_at_times();
    void arm(TimePoint at);
    std::vector<std::uint64_t> connections() const;

    asio::io_context& loop_;
    gateway::Client& client_;
    Tally& tally_;
    asio::steady_timer timer_;
    std::optional<TimePoint> armed_at_;
    std::unordered_map<std::uint64_t, Held> open_;
    std::unordered_map<std::string, std::size_t> by_client_;
    std::unordered_map<std::string, std::size_t> cancellers_;  // readers that cancel(), by turn
    std::vector<std::weak_ptr<Exchange>> dirty_;
    std::vector<Held> ended_;  // destroyed when nothing of theirs is being called
    bool flush_posted_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace emostage::http
