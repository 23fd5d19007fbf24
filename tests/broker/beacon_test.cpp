// Beacons: a gateway with turns learns their last numbers each second.

#include "broker/broker.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

using Live = std::vector<std::pair<std::string, std::uint64_t>>;

std::vector<Live> beacons(const Scene& scene, const std::string& gateway = "g1") {
    std::vector<Live> all;
    for (const auto& [to, event] : scene.out.published) {
        if (to != gateway) continue;
        if (const auto* beacon = std::get_if<wire::Beacon>(&event.body))
            all.push_back(beacon->live);
    }
    return all;
}

TEST(Beacon, AGatewayWithLiveTurnsGetsOneEachSecond) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.advance(999ms);
    EXPECT_TRUE(beacons(scene).empty());
    scene.advance(1ms);
    ASSERT_EQ(beacons(scene).size(), 1u);
    EXPECT_THAT(beacons(scene)[0], UnorderedElementsAre(Pair("t1", 3), Pair("t2", 1)));
    scene.advance(3s);
    EXPECT_EQ(beacons(scene).size(), 4u);
}

TEST(Beacon, AnEndedTurnStaysInThemForAWhile) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "x");
    scene.advance(Config{}.beacon_after_end - 1ms);
    ASSERT_EQ(beacons(scene).size(), 9u);
    EXPECT_THAT(beacons(scene).back(), ElementsAre(Pair("t1", 4)));
    scene.advance(1min);
    EXPECT_EQ(beacons(scene).size(), 9u);
}

TEST(Beacon, AGatewayThatResumedGetsThemToo) {
    Scene scene;
    scene.open("t1");
    scene.resume("t1", 0, "g2");
    scene.advance(1s);
    EXPECT_THAT(beacons(scene, "g2"), ElementsAre(ElementsAre(Pair("t1", 1))));
}

TEST(Beacon, ManyTurnsComeInSeveral) {
    Config config;
    config.beacon_turns_max = 2;
    Scene scene(config);
    for (const auto* turn : {"t1", "t2", "t3", "t4", "t5"}) scene.open(turn, turn);
    scene.advance(1s);
    ASSERT_EQ(beacons(scene).size(), 3u);
    Live all;
    for (const auto& live : beacons(scene)) {
        EXPECT_LE(live.size(), 2u);
        all.insert(all.end(), live.begin(), live.end());
    }
    EXPECT_THAT(all, UnorderedElementsAre(Pair("t1", 1), Pair("t2", 1), Pair("t3", 1),
                                          Pair("t4", 1), Pair("t5", 1)));
}

TEST(Beacon, ATurnThatIsForgottenInTheMidstOfThemHidesNoOther) {
    Config config;
    config.beacon_turns_max = 2;
    config.tick_steps_max = 2;
    config.kept_turns_max = 0;  // an ended turn is forgotten at once
    Scene scene(config);
    for (const auto* turn : {"t1", "t2", "t3", "t4", "t5"}) scene.open(turn, turn);
    scene.now.steady += 1s;
    scene.tick();  // t5 and t4
    ASSERT_EQ(beacons(scene).size(), 1u);
    scene.cancel("t1");
    scene.tick();
    scene.tick();
    std::set<std::string> listed;
    for (const auto& live : beacons(scene)) {
        for (const auto& [turn, seq] : live) listed.insert(turn);
    }
    EXPECT_THAT(listed, ElementsAre("t2", "t3", "t4", "t5"));
}

TEST(Beacon, AnEventlessGatewayCostsNothing) {
    Scene scene;
    scene.broker.on(Subscribed{"g1"}, scene.now);
    EXPECT_EQ(scene.broker.next_time(), std::nullopt);
}

}  // namespace
}  // namespace emostage::broker::test
