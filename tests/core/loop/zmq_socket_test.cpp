#include "core/loop/zmq_socket.hpp"

#include <gtest/gtest.h>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

#include "tests/run_until.hpp"

namespace emostage {
namespace {

using test::run_until;

class ZmqPairTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(server.bind("tcp://127.0.0.1:*"));
        ASSERT_TRUE(client.connect(server.last_endpoint()));
    }

    // The client says numbers, 500 in flight, and hears them again in order: each answer sends the
    // next, so every wake-up counts, a lost one would stall.
    void talk() {
        constexpr int count = 5000;
        int sent = 0, answered = 0;
        bool in_order = true;
        client.start([&](ZmqSocket::Frames& frames) {
            in_order = in_order && frames.at(0).to_string() == std::to_string(answered++);
            if (sent < count) client.send(std::to_string(sent++));
        });
        while (sent < 500) ASSERT_EQ(client.send(std::to_string(sent++)), ZmqSocket::Sent::yes);
        EXPECT_TRUE(run_until(loop, [&] { return answered == count; })) << answered;
        EXPECT_TRUE(in_order);
    }

    asio::io_context loop;
    zmq::context_t context;
    ZmqSocket server{loop, context, zmq::socket_type::router};
    ZmqSocket client{loop, context, zmq::socket_type::dealer};
};

TEST_F(ZmqPairTest, DeliversEveryMessageInOrderWhileBothSidesSend) {
    int at_server = 0;
    bool in_order = true;
    server.start([&](ZmqSocket::Frames& frames) {
        in_order = in_order && frames.at(1).to_string() == std::to_string(at_server++);
        EXPECT_EQ(server.send(frames), ZmqSocket::Sent::yes);
    });
    talk();
    EXPECT_TRUE(in_order) << at_server;
}

// An owner that answers a burst at its end and looks after its sends loses no wake-up either.
TEST_F(ZmqPairTest, AnOwnerThatAnswersBurstsGetsEveryMessage) {
    int bursts = 0;
    std::vector<std::pair<std::string, std::string>> waiting;
    const auto answer = [&] {
        for (const auto& [route, text] : std::exchange(waiting, {})) {
            EXPECT_EQ(server.send(route, text), ZmqSocket::Sent::yes);
        }
        server.look();
    };
    server.start(
        [&](ZmqSocket::Frames& frames) {
            const bool late = !server.in_burst();
            waiting.emplace_back(frames.at(0).to_string(), frames.at(1).to_string());
            if (late) asio::post(loop, answer);
        },
        {},
        [&] {
            EXPECT_FALSE(server.in_burst());
            ++bursts;
            answer();
        });
    talk();
    EXPECT_GT(bursts, 0);
}

TEST(ZmqSocket, ARouterSaysWhenItsPeerIsUnknown) {
    asio::io_context loop;
    zmq::context_t context;
    ZmqSocket server(loop, context, zmq::socket_type::router);
    server.raw().set(zmq::sockopt::router_mandatory, true);
    ASSERT_TRUE(server.bind("tcp://127.0.0.1:*"));
    EXPECT_EQ(server.send("nobody", "hi"), ZmqSocket::Sent::unreachable);
}

TEST(ZmqSocket, AFullSocketSaysSoAndKeepsTheLoopFree) {
    asio::io_context loop;
    zmq::context_t context;
    ZmqSocket sender(loop, context, zmq::socket_type::push);
    sender.raw().set(zmq::sockopt::sndhwm, 10);
    ASSERT_TRUE(sender.bind("tcp://127.0.0.1:*"));
    EXPECT_EQ(sender.send("nobody listens"), ZmqSocket::Sent::full);
}

TEST(ZmqSocket, TellsWhenItsConnectionComesGoesAndComesBack) {
    asio::io_context loop;
    zmq::context_t context;
    auto server = std::make_unique<ZmqSocket>(loop, context, zmq::socket_type::router);
    ASSERT_TRUE(server->bind("tcp://127.0.0.1:*"));
    const auto endpoint = server->last_endpoint();
    ZmqSocket client(loop, context, zmq::socket_type::dealer);
    client.raw().set(zmq::sockopt::immediate, true);
    client.raw().set(zmq::sockopt::reconnect_ivl, 10);
    ASSERT_TRUE(client.connect(endpoint));
    std::vector<bool> told;
    client.start([](ZmqSocket::Frames&) { FAIL(); }, [&](bool up) { told.push_back(up); });
    ASSERT_TRUE(run_until(loop, [&] { return told.size() == 1; }));
    EXPECT_TRUE(told[0]);
    server.reset();
    ASSERT_TRUE(run_until(loop, [&] { return told.size() == 2; }));
    EXPECT_FALSE(told[1]);
    EXPECT_EQ(client.send("nobody listens"), ZmqSocket::Sent::full);
    server = std::make_unique<ZmqSocket>(loop, context, zmq::socket_type::router);
    ASSERT_TRUE(run_until(loop, [&] { return server->bind(endpoint).has_value(); }));
    ASSERT_TRUE(run_until(loop, [&] { return told.size() == 3; }));
    EXPECT_TRUE(told[2]);
    EXPECT_EQ(client.send("hello"), ZmqSocket::Sent::yes);
}

TEST(ZmqSocket, APortThatIsTakenIsAnErrorWithTheEndpoint) {
    asio::io_context loop;
    zmq::context_t context;
    ZmqSocket first(loop, context, zmq::socket_type::pull);
    ASSERT_TRUE(first.bind("tcp://127.0.0.1:*"));
    ZmqSocket second(loop, context, zmq::socket_type::pull);
    const auto bound = second.bind(first.last_endpoint());
    ASSERT_FALSE(bound.has_value());
    EXPECT_NE(bound.error().message.find(first.last_endpoint()), std::string::npos);
}

TEST(ZmqSocket, MessagesOfTooManyFramesAreDropped) {
    asio::io_context loop;
    zmq::context_t context;
    ZmqSocket pull(loop, context, zmq::socket_type::pull);
    ASSERT_TRUE(pull.bind("tcp://127.0.0.1:*"));
    ZmqSocket push(loop, context, zmq::socket_type::push);
    ASSERT_TRUE(push.connect(pull.last_endpoint()));
    ZmqSocket::Frames many;
    for (int i = 0; i < 100; ++i) many.emplace_back("x", 1);
    ASSERT_EQ(push.send(many), ZmqSocket::Sent::yes);
    ASSERT_EQ(push.send("good"), ZmqSocket::Sent::yes);
    std::vector<std::string> received;
    pull.start([&](ZmqSocket::Frames& frames) { received.push_back(frames.at(0).to_string()); });
    EXPECT_TRUE(run_until(loop, [&] { return !received.empty(); }));
    EXPECT_EQ(received, std::vector<std::string>{"good"});
}

TEST(ZmqSocket, CanBeDestroyedWhileTheLoopStillHoldsItsWork) {
    asio::io_context loop;
    zmq::context_t context;
    {
        ZmqSocket socket(loop, context, zmq::socket_type::pull);
        ASSERT_TRUE(socket.bind("tcp://127.0.0.1:*"));
        socket.start([](ZmqSocket::Frames&) { FAIL(); });
    }
    loop.run();
}

}  // namespace
}  // namespace emostage
