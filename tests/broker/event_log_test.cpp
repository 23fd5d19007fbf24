#include "broker/event_log.hpp"

namespace emostage::broker {
namespace {

using testing::ElementsAre;

std::vector<wire::Event> replayed(const EventLog& log, std::uint64_t after,
                                  std::size_t merge = 1024) {
    std::vector<wire::Event> events;
    log.replay(after, log.last(), merge, [&](wire::Event& event) { events.push_back(event); });
    return events;
}

wire::Delta delta_of(const wire::Event& event) { return std::get<wire::Delta>(event.body); }

EventLog with_two_runs() {
    EventLog log;
    log.append(wire::Accepted{}, 0, 10);
    log.append_delta("a", 1, 11);
    log.append_delta("b", 1, 12);
    log.append_delta("c", 1, 13);
    log.append(wire::Reset{"worker_lost"}, 2, 14);
    log.append_delta("d", 2, 15);
    return log;
}

TEST(EventLog, NumbersStartAtOneAndHaveNoHole) {
    EventLog log;
    EXPECT_EQ(log.last(), 0u);
    EXPECT_EQ(log.append(wire::Accepted{3}, 0, 0), 1u);
    EXPECT_EQ(log.append_delta("x", 1, 0), 2u);
    EXPECT_EQ(log.append(wire::Reset{}, 1, 0), 3u);
    EXPECT_EQ(log.last(), 3u);
}

TEST(EventLog, AReplayMergesDeltasThatFollowOneAnother) {
    const auto events = replayed(with_two_runs(), 0);
    ASSERT_EQ(events.size(), 4u);
    EXPECT_EQ(events[0].seq, 1u);
    EXPECT_EQ(delta_of(events[1]), (wire::Delta{"abc", 2}));
    EXPECT_EQ(events[1].seq, 4u);
    EXPECT_EQ(events[1].at_ms, 13);
    EXPECT_EQ(events[2].seq, 5u);
    EXPECT_EQ(events[2].attempt, 2u);
    EXPECT_EQ(delta_of(events[3]), (wire::Delta{"d", 0}));
}

TEST(EventLog, AReplayFromTheMiddleOfARunBeginsRightThere) {
    const auto events = replayed(with_two_runs(), 2);
    EXPECT_EQ(delta_of(events[0]), (wire::Delta{"bc", 3}));
    EXPECT_EQ(delta_of(replayed(with_two_runs(), 3)[0]), (wire::Delta{"c", 0}));
}

TEST(EventLog, AReplayAfterTheLastNumberIsEmpty) {
    EXPECT_TRUE(replayed(with_two_runs(), 6).empty());
    EXPECT_TRUE(replayed(with_two_runs(), ~0ull).empty());
    EXPECT_TRUE(replayed(EventLog{}, 0).empty());
}

TEST(EventLog, MergedDeltasStayWithinTheBoundAndCoverEveryNumber) {
    EventLog log;
    for (int i = 0; i < 100; ++i) log.append_delta("1234567", 1, 0);
    std::uint64_t covered = 0;
    for (const auto& event : replayed(log, 0, 50)) {
        const auto delta = delta_of(event);
        EXPECT_LE(delta.text.size(), 50u);
        EXPECT_EQ(delta.from ? delta.from : event.seq, covered + 1);
        EXPECT_EQ(delta.text.size(), 7 * (event.seq - covered));
        covered = event.seq;
    }
    EXPECT_EQ(covered, 100u);
}

TEST(EventLog, ADeltaLargerThanTheBoundStaysWhole) {
    EventLog log;
    log.append_delta("a", 1, 0);
    log.append_delta(std::string(100, 'x'), 1, 0);
    log.append_delta("b", 1, 0);
    const auto events = replayed(log, 0, 10);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(delta_of(events[1]), (wire::Delta{std::string(100, 'x'), 0}));
}

TEST(EventLog, TheTextIsThatSinceTheLastReset) {
    auto log = with_two_runs();
    EXPECT_EQ(log.text(), "d");
    log.append(wire::Reset{}, 2, 0);
    EXPECT_EQ(log.text(), "");
}

TEST(EventLog, ARunEndsWhereTheAttemptChanges) {
    EventLog log;
    log.append_delta("a", 1, 0);
    log.append_delta("b", 2, 0);
    const auto events = replayed(log, 0);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].attempt, 1u);
    EXPECT_EQ(events[1].attempt, 2u);
}

TEST(EventLog, OtherEventsComeBackAsTheyWere) {
    EventLog log;
    const wire::Stage stage{"phase", wire::StageStatus::done, {"\x80"}, 12};
    const wire::Completed completed{3, "00", "stop", {1, 2, 3}, {{"total", 5}}, {"phase"}};
    log.append(stage, 1, 7);
    log.append(completed, 1, 8);
    const auto events = replayed(log, 0);
    EXPECT_EQ(std::get<wire::Stage>(events[0].body), stage);
    EXPECT_EQ(std::get<wire::Completed>(events[1].body), completed);
}

TEST(EventLog, ItsBytesGrowWithWhatItHolds) {
    EventLog log;
    log.append_delta("1234", 1, 0);
    const auto before = log.bytes();
    log.append_delta("1234", 1, 0);
    EXPECT_EQ(log.bytes(), before + 4 + 8);
    log.append(wire::Stage{"phase", wire::StageStatus::done, {std::string(1000, 'x')}, 1}, 1, 0);
    EXPECT_GE(log.bytes(), before + 1000);
}

}  // namespace
}  // namespace emostage::broker
