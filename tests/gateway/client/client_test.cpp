#include "gateway/client/client.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/gateway/client/recorders.hpp"
#include "tests/gateway/scripted_broker.hpp"

namespace emostage::gateway {
namespace {

using namespace test;

struct ClientTest : testing::Test {
    ClientConfig config() {
        ClientConfig config;
        config.core.gateway = "g1";
        config.core.open_again = milliseconds(100);
        config.core.unlisted_max = milliseconds(300);
        config.core.scan = milliseconds(100);
        config.core.quiet_max = milliseconds(400);
        config.commands = broker.commands_endpoint();
        config.events = broker.events_endpoint();
        return config;
    }
    RandomBits seeded() {
        return [random = std::mt19937_64(5)]() mutable { return random(); };
    }

    asio::io_context loop;
    zmq::context_t context;
    ScriptedBroker broker{loop, context,
                          [](const wire::Open& open) { return scripted_turn(open.turn); }};
    SinkRecorder sink;
    const View whole = view_of(scripted_turn());
};

TEST_F(ClientTest, ATurnGoesOutAndComesBackWhole) {
    Client client(loop, context, config(), seeded());
    ASSERT_TRUE(client.start());
    const auto turn = client.open({.session = "s1", .text = "こんにちは"}, sink);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->size(), 32u);
    ASSERT_TRUE(run_until(loop, [&] { return sink.view.ends == 1; }));
    EXPECT_EQ(sink.view, whole);
    ASSERT_EQ(broker.commands.size(), 1u);
    EXPECT_EQ(std::get<wire::Open>(broker.commands[0]).turn, *turn);
    EXPECT_EQ(std::get<wire::Open>(broker.commands[0]).gateway, "g1");
    EXPECT_EQ(client.undecodable(), 0u);
}

TEST_F(ClientTest, TurnIdsComeFromTheSourceThatWasGiven) {
    EXPECT_EQ(make_turn_id(seeded()), make_turn_id(seeded()));
    EXPECT_NE(make_turn_id(system_random()), make_turn_id(system_random()));
    const auto id = make_turn_id([] { return std::uint64_t{0xfedcba9876543210}; });
    EXPECT_EQ(id, "0123456789abcdef0123456789abcdef");
    EXPECT_TRUE(codec::is_id(id));
}

TEST_F(ClientTest, ManyTurnsWithHeavyLossAllEndWhole) {
    constexpr int turns = 150;
    std::mt19937 random(3);
    broker.loses = [&](const wire::Event&) { return random() % 100 < 20; };
    Client client(loop, context, config(), seeded());
    ASSERT_TRUE(client.start());
    std::vector<std::unique_ptr<SinkRecorder>> sinks;
    for (int i = 0; i < turns; ++i) {
        sinks.push_back(std::make_unique<SinkRecorder>());
        ASSERT_TRUE(client.open({.session = "s" + std::to_string(i), .text = "x"}, *sinks.back()));
    }
    ASSERT_TRUE(run_until(loop, [&] { return client.turns() == 0; }));
    for (const auto& one : sinks) EXPECT_EQ(one->view, whole);
    EXPECT_GT(client.counters().gaps, 75u);
    EXPECT_GT(client.counters().resumes_pushed, 75u);
}

TEST_F(ClientTest, ALostHelloIsAskedForByANewSubscription) {
    int lost = 0;
    broker.loses = [&](const wire::Event& said) {
        return std::holds_alternative<wire::Hello>(said.body) && ++lost <= 1;
    };
    Client client(loop, context, config(), seeded());
    std::vector<Link> links;
    ASSERT_TRUE(client.start([&](Link link) { links.push_back(link); }));
    ASSERT_TRUE(client.open({.session = "s1", .text = "x"}, sink));
    ASSERT_TRUE(run_until(loop, [&] { return sink.view.ends == 1; }));
    EXPECT_EQ(links, (std::vector<Link>{Link::reconnecting, Link::ready}));
    EXPECT_GE(broker.subscriptions, 2);
}

TEST_F(ClientTest, AKilledBrokersTurnsGoToTheNextOne) {
    ScriptedBroker half(loop, context, [](const wire::Open& open) {
        auto events = scripted_turn(open.turn);
        events.resize(5);
        return events;
    });
    auto settings = config();
    settings.commands = half.commands_endpoint();
    settings.events = half.events_endpoint();
    Client client(loop, context, settings, seeded());
    ASSERT_TRUE(client.start());
    const auto turn = client.open({.session = "s1", .text = "x"}, sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.events.size() == 5; }));
    half.stop();
    ASSERT_TRUE(run_until(loop, [&] { return client.link() == Link::reconnecting; }));
    half.start_again("b2");
    ASSERT_TRUE(run_until(loop, [&] { return half.has(*turn) && sink.events.size() == 11; }));
    EXPECT_EQ(std::get<wire::Reset>(sink.events[5].body).reason, "broker_changed");
    half.say_more(*turn, {wire::Delta{"!"}, completed("そうでした!")});
    ASSERT_TRUE(run_until(loop, [&] { return sink.view.ends == 1; }));
    EXPECT_EQ(sink.view.reply, "そうでした!");
}

TEST_F(ClientTest, ACancelReachesTheBrokerAndEndsTheTurn) {
    ScriptedBroker live(loop, context, [](const wire::Open& open) {
        auto events = scripted_turn(open.turn);
        events.resize(5);
        return events;
    });
    auto settings = config();
    settings.commands = live.commands_endpoint();
    settings.events = live.events_endpoint();
    Client client(loop, context, settings, seeded());
    ASSERT_TRUE(client.start());
    const auto turn = client.open({.session = "s1", .text = "x"}, sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.events.size() == 5; }));
    client.cancel(*turn);
    ASSERT_TRUE(run_until(loop, [&] { return sink.view.ends == 1; }));
    EXPECT_NE(sink.last_as<wire::Cancelled>(), nullptr);
}

TEST_F(ClientTest, ASecondGatewayJoinsByTheTurnsId) {
    Client first(loop, context, config(), seeded());
    ASSERT_TRUE(first.start());
    const auto turn = first.open({.session = "s1", .text = "x"}, sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.view.ends == 1; }));
    // The scripted broker answers on the topic of the turn's opener, so a restarted gateway asks.
    Client second(loop, context, config(), seeded());
    SinkRecorder joined;
    ASSERT_TRUE(second.start());
    ASSERT_TRUE(second.join(*turn, joined));
    ASSERT_TRUE(run_until(loop, [&] { return joined.view.ends == 1; }));
    EXPECT_EQ(joined.view, whole);
}

TEST_F(ClientTest, WhatIsNoEventMessageIsCountedAndTheRestGoesOn) {
    ZmqSocket strange(loop, context, zmq::socket_type::xpub);
    ASSERT_TRUE(strange.bind("tcp://127.0.0.1:*"));
    int subscribed = 0;
    strange.start([&](ZmqSocket::Frames& frames) {
        if (frames[0].to_string_view() != "\x01g1/") return;
        ++subscribed;
        strange.send("g1/", "\xc1 not msgpack");
        strange.send("g1/");
        strange.send("g1/x", codec::encode_events({"b1", {}}));
        strange.send("g1/", codec::encode_events({"b1", {event(0, wire::Hello{}, 0, "")}}));
    });
    auto settings = config();
    settings.events = strange.last_endpoint();
    Client client(loop, context, settings, seeded());
    ASSERT_TRUE(client.start());
    ASSERT_TRUE(run_until(loop, [&] { return client.link() == Link::ready; }));
    EXPECT_EQ(client.undecodable(), 3u);
}

TEST_F(ClientTest, WhatWorkersServeIsToldToAll) {
    ZmqSocket events(loop, context, zmq::socket_type::xpub);
    ASSERT_TRUE(events.bind("tcp://127.0.0.1:*"));
    events.start([&](ZmqSocket::Frames& frames) {
        if (frames[0].to_string_view() != "\x01/") return;
        events.send("/",
                    codec::encode_events({"b1", {event(0, wire::Pipelines{{"brief"}}, 0, "")}}));
    });
    auto settings = config();
    settings.events = events.last_endpoint();
    Client client(loop, context, settings, seeded());
    ASSERT_TRUE(client.start());
    ASSERT_TRUE(run_until(loop, [&] { return client.pipelines().size() == 1; }));
    EXPECT_EQ(client.pipelines().front(), "brief");
    EXPECT_EQ(client.link(), Link::connecting);
}

TEST_F(ClientTest, WrongEndpointsAndNamesAreErrorValues) {
    auto settings = config();
    settings.commands = "nowhere";
    Client nowhere(loop, context, settings, seeded());
    EXPECT_EQ(nowhere.start().error().code, Errc::io);
    settings = config();
    settings.core.gateway = "no/name";
    Client nameless(loop, context, settings, seeded());
    EXPECT_EQ(nameless.start().error().code, Errc::invalid_field);
}

TEST_F(ClientTest, AClientMayGoWhileItsTurnsRun) {
    {
        Client client(loop, context, config(), seeded());
        ASSERT_TRUE(client.start());
        ASSERT_TRUE(client.open({.session = "s1", .text = "x"}, sink));
        ASSERT_TRUE(run_until(loop, [&] { return !broker.commands.empty(); }));
    }
    const auto heard = sink.events.size();
    for (int i = 0; i < 20; ++i) loop.run_one_for(milliseconds(10));
    EXPECT_EQ(sink.events.size(), heard);
}

}  // namespace
}  // namespace emostage::gateway
