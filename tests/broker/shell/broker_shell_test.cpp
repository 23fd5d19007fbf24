#include "broker/shell/broker_shell.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <filesystem>
#include <random>

#include "core/codec/hash.hpp"
#include "tests/broker/shell/shell_scene.hpp"

namespace emostage::broker {
namespace {

using testing::HasSubstr;
using namespace test;

wire::RunCompleted the_end_of(const std::string& text) {
    wire::RunCompleted end;
    end.completed.text_bytes = text.size();
    end.completed.text_hash = codec::text_hash(text);
    end.completed.finish_reason = "stop";
    return end;
}

std::uint16_t port_of(const std::string& endpoint) {
    return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

TEST(BrokerShell, SaysHelloWhenASubscriptionBecomesLive) {
    ShellScene scene;
    const auto& gateway = scene.gateway("g1");
    const auto* hello = gateway.last<wire::Hello>();
    ASSERT_NE(hello, nullptr);
    EXPECT_EQ(hello->protocol, wire::protocol_version);
    EXPECT_EQ(hello->limits, wire::Limits{});
    EXPECT_EQ(gateway.batches.front().broker, "b1");
}

TEST(BrokerShell, SaysHelloToASecondSubscriberOfTheSameTopic) {
    ShellScene scene;
    scene.gateway("g1");
    scene.gateway("g1");
}

TEST(BrokerShell, CarriesATurnFromThePushToItsEnd) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    auto& worker = scene.worker("w1");
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !worker.leases.empty(); }));
    EXPECT_EQ(worker.leases.front().text, "hello");
    worker.output(1, {wire::Started{"w1"}, wire::Delta{"Hel", 0}, wire::Delta{"lo", 0}});
    worker.output(4, {the_end_of("Hello")});
    ASSERT_TRUE(scene.run_until([&] { return gateway.last<wire::Completed>() != nullptr; }));
    EXPECT_EQ(gateway.last<wire::Completed>()->text_hash, codec::text_hash("Hello"));
    std::uint64_t seq = 0;
    for (const auto& event : gateway.events) {
        if (event.turn != "t1") continue;
        EXPECT_EQ(event.seq, ++seq) << "a hole";
    }
    EXPECT_EQ(seq, 5u) << "accepted, started, two deltas, completed";
}

TEST(BrokerShell, SendsWhatIsReadyTogetherInOneMessage) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    auto& worker = scene.worker("w1");
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !worker.leases.empty(); }));
    std::vector<wire::RunEvent> events{wire::Started{"w1"}};
    for (int i = 0; i < 50; ++i) events.push_back(wire::Delta{"x", 0});
    worker.output(1, std::move(events));
    ASSERT_TRUE(scene.run_until([&] { return gateway.of<wire::Delta>().size() == 50; }));
    for (const auto& batch : gateway.batches) {
        const auto deltas = std::count_if(
            batch.events.begin(), batch.events.end(),
            [](const auto& event) { return std::holds_alternative<wire::Delta>(event.body); });
        EXPECT_TRUE(deltas == 0 || deltas == 50) << deltas;
    }
}

TEST(BrokerShell, TakesASubscriptionToAnythingElseWithoutAWord) {
    ShellScene scene;
    for (const std::string& topic :
         {std::string(""), std::string("g"), std::string("g1"), std::string("/"),
          std::string("a b/"), std::string(65, 'g') + "/", std::string("\xff\x00/", 3),
          std::string(200, 'x')}) {
        scene.subscribe(topic);
    }
    auto& everything = scene.subscribe("");
    const auto& gateway = scene.gateway("g1");
    ASSERT_TRUE(scene.run_until([&] { return !everything.events.empty(); }));
    EXPECT_EQ(gateway.of<wire::Hello>().size(), 1u);
    EXPECT_EQ(everything.of<wire::Hello>().size(), 1u) << "g1's";
    EXPECT_EQ(scene.bad(Socket::events), 0u);
}

TEST(BrokerShell, CountsGarbageOnEverySocketAndGoesOn) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    auto& worker = scene.worker("w1");
    auto& commands = scene.peer(zmq::socket_type::push, scene.endpoints.commands);
    auto& link = scene.peer(zmq::socket_type::dealer, scene.endpoints.workers);
    auto& events = scene.peer(zmq::socket_type::xsub, scene.endpoints.events);

    std::mt19937 random(7);
    constexpr std::uint64_t messages = 300;
    for (std::uint64_t i = 0; i < messages; ++i) {
        std::string bytes(random() % 200, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        commands.send({bytes});
        link.send({bytes});
        events.send({"\x02" + bytes});
    }
    ASSERT_TRUE(scene.run_until([&] {
        return scene.bad(Socket::commands) == messages && scene.bad(Socket::workers) == messages &&
               scene.bad(Socket::events) == messages;
    }));
    scene.open("t1");
    EXPECT_TRUE(scene.run_until(
        [&] { return !worker.leases.empty() && !gateway.of<wire::Accepted>().empty(); }));
}

TEST(BrokerShell, CountsMessagesWithTooManyOrTooFewFrames) {
    ShellScene scene;
    wire::Open open;
    open.gateway = "g1";
    open.turn = "t1";
    open.session = "s1";
    open.text = "hello";
    const std::string command = codec::encode_command(wire::Command(open));
    scene.push({command, command});
    scene.push({"", command});
    auto& link = scene.peer(zmq::socket_type::dealer, scene.endpoints.workers);
    link.send({"", codec::encode_from_worker(wire::Ready{"w", "i", 1, {"emostage"}})});
    ASSERT_TRUE(scene.run_until(
        [&] { return scene.bad(Socket::commands) == 2 && scene.bad(Socket::workers) == 1; }));
    EXPECT_EQ(scene.shell->snapshot().queued, 0u);
    EXPECT_TRUE(scene.shell->snapshot().workers.empty());
}

TEST(BrokerShell, RejectsABadCommandWhereItNamesATurn) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    wire::Open open;
    open.gateway = "g1";
    open.turn = "t1";
    open.session = "s1";
    open.text = std::string(1024 * 1024, 'a');
    scene.push(wire::Command(open));
    ASSERT_TRUE(scene.run_until([&] { return gateway.last<wire::Rejected>() != nullptr; }));
    EXPECT_EQ(gateway.last<wire::Rejected>()->code, Errc::too_large);
    EXPECT_EQ(gateway.events.back().turn, "t1");
    EXPECT_EQ(scene.bad(Socket::commands), 1u);
    const auto& rejected = scene.shell->traffic().rejected;
    EXPECT_EQ(rejected[static_cast<std::size_t>(Errc::too_large)], 1u);
}

TEST(BrokerShell, HangsUpOnAMessageThatNoSocketTakes) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    const std::string endless(wire::message_bytes_max + 1, 'a');
    scene.peer(zmq::socket_type::push, scene.endpoints.commands).send({endless});
    scene.peer(zmq::socket_type::dealer, scene.endpoints.workers).send({endless});
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !gateway.of<wire::Accepted>().empty(); }));
    EXPECT_EQ(scene.bad(Socket::commands), 0u) << "it never arrives";
}

TEST(BrokerShell, OutlivesPeersThatDoNotSpeakZmtp) {
    ShellScene scene;
    std::mt19937 random(11);
    std::vector<asio::ip::tcp::socket> strangers;
    for (const auto& endpoint :
         {scene.endpoints.commands, scene.endpoints.events, scene.endpoints.workers}) {
        for (int i = 0; i < 8; ++i) {
            auto& stranger = strangers.emplace_back(scene.loop);
            stranger.connect({asio::ip::make_address("127.0.0.1"), port_of(endpoint)});
            std::string bytes = i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n" : "";
            for (int byte = 0; byte < 500; ++byte) bytes += static_cast<char>(random());
            asio::error_code ignored;
            asio::write(stranger, asio::buffer(bytes), ignored);
        }
    }
    auto& gateway = scene.gateway("g1");
    scene.open("t1");
    EXPECT_TRUE(scene.run_until([&] { return !gateway.of<wire::Accepted>().empty(); }));
}

TEST(BrokerShell, GivesATurnToAnotherWorkerWhenItsWorkersConnectionIsGone) {
    auto options = options_for_test();
    ShellScene scene(options);
    auto& gateway = scene.gateway("g1");
    auto& first = scene.worker("w1");
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !first.leases.empty(); }));
    first.output(1, {wire::Started{"w1"}, wire::Delta{"Hel", 0}});
    ASSERT_TRUE(scene.run_until([&] { return !gateway.of<wire::Delta>().empty(); }));
    first.die();
    auto& second = scene.worker("w2");
    ASSERT_TRUE(scene.run_until([&] { return !second.leases.empty(); }))
        << "the lease of ten seconds need not run out";
    EXPECT_EQ(second.leases.front().attempt, 2u);
    EXPECT_GE(scene.shell->traffic().unreachable, 1u);
}

TEST(BrokerShell, SlowsNobodyForASubscriberThatDoesNotRead) {
    auto options = options_for_test();
    options.subscriber_messages_max = 100;
    options.core.replay_burst_bytes = 1'000'000'000;
    ShellScene scene(options);
    auto& gateway = scene.gateway("g1");
    auto& worker = scene.worker("w1");
    auto& sleeper = scene.peer(zmq::socket_type::sub, scene.endpoints.events);
    sleeper.raw().set(zmq::sockopt::rcvhwm, 1);
    sleeper.raw().set(zmq::sockopt::subscribe, "sleeper/");
    scene.open("t0", "sleeper");
    ASSERT_TRUE(scene.run_until([&] { return !worker.leases.empty(); }));
    std::vector<wire::RunEvent> events{wire::Started{"w1"}};
    for (int i = 0; i < 40; ++i) events.push_back(wire::Delta{std::string(1'000, 'x'), 0});
    worker.output(1, std::move(events));
    // Each resume replays 40 kB to somebody who never reads: more than all buffers on the way hold.
    constexpr std::uint64_t turns = 1'000;
    for (std::uint64_t i = 1; i <= turns; ++i) {
        scene.push(wire::Command(wire::Resume{"sleeper", "t0", 0}));
        scene.open("t" + std::to_string(i));
    }
    EXPECT_TRUE(scene.run_until([&] { return gateway.of<wire::Accepted>().size() == turns; }));
    EXPECT_GT(scene.shell->traffic().sent[static_cast<std::size_t>(Socket::events)].bytes,
              20'000'000u);
}

TEST(BrokerShell, RefusesAnEndpointThatIsTakenWithASentence) {
    ShellScene scene;
    auto options = options_for_test();
    options.commands = scene.endpoints.commands;
    BrokerShell second(scene.loop, options, empty_state("b2"), std::make_unique<MemoryOnly>());
    const auto opened = second.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::io);
    EXPECT_EQ(
        opened.error().message,
        "cannot listen on " + scene.endpoints.commands +
            ": Address already in use; it is the endpoint of `commands`: stop what uses it, or "
            "choose another with --commands");
}

TEST(BrokerShell, NamesTheEndpointsAsTheyWereConfigured) {
    ShellScene scene;
    EXPECT_THAT(scene.endpoints.commands, testing::MatchesRegex("tcp://127.0.0.1:[0-9]+"));
}

class IpcTest : public testing::Test {
protected:
    IpcTest() : folder_(testing::TempDir() + "emostage_ipc_" + std::to_string(::getpid())) {
        std::filesystem::create_directory(folder_);
        options_.commands = "ipc://" + folder_ + "/commands";
        options_.events = "ipc://" + folder_ + "/events";
        options_.workers = "ipc://" + folder_ + "/workers";
    }
    ~IpcTest() override { std::filesystem::remove_all(folder_); }

    std::string folder_;
    BrokerOptions options_ = options_for_test();
};

TEST_F(IpcTest, ABrokerListensOnPaths) {
    ShellScene scene(options_);
    auto& gateway = scene.gateway("g1");
    scene.open("t1");
    EXPECT_TRUE(scene.run_until([&] { return !gateway.of<wire::Accepted>().empty(); }));
}

TEST_F(IpcTest, ASecondBrokerDoesNotTakeAPathOver) {
    ShellScene scene(options_);
    auto& gateway = scene.gateway("g1");
    {
        auto second_options = options_for_test();
        second_options.events = options_.events;
        BrokerShell second(scene.loop, second_options, empty_state("b2"),
                           std::make_unique<MemoryOnly>());
        const auto opened = second.open();
        ASSERT_FALSE(opened);
        EXPECT_THAT(opened.error().message, HasSubstr("/events: Address already in use; it is the "
                                                      "endpoint of `events`"));
    }
    scene.open("t1");
    EXPECT_TRUE(scene.run_until([&] { return !gateway.of<wire::Accepted>().empty(); }));
}

TEST_F(IpcTest, ABrokerTakesThePathOfOneThatIsGone) {
    { ShellScene first(options_); }
    ShellScene second(options_);
    second.gateway("g1");
}

TEST_F(IpcTest, AFolderThatIsNotThereIsRefused) {
    options_.workers = "ipc://" + folder_ + "/none/workers";
    asio::io_context loop;
    BrokerShell shell(loop, options_, empty_state("b1"), std::make_unique<MemoryOnly>());
    const auto opened = shell.open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("No such file or directory"));
}

TEST(BrokerShellDrain, IsDoneAtOnceWhereNothingRuns) {
    ShellScene scene;
    bool done = false;
    scene.shell->drain([&] { done = true; });
    EXPECT_TRUE(scene.run_until([&] { return done; }));
}

TEST(BrokerShellDrain, RejectsNewTurnsAndWaitsForThoseThatRun) {
    ShellScene scene;
    auto& gateway = scene.gateway("g1");
    auto& worker = scene.worker("w1");
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !worker.leases.empty(); }));
    bool done = false;
    scene.shell->drain([&] { done = true; });
    scene.open("t2");
    ASSERT_TRUE(scene.run_until([&] { return gateway.last<wire::Rejected>() != nullptr; }));
    EXPECT_EQ(gateway.last<wire::Rejected>()->code, Errc::unavailable);
    EXPECT_FALSE(done);
    worker.output(1, {wire::Started{"w1"}, wire::Delta{"Hello", 0}, the_end_of("Hello")});
    ASSERT_TRUE(scene.run_until([&] { return done; }));
    EXPECT_TRUE(scene.run_until([&] { return gateway.last<wire::Completed>() != nullptr; }));
}

TEST(BrokerShellDrain, EndsAtItsLimitWhateverStillRuns) {
    auto options = options_for_test();
    options.drain = 60ms;
    ShellScene scene(options);
    auto& worker = scene.worker("w1");
    scene.open("t1");
    ASSERT_TRUE(scene.run_until([&] { return !worker.leases.empty(); }));
    const auto begin = std::chrono::steady_clock::now();
    bool done = false;
    scene.shell->drain([&] { done = true; });
    ASSERT_TRUE(scene.run_until([&] { return done; }));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 60ms);
    EXPECT_EQ(scene.shell->snapshot().running, 1u);
}

TEST(BrokerShell, LeavesNothingOnTheLoopThatTouchesItWhenItIsGone) {
    ShellScene scene;
    scene.gateway("g1");
    scene.worker("w1");
    scene.open("t1");
    scene.shell->drain([] { FAIL() << "it is gone"; });
    scene.shell.reset();
    scene.loop.restart();
    scene.loop.run_for(100ms);
}

}  // namespace
}  // namespace emostage::broker
