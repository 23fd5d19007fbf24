#include "gateway/http/server/exchanges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/post.hpp>
#include <set>

#include "gateway/http/api/dialect.hpp"
#include "gateway/http/server/stream_turn.hpp"
#include "tests/gateway/http/server/recorded_outlet.hpp"
#include "tests/gateway/scripted_broker.hpp"

namespace emostage::http {
namespace {

using gateway::test::completed;
using gateway::test::numbered;
using gateway::test::run_until;
using gateway::test::ScriptedBroker;
using test::RecordedOutlet;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Hands on to a record that outlives it. The system takes each write in the next turn of the loop.
class SharedOutlet final : public Outlet {
public:
    SharedOutlet(asio::io_context& loop, std::shared_ptr<RecordedOutlet> record)
        : loop_(loop), record_(std::move(record)) {}

    void answer(const Head& head, std::string_view body) override { record_->answer(head, body); }
    void begin(const Head& head) override { record_->begin(head); }
    void write(std::string_view bytes) override {
        record_->write(bytes);
        asio::post(loop_, written_);
    }
    void end(std::string_view last_bytes) override { record_->end(last_bytes); }
    void cut() override { record_->cut(); }

private:
    asio::io_context& loop_;
    std::shared_ptr<RecordedOutlet> record_;
};

using Record = std::shared_ptr<RecordedOutlet>;

class ExchangesTest : public testing::Test {
protected:
    // "live" stays open after half a reply; all others are answered whole.
    static std::vector<wire::Event> answer(const wire::Open& open) {
        std::vector<wire::EventBody> bodies{wire::Accepted{0}, wire::Started{"w1"},
                                            wire::Delta{"Half "}, wire::Delta{"a reply"}};
        if (open.text != "live") bodies.emplace_back(completed("Half a reply"));
        return numbered(std::move(bodies), open.turn);
    }

    ExchangesTest() { EXPECT_TRUE(client_.start()); }

    gateway::ClientConfig config() {
        gateway::ClientConfig config;
        config.core.gateway = "g1";
        config.core.turns_max = 3;
        config.commands = broker_.commands_endpoint();
        config.events = broker_.events_endpoint();
        return config;
    }
    Exchange& add(std::uint64_t connection, const Record& record, OnDisconnect on_disconnect,
                  const std::string& client = "127.0.0.1") {
        Asked asked{Route::turn_events, "r1", "", client, "", connection, Clock::now()};
        Exchange& exchange =
            exchanges_.add(std::move(asked), std::make_unique<SharedOutlet>(loop_, record));
        exchange.tell(std::make_unique<StreamTurn>(make_turn_stream(""), exchange.outlet(),
                                                   StreamLimits(), Clock::now()),
                      on_disconnect);
        return exchange;
    }
    Record open(std::uint64_t connection, const std::string& text,
                OnDisconnect on_disconnect = OnDisconnect::cancel, const std::string& turn = "t1") {
        auto record = std::make_shared<RecordedOutlet>();
        exchanges_.open(add(connection, record, on_disconnect),
                        {.session = "s1", .text = text, .turn = turn});
        return record;
    }
    Record join(std::uint64_t connection, OnDisconnect on_disconnect,
                const std::string& turn = "t1") {
        auto record = std::make_shared<RecordedOutlet>();
        exchanges_.join(add(connection, record, on_disconnect), turn);
        return record;
    }
    bool until(const std::function<bool()>& done) { return run_until(loop_, done); }
    bool shows(const Record& record, const std::string& text) {
        return until([&] { return record->body.find(text) != std::string::npos; });
    }
    // What the broker was asked to cancel, once all that was said before has arrived there.
    std::set<std::string> cancelled() {
        const auto after = open(99, "whole", OnDisconnect::go_on, "t99");
        EXPECT_TRUE(until([&] { return after->ended; }));
        std::set<std::string> turns;  // each may have been asked for more than once
        for (const auto& command : broker_.commands) {
            if (const auto* cancel = std::get_if<wire::Cancel>(&command)) {
                turns.insert(cancel->turn);
            }
        }
        return turns;
    }
    std::uint64_t outcome(Outcome of) const { return tally_.turns[static_cast<std::size_t>(of)]; }

    asio::io_context loop_;
    zmq::context_t context_;
    ScriptedBroker broker_{loop_, context_, answer};
    gateway::Client client_{loop_, context_, config(), gateway::system_random()};
    Tally tally_;
    Exchanges exchanges_{loop_, client_, tally_};
};

TEST_F(ExchangesTest, AnAnswerEndsWithItsTurnAndIsCounted) {
    const auto record = open(1, "whole");
    EXPECT_TRUE(exchanges_.has(1));
    ASSERT_TRUE(until([&] { return record->ended; }));
    EXPECT_THAT(record->body, HasSubstr("event: completed"));
    EXPECT_FALSE(exchanges_.has(1));
    EXPECT_EQ(exchanges_.size(), 0u);
    EXPECT_EQ(exchanges_.of_client("127.0.0.1"), 0u);
    EXPECT_EQ(outcome(Outcome::completed), 1u);
    EXPECT_EQ(tally_.deltas, 2u);
    EXPECT_EQ(tally_.body_bytes, record->body.size());
    EXPECT_EQ(tally_.clients_gone, 0u);
}

TEST_F(ExchangesTest, AClientThatGoesAwayCancelsItsTurn) {
    const auto record = open(1, "live");
    ASSERT_TRUE(shows(record, "a reply"));
    exchanges_.gone(1);
    EXPECT_TRUE(record->was_cut);
    EXPECT_FALSE(exchanges_.has(1));
    EXPECT_THAT(cancelled(), ElementsAre("t1"));
    EXPECT_EQ(tally_.clients_gone, 1u);
    EXPECT_EQ(outcome(Outcome::left), 1u);
}

TEST_F(ExchangesTest, ATurnThatIsToGoOnIsLeftAlone) {
    const auto record = open(1, "live", OnDisconnect::go_on);
    ASSERT_TRUE(shows(record, "a reply"));
    exchanges_.gone(1);
    EXPECT_THAT(cancelled(), IsEmpty());
    EXPECT_TRUE(broker_.has("t1"));
}

TEST_F(ExchangesTest, OfTwoThatCancelATurnTheLastToGoDoes) {
    const auto lost = open(1, "live");
    ASSERT_TRUE(shows(lost, "a reply"));
    const auto again = open(2, "live");
    ASSERT_TRUE(shows(again, "a reply"));
    exchanges_.gone(1);
    EXPECT_THAT(cancelled(), IsEmpty());
    broker_.say_more("t1", {wire::Delta{" and more"}});
    ASSERT_TRUE(shows(again, "and more"));
    EXPECT_THAT(lost->body, Not(HasSubstr("and more")));
    exchanges_.gone(2);
    EXPECT_THAT(cancelled(), ElementsAre("t1"));
}

TEST_F(ExchangesTest, AReaderThatOnlyWatchesDoesNotHoldATurn) {
    const auto owner = open(1, "live");
    ASSERT_TRUE(shows(owner, "a reply"));
    const auto watcher = join(2, OnDisconnect::go_on);
    ASSERT_TRUE(shows(watcher, "a reply"));
    exchanges_.gone(1);
    ASSERT_TRUE(until([&] { return watcher->ended; }));
    EXPECT_THAT(watcher->body, HasSubstr("event: cancelled"));
    EXPECT_THAT(cancelled(), ElementsAre("t1"));
}

TEST_F(ExchangesTest, ATurnsEndIsNoReasonToCancelIt) {
    const auto first = open(1, "live"), second = open(2, "live");
    ASSERT_TRUE(shows(first, "a reply"));
    ASSERT_TRUE(shows(second, "a reply"));
    broker_.say_more("t1", {completed("Half a reply")});
    ASSERT_TRUE(until([&] { return first->ended && second->ended; }));
    exchanges_.gone(1);
    exchanges_.gone(2);
    EXPECT_THAT(cancelled(), IsEmpty());
    EXPECT_EQ(outcome(Outcome::left), 0u);
}

TEST_F(ExchangesTest, WhatTheClientLibraryRefusesIsTheAnswer) {
    for (std::uint64_t connection = 1; connection <= 3; ++connection) {
        open(connection, "live", OnDisconnect::cancel, "t" + std::to_string(connection));
    }
    const auto refused = open(4, "live", OnDisconnect::cancel, "t4");
    EXPECT_TRUE(refused->ended);
    EXPECT_EQ(refused->head.status, 429);
    EXPECT_THAT(refused->body, HasSubstr("\"overloaded\""));
    EXPECT_FALSE(exchanges_.has(4));
    EXPECT_EQ(exchanges_.of_client("127.0.0.1"), 3u);
}

TEST_F(ExchangesTest, ADrainEndsStreamsWithAnErrorAndNoFalseEnd) {
    const auto record = open(1, "live", OnDisconnect::go_on);
    ASSERT_TRUE(shows(record, "a reply"));
    exchanges_.refuse_all({503, "server_error", "draining", "this gateway goes away"});
    ASSERT_TRUE(until([&] { return record->ended; }));
    EXPECT_THAT(record->body, HasSubstr("event: error"));
    EXPECT_THAT(record->body, Not(HasSubstr("event: completed")));
    EXPECT_EQ(exchanges_.size(), 0u);
    EXPECT_THAT(cancelled(), IsEmpty());
}

TEST_F(ExchangesTest, CuttingAllEndsEachConnectionWhereItStands) {
    const auto one = open(1, "live"), other = open(2, "live", OnDisconnect::go_on, "t2");
    ASSERT_TRUE(shows(one, "a reply"));
    ASSERT_TRUE(shows(other, "a reply"));
    exchanges_.cut_all();
    EXPECT_TRUE(one->was_cut && other->was_cut);
    EXPECT_FALSE(one->ended || other->ended);
    EXPECT_THAT(cancelled(), ElementsAre("t1"));
}

}  // namespace
}  // namespace emostage::http
