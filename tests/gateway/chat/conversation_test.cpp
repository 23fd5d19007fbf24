#include "gateway/chat/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/client/script.hpp"

namespace emostage::chat {
namespace {

using namespace std::chrono_literals;
using gateway::test::completed;
using gateway::test::event;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct PortsRecorder : Ports {
    Result<std::string> open(std::string text, gateway::TurnSink&) override {
        if (refusal) return tl::unexpected(*refusal);
        opened.push_back(std::move(text));
        return "t" + std::to_string(opened.size());
    }
    void cancel(std::string_view turn) override { cancelled.emplace_back(turn); }
    void read_line() override { ++reads; }
    void leave(int code) override { left = code; }
    void write(std::string_view bytes) override { written += bytes; }
    void tell(std::string_view bytes) override { told += bytes; }
    std::uint64_t text_bytes_max() const override { return 40; }

    std::vector<std::string> opened, cancelled;
    std::string written, told;
    std::optional<int> left;
    std::optional<Error> refusal;
    int reads = 0;
};

struct ConversationTest : testing::Test {
    void begin(bool interactive, bool json = false) {
        Manner manner;
        manner.interactive = interactive;
        manner.json = json;
        manner.screen.terminal = interactive;
        conversation.emplace(manner, ports);
        conversation->start();
    }
    void line(const std::string& text) { conversation->on_line({text, false}); }
    void complete() { conversation->on_event(event(9, completed(""))); }
    void fail_turn(Errc code) { conversation->on_event(event(9, wire::Failed{code, "", true})); }

    PortsRecorder ports;
    std::optional<Conversation> conversation;
    TimePoint now = TimePoint{} + 1h;
};

TEST_F(ConversationTest, ItSaysOnceThatItIsNoPerson) {
    begin(true);
    EXPECT_THAT(ports.told, HasSubstr("no person and no substitute for one"));
    ports.told.clear();
    line("hello");
    complete();
    EXPECT_THAT(ports.told, IsEmpty());
}

TEST_F(ConversationTest, TheNextLineIsReadOnlyAfterTheTurnsEnd) {
    begin(false);
    EXPECT_EQ(ports.reads, 1);
    line("one");
    EXPECT_EQ(ports.reads, 1);
    conversation->on_event(event(1, wire::Delta{"x"}));
    EXPECT_EQ(ports.reads, 1);
    complete();
    EXPECT_EQ(ports.reads, 2);
    line("two");
    EXPECT_THAT(ports.opened, ElementsAre("one", "two"));
    complete();
    conversation->on_end_of_input();
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, OneTurnThatDidNotCompleteMakesTheExitCodeOfAPipe) {
    begin(false);
    line("one");
    fail_turn(Errc::model_failed);
    line("two");
    complete();
    EXPECT_FALSE(ports.left);
    conversation->on_end_of_input();
    EXPECT_EQ(ports.left, 1);
}

TEST_F(ConversationTest, EndOfInputInARunningTurnWaitsForItsEnd) {
    begin(true);
    line("one");
    conversation->on_end_of_input();
    EXPECT_FALSE(ports.left);
    complete();
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, APipeDoesNotWaitForABrokerThatIsGone) {
    begin(false);
    line("one");
    fail_turn(Errc::unavailable);
    EXPECT_EQ(ports.left, 1);
    EXPECT_EQ(ports.reads, 1);
}

TEST_F(ConversationTest, APersonMayTryAgain) {
    begin(true);
    line("one");
    fail_turn(Errc::unavailable);
    EXPECT_FALSE(ports.left);
    EXPECT_EQ(ports.reads, 2);
}

TEST_F(ConversationTest, CtrlCStopsTheRunningTurnAndASecondOneLeaves) {
    begin(true);
    line("one");
    conversation->on_interrupt(now);
    EXPECT_THAT(ports.cancelled, ElementsAre("t1"));
    EXPECT_FALSE(ports.left);
    conversation->on_event(event(5, wire::Cancelled{"requested"}));
    line("two");
    conversation->on_interrupt(now);
    EXPECT_THAT(ports.cancelled, ElementsAre("t1", "t2"));
    conversation->on_interrupt(now + 1s);
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, IdleCtrlCLeavesOnlyIfASecondOneFollowsSoon) {
    begin(true);
    conversation->on_interrupt(now);
    EXPECT_THAT(ports.written, HasSubstr("once more to leave"));
    conversation->on_interrupt(now + 2001ms);
    EXPECT_FALSE(ports.left);
    conversation->on_interrupt(now + 4001ms);
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, ALineBetweenTwoCtrlCMeansToStay) {
    begin(true);
    conversation->on_interrupt(now);
    line("");
    conversation->on_interrupt(now + 1s);
    EXPECT_FALSE(ports.left);
}

TEST_F(ConversationTest, CtrlCEndsAPipeAfterItsRunningTurn) {
    begin(false);
    line("one");
    conversation->on_interrupt(now);
    EXPECT_FALSE(ports.left);
    conversation->on_event(event(5, wire::Cancelled{"requested"}));
    EXPECT_EQ(ports.left, 1);
    EXPECT_EQ(ports.reads, 1);
}

TEST_F(ConversationTest, ATerminationStopsTheTurnAndLeaves) {
    begin(true);
    line("one");
    conversation->on_terminate();
    EXPECT_THAT(ports.cancelled, ElementsAre("t1"));
    conversation->on_event(event(5, wire::Cancelled{"requested"}));
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, AnEndThatIsNotCancelledAfterCtrlCIsFineToo) {
    begin(true);
    line("one");
    conversation->on_interrupt(now);
    complete();
    line("two");
    EXPECT_EQ(ports.opened.size(), 2u);
}

TEST_F(ConversationTest, BlankLinesAndCommandsAreNoTurns) {
    begin(true);
    line("");
    line(" \t ");
    line("/help");
    EXPECT_THAT(ports.written, HasSubstr("Ctrl-C"));
    EXPECT_THAT(ports.opened, IsEmpty());
    EXPECT_EQ(ports.reads, 4);
    line("/helpful is a word that a person may write");
    EXPECT_THAT(ports.written, HasSubstr("at most 40 bytes"));
    line("/quit it");
    EXPECT_THAT(ports.opened, ElementsAre("/quit it"));
    complete();
    line("/quit");
    EXPECT_EQ(ports.left, 0);
}

TEST_F(ConversationTest, WhatCannotBeSentIsToldAndCounted) {
    for (const auto& bad :
         {Line{"", true}, Line{std::string(41, 'x'), false}, Line{"\xff", false}}) {
        ports = {};
        begin(false);
        conversation->on_line(bad);
        EXPECT_THAT(ports.opened, IsEmpty());
        EXPECT_THAT(ports.written, HasSubstr("was not sent"));
        EXPECT_EQ(ports.reads, 2);
        conversation->on_end_of_input();
        EXPECT_EQ(ports.left, 1);
    }
}

TEST_F(ConversationTest, ARefusedOpenIsToldInWordsAndTheChatGoesOn) {
    begin(true);
    ports.refusal = Error{Errc::overloaded, "many"};
    line("one");
    EXPECT_THAT(ports.written, HasSubstr("[overloaded]"));
    ports.refusal.reset();
    line("two");
    EXPECT_THAT(ports.opened, ElementsAre("two"));
}

TEST_F(ConversationTest, JsonHasOneLineForEveryEventAndWordsGoElsewhere) {
    begin(false, true);
    line("one");
    for (const auto& one : gateway::test::scripted_turn()) conversation->on_event(one);
    EXPECT_EQ(std::count(ports.written.begin(), ports.written.end(), '\n'), 12);
    conversation->on_link(gateway::Link::reconnecting);
    conversation->on_line({"", true});
    EXPECT_EQ(std::count(ports.written.begin(), ports.written.end(), '\n'), 13);
    EXPECT_EQ(ports.written.find("not answer"), std::string::npos);
    EXPECT_THAT(ports.told, HasSubstr("does not answer"));
}

TEST_F(ConversationTest, ALostBrokerAndItsReturnAreTold) {
    begin(true);
    conversation->on_link(gateway::Link::ready);
    EXPECT_EQ(ports.written, "> ");
    conversation->on_link(gateway::Link::reconnecting);
    EXPECT_EQ(ports.written, "> \n  The broker does not answer. Still trying.\n> ");
    conversation->on_link(gateway::Link::ready);
    EXPECT_THAT(ports.written, HasSubstr("Connected."));
}

TEST_F(ConversationTest, NothingIsSaidAfterLeaving) {
    begin(true);
    line("one");
    conversation->on_interrupt(now);
    conversation->on_interrupt(now);
    ports.written.clear();
    conversation->on_event(event(2, wire::Delta{"late"}));
    complete();
    line("two");
    EXPECT_THAT(ports.written, IsEmpty());
    EXPECT_EQ(ports.opened.size(), 1u);
}

}  // namespace
}  // namespace emostage::chat
