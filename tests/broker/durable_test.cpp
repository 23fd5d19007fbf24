// What is told when, and what a start after a crash goes on with.
#include <gtest/gtest.h>

#include "core/codec/hash.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

Config durable() {
    Config config;
    config.durable = true;
    return config;
}

std::string text_of(const std::vector<wire::Event>& events) {
    std::string text;
    for (const auto& event : events) {
        if (const auto* delta = std::get_if<wire::Delta>(&event.body)) text += delta->text;
        if (std::holds_alternative<wire::Reset>(event.body)) text.clear();
    }
    return text;
}

// Numbers from 1 on without a hole; merged deltas and resets stand for several.
::testing::AssertionResult unbroken(const std::vector<wire::Event>& events) {
    std::uint64_t next = 1;
    for (const auto& event : events) {
        const auto first = wire::first_number(event);
        if (first > next || event.seq < next) {
            return ::testing::AssertionFailure() << "number " << first << " after " << next - 1;
        }
        next = event.seq + 1;
    }
    return ::testing::AssertionSuccess();
}

// What a reader holds that threw away what it had before.
std::vector<wire::Event> kept(std::vector<wire::Event> events) {
    std::vector<wire::Event> kept;
    for (auto& event : events) {
        std::erase_if(kept, [&](const auto& known) { return known.seq >= event.seq; });
        kept.push_back(std::move(event));
    }
    return kept;
}

// --- what waits for the disk -------------------------------------------------------------------

TEST(Durable, AcceptedIsToldWhenItIsStored) {
    Scene scene(durable());
    scene.open("t");
    EXPECT_EQ(scene.types("t"), "");
    ASSERT_EQ(scene.out.commits.size(), 1u);
    EXPECT_EQ(scene.counters().accepted, 0u);
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted");
    EXPECT_EQ(scene.counters().accepted, 1u);
}

TEST(Durable, ARunBeginsBeforeItsTurnIsStored) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    ASSERT_TRUE(scene.lease("t"));
    scene.say("t", {wire::Started{}, delta("hel")});
    EXPECT_EQ(scene.types("t"), "");
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted started delta");
}

TEST(Durable, WhatARunSaysIsToldAtOnceWhenItsLeaseIsStored) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    const auto commits = scene.out.commits.size();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.say("t", {delta("lo")});
    EXPECT_EQ(scene.types("t"), "accepted started delta delta");
    EXPECT_EQ(scene.out.commits.size(), commits);
}

TEST(Durable, WhatARunSaysIsStoredSoonAndTogether) {
    auto config = durable();
    Scene scene(config);
    scene.worker("w");
    scene.open("t");
    scene.store();
    const auto commits = scene.out.commits.size();
    for (int i = 0; i < 10; ++i) {
        scene.say("t", {delta("x")});
        scene.advance(5ms);
    }
    EXPECT_EQ(scene.out.commits.size(), commits);
    scene.advance(config.commit_lazy);
    ASSERT_EQ(scene.out.commits.size(), commits + 1);
    EXPECT_EQ(scene.out.commits.back().events.size(), 1u);
    EXPECT_EQ(scene.out.commits.back().events[0].last, 11u);
}

// What it says is stored, and the others run.
void let_one_of_sixteen_end(Scene& scene, const Config& config) {
    scene.worker("w", 16);
    for (int i = 0; i < 16; ++i) scene.open("t" + std::to_string(i), "s" + std::to_string(i));
    scene.store();
    scene.store();
    scene.advance(config.commit_spacing);
    scene.answer("t0", "hello");
    scene.store();
}

TEST(Durable, ManyTurnsAreStoredTogetherAndNotOneByOne) {
    const auto config = durable();
    Scene scene(config);
    let_one_of_sixteen_end(scene, config);
    const auto commits = scene.out.commits.size();
    scene.answer("t1", "hello");
    scene.answer("t2", "hello");
    EXPECT_EQ(scene.out.commits.size(), commits);
    scene.advance(config.commit_spacing);
    ASSERT_EQ(scene.out.commits.size(), commits + 1);
    EXPECT_EQ(scene.out.commits.back().turns.size(), 2u);
}

TEST(Durable, ACommitThatManyOfThoseThatRunWaitForDoesNotWait) {
    const auto config = durable();
    Scene scene(config);
    let_one_of_sixteen_end(scene, config);
    const auto commits = scene.out.commits.size();
    // A quarter of the fifteen that still ran when the first of them ended.
    for (int i = 1; i <= 3; ++i) scene.answer("t" + std::to_string(i), "hello");
    EXPECT_EQ(scene.out.commits.size(), commits + 1);
}

TEST(Durable, TextThatWaitsForACommitMakesItPressing) {
    auto config = durable();
    config.reserved_numbers = 3;
    Scene scene(config);
    scene.worker("w", 16);
    for (int i = 0; i < 16; ++i) scene.open("t" + std::to_string(i), "s" + std::to_string(i));
    scene.store();
    scene.store();
    scene.advance(config.commit_spacing);
    scene.answer("t0", "hello");
    scene.store();
    const auto commits = scene.out.commits.size();
    scene.say("t1", {wire::Started{}, delta("a"), delta("b")});
    EXPECT_EQ(text_of(scene.events("t1")), "ab");
    EXPECT_EQ(scene.out.commits.size(), commits);
    scene.say("t1", {delta("c")});
    EXPECT_EQ(text_of(scene.events("t1")), "ab");
    EXPECT_EQ(scene.out.commits.size(), commits + 1);
    scene.store();
    EXPECT_EQ(text_of(scene.events("t1")), "abc");
}

TEST(Durable, NumbersThatNoCommitHasReservedWait) {
    auto config = durable();
    config.reserved_numbers = 4;
    Scene scene(config);
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {delta("a"), delta("b"), delta("c"), delta("d"), delta("e"), delta("f")});
    EXPECT_EQ(text_of(scene.events("t")), "abcd");
    scene.store();
    EXPECT_EQ(text_of(scene.events("t")), "abcdef");
    EXPECT_TRUE(unbroken(scene.events("t")));
}

TEST(Durable, ATurnThatSomebodyJoinsWhileItsEndIsUnderWayIsKeptOnce) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.resume("t", 0, "g2");
    scene.store();
    EXPECT_EQ(scene.types("t", "g2"), "accepted started delta completed");
    const auto commits = scene.out.commits.size();
    scene.advance(1s);
    scene.store();
    EXPECT_EQ(scene.out.commits.size(), commits);
    EXPECT_EQ(scene.broker.snapshot(scene.now).kept, 1u);
}

TEST(Durable, ASessionsNextTurnIsToldAfterTheEndOfTheOneBefore) {
    Scene scene(durable());
    scene.worker("w", 2);
    scene.open("a");
    scene.store();
    scene.open("other", "s2");  // its commit is under way
    scene.open("b");
    scene.answer("a", "hello");
    scene.say("b", {wire::Started{}});
    scene.store();
    std::string told;
    for (const auto& [gateway, event] : scene.out.published) {
        if (event.turn == "a" || event.turn == "b")
            told += event.turn + " " + type_of(event.body) + ", ";
    }
    EXPECT_EQ(told, "a accepted, a started, a delta, a completed, b accepted, b started, ");
}

TEST(Durable, AnEndIsToldWhenItIsStoredAndTheWorkerHearsOfItThen) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {delta("hello")});
    scene.complete("t", "hello");
    EXPECT_EQ(scene.types("t"), "accepted delta");
    EXPECT_TRUE(scene.sent<wire::Kept>(worker).empty());
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted delta completed");
    const auto kept = scene.sent<wire::Kept>(worker);
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].leases.at(0).second, 2u);
    EXPECT_TRUE(worker.leases.empty());
}

TEST(Durable, TheEndAndWhatTheSessionRemembersAreOneCommit) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    const auto& commit = scene.out.commits.back();
    ASSERT_EQ(commit.turns.size(), 1u);
    EXPECT_EQ(commit.turns[0].state, TurnState::ended);
    EXPECT_EQ(commit.sessions.size(), 1u);
}

TEST(Durable, AnEndedRunTakesNoSlotWhileItsEndIsBeingStored) {
    Scene scene(durable());
    scene.worker("w", 1);
    scene.open("t1", "s1");
    scene.store();
    scene.answer("t1", "hello");
    scene.open("t2", "s2");
    EXPECT_EQ(scene.leased(), (std::vector<std::string>{"t1", "t2"}));
}

TEST(Durable, TheWorkerMayForgetWhatIsStoredAndNoMore) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {delta("a")});
    scene.advance(durable().commit_lazy);
    scene.store();
    scene.say("t", {delta("b")});
    scene.advance(1s);
    const auto kept = scene.sent<wire::Kept>(worker);
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.back().leases.at(0).second, 1u);
}

TEST(Durable, AConflictIsToldAfterTheTurnWasAccepted) {
    Scene scene(durable());
    scene.open("t");
    scene.open("t", "s1", "something else");
    EXPECT_EQ(scene.types("t"), "");
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted rejected");
    EXPECT_EQ(scene.last<wire::Rejected>("t").code, Errc::conflict);
}

TEST(Durable, AResumeReplaysNothingThatWaits) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {delta("hello")});
    scene.complete("t", "hello");
    scene.resume("t", 0, "g2");
    EXPECT_EQ(scene.types("t", "g2"), "accepted delta");
    scene.store();
    EXPECT_EQ(scene.types("t", "g2"), "accepted delta completed");
}

TEST(Durable, WhoCancelsHearsTheEndWhenItIsStored) {
    Scene scene(durable());
    scene.open("t");
    scene.store();
    scene.cancel("t", "g2");
    EXPECT_EQ(scene.types("t", "g2"), "");
    scene.store();
    EXPECT_EQ(scene.types("t", "g2"), "cancelled");
    EXPECT_EQ(scene.types("t"), "accepted cancelled");
}

TEST(Durable, WhatIsForgottenGoesFromTheDisk) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.store();
    EXPECT_EQ(scene.disk.turns(), 1u);
    for (int i = 0; i < 1000; ++i) {
        scene.advance(1s);
        scene.store();
    }
    EXPECT_EQ(scene.disk.turns(), 0u);
    EXPECT_EQ(scene.disk.event_rows(), 0u);
    EXPECT_EQ(scene.disk.sessions(), 1u);
}

// --- a disk that fails -------------------------------------------------------------------------

TEST(Durable, ARunThatWasStoppedForACancelThatDiedWithTheBrokerTakesNothingBack) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    auto open = Scene::an_open("t");
    open.on_lost = wire::OnLost::fail;
    scene.open(std::move(open));
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    const auto stopped = scene.lease("t")->lease;
    scene.cancel("t");
    scene.restart();
    scene.come_back(worker);
    scene.from(
        worker,
        wire::Output{stopped, 1, {wire::Started{}, delta("hel"), wire::Cancelled{"requested"}}});
    scene.store();
    ASSERT_NE(scene.lease("t")->lease, stopped);
    EXPECT_EQ(scene.lease("t")->shown, "hel");
    EXPECT_EQ(scene.lease("t")->attempt, 1u);
    EXPECT_EQ(scene.types("t").find("reset"), std::string::npos) << scene.types("t");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
}

TEST(Durable, ATurnThatCannotBeStoredIsRejectedAndItsRunStopped) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.fail(Committed::Result::full);
    EXPECT_EQ(scene.types("t"), "rejected");
    EXPECT_EQ(scene.last<wire::Rejected>("t").code, Errc::unavailable);
    EXPECT_TRUE(worker.leases.empty());
    scene.open("t2");
    EXPECT_EQ(scene.last<wire::Rejected>("t2").code, Errc::unavailable);
    EXPECT_TRUE(scene.last<wire::Rejected>("t2").retry_after_ms);
}

TEST(Durable, ATurnThatWasAcceptedEndsWhenThereIsRoomAgain) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.fail(Committed::Result::full);
    EXPECT_EQ(scene.types("t"), "accepted started delta");
    const auto commits = scene.out.commits.size();
    scene.advance(99ms);
    EXPECT_EQ(scene.out.commits.size(), commits);
    scene.advance(1ms);
    ASSERT_EQ(scene.out.commits.size(), commits + 1);
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted started delta completed");
    scene.open("t2");
    scene.store();
    EXPECT_EQ(scene.types("t2"), "accepted");
}

TEST(Durable, CommitsThatFailAreTriedLessAndLessOften) {
    Scene scene(durable());
    scene.open("t");
    scene.store();
    scene.cancel("t");
    std::size_t tries = 0;
    for (int i = 0; i < 60'000; ++i) {
        scene.advance(1ms);
        for (; tries < scene.out.commits.size() - 1; ++tries) {
            scene.fail(Committed::Result::failed);
        }
    }
    EXPECT_GE(tries, 12u);
    EXPECT_LE(tries, 20u);
}

TEST(Durable, AResumeIsAnsweredWhileTheDiskIsFull) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.store();
    scene.open("t2");
    scene.fail(Committed::Result::full);
    scene.resume("t", 0, "g2");
    EXPECT_EQ(text_of(scene.events("t", "g2")), "hello");
}

TEST(Durable, InTheLastRoomTurnsEndAndNoneBegins) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.broker.on(Committed{Committed::Result::stored, true}, scene.now);
    EXPECT_EQ(scene.types("t"), "accepted started delta completed");
    scene.open("t2");
    EXPECT_EQ(scene.last<wire::Rejected>("t2").code, Errc::unavailable);
}

TEST(Durable, AnEmptyCommitAsksWhetherThereIsRoomAgain) {
    auto config = durable();
    Scene scene(config);
    scene.open("t");
    scene.fail(Committed::Result::full);
    scene.advance(config.commit_retry_max);
    ASSERT_EQ(scene.out.commits.size(), 2u);
    EXPECT_TRUE(scene.out.commits.back().empty());
    scene.store();
    scene.open("t2");
    scene.store();
    EXPECT_EQ(scene.types("t2"), "accepted");
}

// --- starts ------------------------------------------------------------------------------------

TEST(Restart, AQueuedTurnQueuesAgainInItsOrder) {
    Scene scene(durable());
    scene.open("t1", "s1");
    scene.open("t2", "s1");
    scene.open("t3", "s2");
    scene.store();
    scene.restart();
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 3u);
    scene.worker("w", 1);
    scene.store();
    for (const auto* turn : {"t1", "t2", "t3"}) {
        ASSERT_TRUE(scene.lease(turn));
        scene.answer(turn, "hello");
        scene.store();
    }
    EXPECT_EQ(scene.leased(), (std::vector<std::string>{"t1", "t2", "t3"}));
    for (const auto* turn : {"t1", "t2", "t3"}) {
        EXPECT_TRUE(unbroken(scene.events(turn)));
        EXPECT_EQ(scene.types(turn), "accepted started delta completed");
    }
}

TEST(Restart, WhatWasNotStoredIsNotThere) {
    Scene scene(durable());
    scene.open("t");
    scene.restart();
    scene.resume("t", 0);
    EXPECT_EQ(scene.last<wire::Rejected>("t").code, Errc::unknown_turn);
}

TEST(Restart, ARunningTurnGoesOnWithTheWorkerThatHasIt) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});  // told, and not stored
    const auto before = scene.events("t");
    scene.restart();
    scene.come_back(worker);
    scene.say("t", {delta("lo")});
    scene.complete("t", "hello");
    scene.store();
    EXPECT_EQ(scene.leased().size(), 1u);
    const auto events = kept(scene.events("t"));
    EXPECT_TRUE(unbroken(events));
    EXPECT_EQ(text_of(events), "hello");
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(events[i].seq, before[i].seq);
        EXPECT_EQ(events[i].body, before[i].body);
    }
    EXPECT_EQ(scene.last<wire::Completed>("t").text_hash, codec::text_hash("hello"));
    EXPECT_TRUE(worker.leases.empty());
}

TEST(Restart, AnEndThatWasSaidAndNotStoredComesAgain) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.restart();
    scene.come_back(worker);
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted started delta started delta completed");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
    EXPECT_EQ(scene.leased().size(), 1u);
}

TEST(Restart, WhereTheWorkerIsGoneTooReadersForgetWhatNobodyKnows) {
    auto config = durable();
    Scene scene(config);
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.restart();
    worker.beating = false;
    scene.worker("w2");
    scene.advance(config.recovery_grace - 1ms);
    EXPECT_EQ(scene.leased().size(), 1u);
    scene.advance(1ms);
    scene.store();
    ASSERT_EQ(scene.leased().size(), 2u);
    EXPECT_EQ(scene.lease("t")->attempt, 2u);
    EXPECT_EQ(scene.lease("t")->shown, "");
    scene.answer("t", "hallo");
    scene.store();
    const auto events = kept(scene.events("t"));
    EXPECT_EQ(text_of(events), "hallo");
    EXPECT_TRUE(unbroken(events));
    EXPECT_EQ(scene.types("t"), "accepted started delta reset started delta completed");
    const auto& reset = events.at(3);
    EXPECT_EQ(std::get<wire::Reset>(reset.body).from, 2u);
    EXPECT_EQ(reset.seq, 1 + config.reserved_numbers + 1);
}

TEST(Restart, WhatWasStoredOfAReplyIsGoneOnFrom) {
    auto config = durable();
    Scene scene(config);
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.advance(300ms);
    scene.store();
    worker.beating = false;
    scene.restart();
    scene.worker("w2");
    scene.advance(config.recovery_grace);
    scene.store();
    // Numbers beyond were reserved, so somebody may have seen more than is known.
    EXPECT_EQ(scene.lease("t")->shown, "");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
}

TEST(Restart, AReplyThatMustNotBeTakenBackFails) {
    auto config = durable();
    Scene scene(config);
    auto& worker = scene.worker("w");
    auto open = Scene::an_open("t");
    open.on_lost = wire::OnLost::fail;
    scene.open(open);
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    worker.beating = false;
    scene.restart();
    scene.advance(config.recovery_grace);
    scene.store();
    EXPECT_EQ(scene.last<wire::Failed>("t").code, Errc::worker_lost);
    EXPECT_EQ(scene.types("t"), "accepted started delta failed");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
}

TEST(Restart, ACancelBeforeTheWorkerIsBackEndsTheTurnOnNewNumbers) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.restart();
    scene.cancel("t");
    scene.store();
    EXPECT_EQ(scene.last<wire::Cancelled>("t").reason, "requested");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
    scene.come_back(worker);
    EXPECT_TRUE(worker.leases.empty());
    EXPECT_EQ(scene.types("t"), "accepted started delta cancelled");
}

TEST(Restart, ACancelAfterTheWorkerIsBackLeavesTheReplyAsItIs) {
    Scene scene(durable());
    auto& worker = scene.worker("w");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.restart();
    scene.come_back(worker);
    scene.cancel("t");
    scene.store();
    EXPECT_EQ(text_of(kept(scene.events("t"))), "hel");
    EXPECT_TRUE(unbroken(kept(scene.events("t"))));
}

TEST(Restart, AnotherWorkersWordIsHeldBackUntilItsLeaseIsStored) {
    Scene scene(durable());
    auto& first = scene.worker("w1");
    scene.open("t");
    scene.store();
    scene.say("t", {wire::Started{}, delta("hel")});
    scene.worker("w2");
    first.beating = false;
    scene.advance(10s);
    while (scene.leased().size() < 2) scene.store();
    scene.say("t", {wire::Started{}, wire::Reset{"worker_lost"}, delta("hallo")});
    EXPECT_EQ(scene.types("t"), "accepted started delta");
    scene.store();
    EXPECT_EQ(scene.types("t"), "accepted started delta started reset delta");
}

TEST(Restart, AnEndedTurnCanBeResumedAndPushedAgain) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t");
    scene.store();
    scene.answer("t", "hello");
    scene.store();
    const auto before = scene.events("t");
    scene.restart();
    scene.resume("t", 0, "g2");
    EXPECT_EQ(scene.types("t", "g2"), "accepted started delta completed");
    const auto after = scene.events("t", "g2");
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(after[i].seq, before[i].seq);
        EXPECT_EQ(after[i].body, before[i].body);
        EXPECT_EQ(after[i].at_ms, before[i].at_ms);
    }
    auto other = Scene::an_open("t", "s1", "something else", "g3");
    scene.open(other);
    EXPECT_EQ(scene.last<wire::Rejected>("t", "g3").code, Errc::conflict);
}

TEST(Restart, ASessionRemembersWhatWasSaid) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t1", "s1", "I am sad.");
    scene.store();
    scene.answer("t1", "Tell me.", "\x81\xa1x\x01");
    scene.store();
    scene.restart();
    scene.worker("w2");
    scene.open("t2", "s1", "My dog died.");
    const auto* lease = scene.lease("t2");
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->history, (std::vector<wire::Utterance>{{wire::Role::user, "I am sad."},
                                                            {wire::Role::assistant, "Tell me."}}));
    EXPECT_EQ(lease->state.bytes, "\x81\xa1x\x01");
}

TEST(Restart, AnAcceptedTurnIsNotRunMoreOftenThanItMay) {
    auto config = durable();
    Scene scene(config);
    scene.open("t");
    scene.store();
    for (std::uint32_t i = 0; i < config.attempts_max; ++i) {
        auto& worker = scene.worker("w" + std::to_string(i));
        scene.store();
        worker.beating = false;
        scene.restart();
        scene.advance(config.recovery_grace);
        scene.store();
    }
    EXPECT_EQ(scene.last<wire::Failed>("t").code, Errc::attempts_exhausted);
}

TEST(Restart, ADeadlineThatPassedMeanwhileEndsTheTurn) {
    Scene scene(durable());
    auto open = Scene::an_open("t");
    open.deadline = 1000ms;
    scene.open(open);
    scene.store();
    scene.now.steady += 2s;
    scene.now.unix_ms += 2000;
    scene.restart();
    scene.advance(0ms);
    scene.store();
    EXPECT_EQ(scene.last<wire::Failed>("t").code, Errc::deadline_exceeded);
}

TEST(Restart, APipelineIsNotUnknownBeforeTheWorkersAreBack) {
    auto config = durable();
    Scene scene(config);
    auto& worker = scene.worker("w");
    scene.open("t1", "s1");
    scene.store();
    scene.restart();
    scene.open("t2", "s2");
    scene.store();
    EXPECT_EQ(scene.types("t2"), "accepted");
    scene.come_back(worker);
    auto open = Scene::an_open("t3", "s3");
    open.pipeline = "another";
    scene.open(open);
    EXPECT_EQ(scene.last<wire::Rejected>("t3").code, Errc::unknown_pipeline);
}

TEST(Restart, LeasesOfAFormerStartAreNotGivenOutAgain) {
    Scene scene(durable());
    scene.worker("w");
    scene.open("t1", "s1");
    scene.store();
    const auto before = scene.lease("t1")->lease;
    scene.restart();
    scene.worker("w2");
    scene.open("t2", "s2");
    EXPECT_NE(scene.lease("t2")->lease, before);
}

}  // namespace
}  // namespace emostage::broker::test
