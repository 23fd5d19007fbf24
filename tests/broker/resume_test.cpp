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

}  // namespace
}  // namespace emostage::broker::test
