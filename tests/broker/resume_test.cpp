// Resumes: what was missed, what follows, and for how long.

#include "broker/intake.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

Errc code(const wire::Rejected& rejected) { return rejected.code; }

TEST(Resume, AResumeSendsWhatWasMissedAndThenWhatFollows) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a"), delta("b"), delta("c")});
    scene.resume("t1", 3, "g2");
    ASSERT_EQ(scene.types("t1", "g2"), "delta");
    EXPECT_EQ(std::get<wire::Delta>(scene.events("t1", "g2")[0].body), (wire::Delta{"bc", 4}));
    EXPECT_EQ(scene.events("t1", "g2")[0].seq, 5u);
    scene.say("t1", {delta("d")});
    EXPECT_EQ(scene.events("t1", "g2").back(), scene.events("t1", "g1").back());
    EXPECT_EQ(scene.counters().replays, 1u);
}

TEST(Resume, AResumeAfterTheLastNumberOnlyAttaches) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.resume("t1", 1, "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "");
    scene.say("t1", {wire::Started{}});
    EXPECT_EQ(scene.types("t1", "g2"), "started");
}

TEST(Resume, AResumeAfterTheEndIsToldTheEnd) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "yes");
    const auto last = scene.events("t1").back();
    scene.resume("t1", last.seq, "g2");
    ASSERT_EQ(scene.types("t1", "g2"), "completed");
    EXPECT_EQ(scene.events("t1", "g2").back().seq, last.seq);
    scene.resume("t1", last.seq + 7, "g3");
    EXPECT_EQ(scene.types("t1", "g3"), "completed");
}

TEST(Resume, ResumingTwiceDoesNotDoubleWhatFollows) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.resume("t1", 1);
    scene.resume("t1", 1);
    scene.say("t1", {wire::Started{}});
    EXPECT_EQ(scene.types("t1"), "accepted started");
}

TEST(Resume, ResumingAnUnknownTurnIsRejected) {
    Scene scene;
    scene.resume("t1", 0);
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1")), Errc::unknown_turn);
}

TEST(Resume, ATurnHasOnlySoManyAskersWhileItIsLive) {
    Config config;
    config.askers_per_turn_max = 2;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.resume("t1", 0, "g2");
    scene.resume("t1", 0, "g3");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1", "g3")), Errc::overloaded);
    scene.open("t1", "s1", "hello", "g4");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1", "g4")), Errc::overloaded);
    scene.answer("t1", "yes");
    EXPECT_EQ(scene.types("t1", "g3"), "rejected");
    scene.resume("t1", 0, "g3");
    EXPECT_EQ(scene.types("t1", "g3"), "rejected accepted started delta completed");
}

TEST(Resume, AnEndedTurnCanBeResumedForItsRetention) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "yes");
    scene.advance(Config{}.retention - 1ms);
    scene.resume("t1", 0, "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "accepted started delta completed");
    scene.advance(1ms);
    scene.resume("t1", 0, "g3");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1", "g3")), Errc::unknown_turn);
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept, 0u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept_bytes, 0u);
}

TEST(Resume, EndedTurnsAreBoundedInNumberAndTheOldestEndGoesFirst) {
    Config config;
    config.kept_turns_max = 2;
    Scene scene(config);
    for (int i = 1; i <= 3; ++i) {
        scene.open("t" + std::to_string(i));
        scene.cancel("t" + std::to_string(i));
    }
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept, 2u);
    scene.resume("t1", 0, "g2");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1", "g2")), Errc::unknown_turn);
    scene.resume("t2", 0, "g2");
    EXPECT_EQ(scene.types("t2", "g2"), "accepted cancelled");
}

TEST(Resume, EndedTurnsAreBoundedInBytesAndLiveTurnsStay) {
    Config config;
    config.kept_bytes_max = 1;
    Scene scene(config);
    scene.worker("w1", 2);
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.answer("t1", "yes");
    EXPECT_EQ(scene.types("t1"), "accepted started delta completed");
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept, 0u);
    scene.cancel("t2", "g2");
    EXPECT_EQ(scene.types("t2"), "accepted cancelled");
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept_bytes, 0u);
}

// --- the budget --------------------------------------------------------------------------------

// A turn's replay of some 10 000 bytes takes its gateway a second; one such is in the burst.
Config slow_replays() {
    Config config;
    config.replay_bytes_per_second = 10'000;
    config.replay_burst_bytes = 1'000;
    config.replays_waiting_max = 2;
    return config;
}

class ReplayBudget : public testing::Test {
protected:
    explicit ReplayBudget(Config config = slow_replays()) : scene(std::move(config)) {
        scene.worker("w1", 8);
        for (const auto* turn : {"t1", "t2", "t3", "t4"}) {
            scene.open(turn, turn);
            scene.say(turn, {wire::Started{}, delta(std::string(9'500, 'x'))});
        }
    }
    std::uint64_t waiting() const { return scene.broker.snapshot(scene.now).replays_waiting; }

    Scene scene;
};

TEST_F(ReplayBudget, WhatIsOverItWaitsAndGoesOutInOrder) {
    scene.resume("t1", 0, "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "accepted started delta");
    scene.resume("t2", 0, "g2");
    scene.resume("t3", 0, "g2");
    EXPECT_EQ(scene.types("t2", "g2") + scene.types("t3", "g2"), "");
    EXPECT_EQ(waiting(), 2u);
    scene.advance(850ms);
    EXPECT_EQ(scene.types("t2", "g2"), "");
    scene.advance(150ms);
    EXPECT_EQ(scene.types("t2", "g2"), "accepted started delta");
    EXPECT_EQ(scene.types("t3", "g2"), "");
    scene.advance(1s);
    EXPECT_EQ(scene.types("t3", "g2"), "accepted started delta");
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(scene.counters().replays, 3u);
}

TEST_F(ReplayBudget, IsEachGatewaysOwn) {
    scene.resume("t1", 0, "g2");
    scene.resume("t2", 0, "g2");
    scene.resume("t2", 0, "g3");
    EXPECT_EQ(scene.types("t2", "g2"), "");
    EXPECT_EQ(scene.types("t2", "g3"), "accepted started delta");
}

TEST_F(ReplayBudget, LiveEventsDoNotWaitForItAndNoNumberComesTwice) {
    scene.resume("t1", 0, "g2");
    scene.resume("t2", 1, "g2");
    scene.say("t2", {delta("more")});
    scene.complete("t2", std::string(9'500, 'x') + "more");
    EXPECT_EQ(scene.types("t2", "g2"), "delta completed");
    scene.advance(1s);
    std::vector<std::uint64_t> numbers;
    for (const auto& event : scene.events("t2", "g2")) numbers.push_back(event.seq);
    EXPECT_THAT(numbers, testing::ElementsAre(4u, 5u, 2u, 3u));
}

TEST_F(ReplayBudget, ANewerResumeTakesThePlaceOfTheOlder) {
    scene.resume("t1", 0, "g2");
    scene.resume("t2", 0, "g2");
    scene.resume("t3", 0, "g2");
    scene.resume("t2", 2, "g2");
    EXPECT_EQ(waiting(), 2u);
    scene.advance(1s);
    EXPECT_EQ(scene.types("t2", "g2"), "delta") << "it kept its place, and says what it has";
    scene.advance(1s);
    EXPECT_EQ(scene.types("t2", "g2"), "delta");
    EXPECT_EQ(scene.types("t3", "g2"), "accepted started delta");
}

TEST_F(ReplayBudget, MoreThanMayWaitAreRejectedAndToldWhen) {
    for (const auto* turn : {"t1", "t2", "t3", "t4"}) scene.resume(turn, 0, "g2");
    const auto rejected = scene.last<wire::Rejected>("t4", "g2");
    EXPECT_EQ(rejected.code, Errc::overloaded);
    EXPECT_NEAR(static_cast<double>(rejected.retry_after_ms.value_or(0)), 900, 60);
    scene.say("t4", {delta("more")});
    EXPECT_EQ(scene.types("t4", "g2"), "rejected") << "it was not attached";
    scene.advance(milliseconds(*rejected.retry_after_ms));
    scene.resume("t4", 0, "g2");
    EXPECT_EQ(scene.types("t4", "g2"), "rejected");
    EXPECT_EQ(waiting(), 2u);
}

TEST_F(ReplayBudget, AResumeWithNothingToReplayNeedsNone) {
    for (const auto* turn : {"t1", "t2", "t3"}) scene.resume(turn, 0, "g2");
    scene.resume("t4", 3, "g2");
    scene.say("t4", {delta("more")});
    EXPECT_EQ(scene.types("t4", "g2"), "delta");
}

TEST_F(ReplayBudget, ARepeatedOpenIsNeverRejectedForIt) {
    for (const auto* turn : {"t1", "t2", "t3"}) scene.resume(turn, 0);
    const auto before = scene.types("t4");
    scene.open("t4", "t4");
    EXPECT_EQ(scene.types("t4"), before) << "its replay found no room";
    EXPECT_EQ(scene.counters().replays_dropped, 1u);
    scene.advance(3s);
    scene.open("t4", "t4");
    EXPECT_EQ(scene.types("t4"), before + " accepted started delta");
}

TEST_F(ReplayBudget, AJoinWaitsForItToo) {
    scene.open("t1", "t1", "hello", "g2");
    scene.open("t2", "t2", "hello", "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "accepted started delta");
    EXPECT_EQ(scene.types("t2", "g2"), "");
    scene.advance(1s);
    EXPECT_EQ(scene.types("t2", "g2"), "accepted started delta");
}

TEST_F(ReplayBudget, AnEndedTurnIsReplayedWholeLater) {
    scene.resume("t1", 0, "g2");
    scene.complete("t2", std::string(9'500, 'x'));
    scene.advance(Config{}.beacon_after_end);  // its askers are gone
    scene.resume("t1", 0, "g2");
    scene.resume("t2", 0, "g2");
    EXPECT_EQ(scene.types("t2", "g2"), "");
    scene.advance(1s);
    EXPECT_EQ(scene.types("t2", "g2"), "accepted started delta completed");
}

struct ShortMemory : ReplayBudget {
    static Config config() {
        auto config = slow_replays();
        config.kept_turns_max = 1;
        return config;
    }
    ShortMemory() : ReplayBudget(config()) {}
};

TEST_F(ShortMemory, ATurnThatIsForgottenWhileItsReplayWaitsIsUnknown) {
    scene.complete("t2", std::string(9'500, 'x'));
    scene.resume("t1", 0, "g2");
    scene.resume("t2", 0, "g2");
    scene.complete("t3", std::string(9'500, 'x'));
    scene.advance(1s);
    EXPECT_EQ(scene.types("t2", "g2"), "rejected");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t2", "g2")), Errc::unknown_turn);
    EXPECT_EQ(waiting(), 0u);
}

}  // namespace
}  // namespace emostage::broker::test
