// The order of a session's turns, what it remembers, and on_busy.

#include "broker/broker.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

std::string history(const wire::Lease& lease) {
    std::string all;
    for (const auto& [role, text] : lease.history) {
        all += (role == wire::Role::user ? "u:" : "a:") + text + " ";
    }
    return all;
}

wire::Open busy_open(std::string turn, wire::OnBusy on_busy, std::string text = "hello") {
    auto open = Scene::an_open(std::move(turn), "s1", std::move(text));
    open.on_busy = on_busy;
    return open;
}

TEST(Session, ItsTurnsRunOneAtATimeInOrderOfAcceptance) {
    Scene scene;
    scene.worker("w1", 8);
    for (const auto* turn : {"t1", "t2", "t3"}) scene.open(turn);
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    scene.answer("t1", "1");
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2"));
    scene.answer("t2", "2");
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2", "t3"));
}

TEST(Session, PriorityDoesNotReorderASession) {
    Scene scene;
    scene.open("t1");
    auto urgent = Scene::an_open("t2");
    urgent.priority = wire::Priority::high;
    scene.open(urgent);
    scene.worker("w1", 8);
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
}

TEST(Session, ItRemembersWhatWasSaidAndTheStateOfTheLastTurn) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1", "hi");
    EXPECT_EQ(history(*scene.lease("t1")), "");
    EXPECT_EQ(scene.lease("t1")->state.bytes, "");
    scene.answer("t1", "hello", "phase-1");
    scene.open("t2", "s1", "more");
    EXPECT_EQ(history(*scene.lease("t2")), "u:hi a:hello ");
    EXPECT_EQ(scene.lease("t2")->state.bytes, "phase-1");
    scene.answer("t2", "yes");
    scene.open("t3", "s1", "end");
    EXPECT_EQ(history(*scene.lease("t3")), "u:hi a:hello u:more a:yes ");
    EXPECT_EQ(scene.lease("t3")->state.bytes, "phase-1");  // a turn without state changes none
}

TEST(Session, AReplyThatWasResetIsRememberedAsItEnded) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1", "hi");
    scene.say("t1", {delta("wrong"), wire::Reset{"model_cut"}, delta("right")});
    scene.complete("t1", "right");
    scene.open("t2");
    EXPECT_EQ(history(*scene.lease("t2")), "u:hi a:right ");
}

TEST(Session, AStateThatIsTooLargeIsNotRemembered) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "1", "small");
    scene.open("t2");
    scene.answer("t2", "2", std::string(wire::state_bytes_max + 1, 'x'));
    scene.open("t3");
    EXPECT_EQ(scene.lease("t3")->state.bytes, "small");
}

TEST(Session, AStatelessTurnBringsItsHistoryAndLeavesNothing) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1", "hi");
    scene.answer("t1", "hello", "state");
    auto stateless = Scene::an_open("t2", "s1", "own");
    stateless.history = {{wire::Role::user, "before"}};
    scene.open(stateless);
    EXPECT_EQ(history(*scene.lease("t2")), "u:before ");
    EXPECT_EQ(scene.lease("t2")->state.bytes, "");
    scene.answer("t2", "reply", "other");
    scene.open("t3", "s1", "again");
    EXPECT_EQ(history(*scene.lease("t3")), "u:hi a:hello ");
    EXPECT_EQ(scene.lease("t3")->state.bytes, "state");
}

TEST(Session, StatelessTurnsKeepTheOrderOfTheirSession) {
    Scene scene;
    scene.worker("w1", 2);
    auto open = Scene::an_open("t1");
    open.history.emplace();
    scene.open(open);
    open.turn = "t2";
    scene.open(open);
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    scene.answer("t1", "x");
    scene.answer("t2", "x");
    EXPECT_EQ(scene.broker.snapshot(scene.now).sessions, 0u);
}

TEST(Session, AFailedTurnIsNotRemembered) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1", "hi");
    scene.say("t1", {delta("par"), wire::Failed{Errc::model_cut, "the stream was cut", true}});
    scene.open("t2");
    EXPECT_EQ(history(*scene.lease("t2")), "");
}

TEST(Session, ACancelledTurnIsRememberedWithWhatWasShown) {
    Scene scene;
    scene.worker("w1", 2);
    scene.open("t1", "s1", "hi");
    scene.say("t1", {delta("I he")});
    scene.cancel("t1");
    scene.open("t2", "s1", "wait");
    EXPECT_EQ(history(*scene.lease("t2")), "u:hi a:I he ");
}

TEST(Session, ATurnCancelledInTheQueueKeepsItsPlaceInTheHistory) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1", "one");
    scene.open("t2", "s1", "two");
    scene.open("t3", "s1", "three");
    scene.cancel("t2");
    scene.answer("t1", "1");
    EXPECT_EQ(history(*scene.lease("t3")), "u:one a:1 u:two ");
}

TEST(Session, TheHistoryIsBoundedAndTheNewestIsKept) {
    Config config;
    config.session_utterances_max = 3;
    Scene scene(config);
    scene.worker("w1");
    for (int i = 1; i <= 3; ++i) {
        scene.open("t" + std::to_string(i), "s1", "u" + std::to_string(i));
        scene.answer("t" + std::to_string(i), "a" + std::to_string(i));
    }
    scene.open("t4");
    EXPECT_EQ(history(*scene.lease("t4")), "a:a2 u:u3 a:a3 ");
}

TEST(Session, ItIsForgottenAfterItsRetention) {
    Config config;
    config.session_retention = 100s;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "x");
    scene.advance(99s);
    EXPECT_EQ(scene.broker.snapshot(scene.now).sessions, 1u);
    scene.advance(1s);
    EXPECT_EQ(scene.broker.snapshot(scene.now).sessions, 0u);
}

// --- on_busy -----------------------------------------------------------------------------------

TEST(OnBusy, RejectRefusesWhileATurnRunsOrWaits) {
    Scene scene;
    scene.open("t1");
    scene.open(busy_open("t2", wire::OnBusy::reject));
    EXPECT_EQ(scene.last<wire::Rejected>("t2").code, Errc::session_busy);
    scene.worker("w1");
    scene.open(busy_open("t2", wire::OnBusy::reject));
    EXPECT_EQ(scene.types("t2"), "rejected rejected");
    scene.answer("t1", "x");
    scene.open(busy_open("t2", wire::OnBusy::reject));
    EXPECT_EQ(scene.types("t2"), "rejected rejected accepted");
}

TEST(OnBusy, InterruptCancelsWhatRunsAndWaitsAndAnswersAllOfIt) {
    Scene scene;
    scene.worker("w1", 2);
    scene.open("t1", "s1", "one");
    scene.open("t2", "s1", "two");
    scene.say("t1", {delta("You")});
    scene.open(busy_open("t3", wire::OnBusy::interrupt, "three"));
    EXPECT_EQ(scene.last<wire::Cancelled>("t1").reason, "interrupted");
    EXPECT_EQ(scene.last<wire::Cancelled>("t2").reason, "interrupted");
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t3"));
    EXPECT_EQ(history(*scene.lease("t3")), "u:one a:You u:two ");
    EXPECT_EQ(scene.lease("t3")->text, "three");
}

TEST(OnBusy, InterruptOfAnIdleSessionIsAnOrdinaryTurn) {
    Scene scene;
    scene.worker("w1");
    scene.open(busy_open("t1", wire::OnBusy::interrupt));
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
}

TEST(OnBusy, AnInterruptThatIsRefusedInterruptsNothing) {
    Config config;
    config.queued_bytes_max = 100;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.open(busy_open("t2", wire::OnBusy::interrupt, std::string(100, 'x')));
    EXPECT_EQ(scene.last<wire::Rejected>("t2").code, Errc::overloaded);
    scene.answer("t1", "x");
    EXPECT_EQ(scene.types("t1"), "accepted started delta completed");
}

TEST(OnBusy, InterruptIsNotRefusedBecauseTheSessionIsFull) {
    Config config;
    config.queued_turns_per_session_max = 1;
    Scene scene(config);
    scene.open("t1");
    scene.open(busy_open("t2", wire::OnBusy::interrupt));
    EXPECT_EQ(scene.types("t1"), "accepted cancelled");
    EXPECT_EQ(scene.types("t2"), "accepted");
}

TEST(OnBusy, InterruptingStatelessTurnsLeavesTheSessionWhole) {
    Scene scene;
    auto open = busy_open("t1", wire::OnBusy::enqueue);
    open.history.emplace();
    scene.open(open);
    open.turn = "t2";
    scene.open(open);
    open.turn = "t3";
    open.on_busy = wire::OnBusy::interrupt;
    scene.open(open);
    scene.worker("w1", 4);
    EXPECT_THAT(scene.leased(), ElementsAre("t3"));
    EXPECT_EQ(scene.types("t2"), "accepted cancelled");
}

TEST(OnBusy, PushingAnInterruptAgainDoesNotInterruptItself) {
    Scene scene;
    scene.worker("w1");
    scene.open(busy_open("t1", wire::OnBusy::interrupt));
    scene.open(busy_open("t1", wire::OnBusy::interrupt));
    EXPECT_EQ(scene.types("t1"), "accepted accepted");
    scene.answer("t1", "x");
    EXPECT_EQ(scene.types("t1"), "accepted accepted started delta completed");
}

}  // namespace
}  // namespace emostage::broker::test
