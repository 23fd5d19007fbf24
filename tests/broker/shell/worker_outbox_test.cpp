#include "broker/shell/worker_outbox.hpp"

#include <gtest/gtest.h>

#include <map>

namespace emostage::broker {
namespace {

using Sent = WorkerOutbox::Sent;
using testing::ElementsAre;
using testing::IsEmpty;

class WorkerOutboxTest : public testing::Test {
protected:
    std::map<Route, Sent> answers_;  // default: yes
    std::vector<std::string> sent_;
    WorkerOutbox outbox_{[this](const Route& route, const std::string& message) {
        const auto at = answers_.find(route);
        const Sent answer = at == answers_.end() ? Sent::yes : at->second;
        if (answer == Sent::yes) sent_.push_back(route + ":" + message);
        return answer;
    }};
};

TEST_F(WorkerOutboxTest, SendsAtOnceWhatFits) {
    EXPECT_TRUE(outbox_.send("w1", "a"));
    EXPECT_THAT(sent_, ElementsAre("w1:a"));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(WorkerOutboxTest, KeepsTheOrderOfAWorkerThatIsFullAndHoldsNobodyElse) {
    answers_["w1"] = Sent::full;
    EXPECT_TRUE(outbox_.send("w1", "a"));
    answers_["w1"] = Sent::yes;
    EXPECT_TRUE(outbox_.send("w1", "b")) << "it must not overtake";
    EXPECT_TRUE(outbox_.send("w2", "c"));
    EXPECT_THAT(sent_, ElementsAre("w2:c"));
    EXPECT_FALSE(outbox_.empty());
    EXPECT_THAT(outbox_.retry(), IsEmpty());
    EXPECT_THAT(sent_, ElementsAre("w2:c", "w1:a", "w1:b"));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(WorkerOutboxTest, GoesOnWaitingWhileAWorkerIsFull) {
    answers_["w1"] = Sent::full;
    outbox_.send("w1", "a");
    EXPECT_THAT(outbox_.retry(), IsEmpty());
    EXPECT_FALSE(outbox_.empty());
    EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(WorkerOutboxTest, LosesAWorkerThatIsGone) {
    answers_["w1"] = Sent::unreachable;
    EXPECT_FALSE(outbox_.send("w1", "a"));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(WorkerOutboxTest, LosesAWorkerThatGoesWhileItIsWaitedFor) {
    answers_["w1"] = Sent::full;
    outbox_.send("w1", "a");
    answers_["w1"] = Sent::unreachable;
    EXPECT_THAT(outbox_.retry(), ElementsAre("w1"));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(WorkerOutboxTest, LosesAWorkerForWhomTooManyMessagesWait) {
    answers_["w1"] = Sent::full;
    for (std::size_t i = 0; i < WorkerOutbox::messages_max; ++i) {
        ASSERT_TRUE(outbox_.send("w1", "a"));
    }
    EXPECT_FALSE(outbox_.send("w1", "a"));
    EXPECT_TRUE(outbox_.empty());
}

TEST_F(WorkerOutboxTest, LosesAWorkerForWhomTooManyBytesWait) {
    answers_["w1"] = Sent::full;
    EXPECT_TRUE(outbox_.send("w1", std::string(WorkerOutbox::bytes_max, 'a')));
    EXPECT_FALSE(outbox_.send("w1", "a"));
    EXPECT_TRUE(outbox_.empty());
}

}  // namespace
}  // namespace emostage::broker
