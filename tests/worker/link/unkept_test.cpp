#include "worker/link/unkept.hpp"

#include <gtest/gtest.h>

#include "core/codec/codec.hpp"

namespace emostage::worker {
namespace {

wire::RunEvent delta(std::string text) { return wire::Delta{std::move(text), 0}; }

std::string text_of(const wire::RunEvent& event) { return std::get<wire::Delta>(event).text; }

TEST(Unkept, GivesEachEventBackUnderItsOrdinalUntilThatIsKept) {
    Unkept unkept(7);
    EXPECT_TRUE(unkept.all_kept());
    EXPECT_EQ(unkept.said(), 0u);
    for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(unkept.add(delta(text)));
    EXPECT_EQ(unkept.said(), 3u);
    unkept.keep(1);
    EXPECT_FALSE(unkept.can_say_from(1));
    ASSERT_TRUE(unkept.can_say_from(2));
    const auto output = unkept.batch(2);
    EXPECT_EQ(output.lease, 7u);
    EXPECT_EQ(output.ordinal, 2u);
    ASSERT_EQ(output.events.size(), 2u);
    EXPECT_EQ(text_of(output.events[0]), "b");
    EXPECT_TRUE(unkept.can_say_from(4)) << "that is what comes next";
    EXPECT_TRUE(unkept.batch(4).events.empty());
    EXPECT_FALSE(unkept.can_say_from(5));
    EXPECT_FALSE(unkept.can_say_from(0));
}

TEST(Unkept, ForgetsNoMoreThanItHasSaid) {
    Unkept unkept(1);
    ASSERT_TRUE(unkept.add(delta("a")));
    unkept.keep(1000);
    EXPECT_TRUE(unkept.all_kept());
    EXPECT_EQ(unkept.bytes(), 0u);
    ASSERT_TRUE(unkept.add(delta("b")));
    EXPECT_EQ(unkept.said(), 2u);
    unkept.keep(1);  // late
    EXPECT_EQ(unkept.first(), 2u);
    EXPECT_EQ(unkept.batch(2).events.size(), 1u);
}

TEST(Unkept, BatchesTogetherHoldEverythingOnceAndFitIntoMessages) {
    Unkept unkept(1);
    constexpr std::size_t count = 12'000;
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(unkept.add(delta(std::to_string(i))));
    std::uint64_t ordinal = 1;
    while (ordinal <= count) {
        const auto batch = unkept.batch(ordinal);
        ASSERT_FALSE(batch.events.empty());
        EXPECT_LE(batch.events.size(), Unkept::batch_events_max);
        EXPECT_LE(codec::encode_from_worker(batch).size(), Unkept::batch_bytes_max);
        for (const auto& event : batch.events) {
            EXPECT_EQ(text_of(event), std::to_string(ordinal - 1));
            ++ordinal;
        }
    }
    EXPECT_EQ(ordinal, count + 1);
}

TEST(Unkept, AnEventThatIsLargerThanABatchGoesAlone) {
    Unkept unkept(1);
    ASSERT_TRUE(unkept.add(delta("a")));
    ASSERT_TRUE(unkept.add(delta(std::string(Unkept::batch_bytes_max + 1, 'x'))));
    ASSERT_TRUE(unkept.add(delta("b")));
    EXPECT_EQ(unkept.batch(1).events.size(), 1u);
    EXPECT_EQ(unkept.batch(2).events.size(), 1u);
    EXPECT_EQ(text_of(unkept.batch(3).events.at(0)), "b");
}

TEST(Unkept, CountsAtLeastWhatEachEventTakesOnTheWire) {
    wire::RunCompleted completed;
    completed.completed = {3, std::string(16, 'f'), "stop", {}, {{"first_delta", 1}}, {"mood"}};
    completed.state.bytes.assign(500, '\x80');
    const std::vector<wire::RunEvent> events{
        wire::Started{"w1"},
        wire::Stage{"mood", wire::StageStatus::done, {std::string(300, '\x80')}, 7, {"risk"}},
        delta("some text"),
        wire::Reset{"model_cut", 0},
        wire::Alert{"mood", "risk", "alert"},
        completed,
        wire::Failed{Errc::internal, std::string(400, 'm'), false},
        wire::Cancelled{"requested"}};
    for (const auto& event : events) {
        Unkept unkept(1);
        ASSERT_TRUE(unkept.add(event));
        const auto empty = codec::encode_from_worker(wire::Output{1, 1, {}}).size();
        EXPECT_GE(unkept.bytes() + empty, codec::encode_from_worker(unkept.batch(1)).size());
    }
}

TEST(Unkept, TakesNoMoreThanItsEvents) {
    Unkept unkept(1);
    std::size_t taken = 0;
    while (taken <= Unkept::events_max && unkept.add(delta(""))) ++taken;
    EXPECT_LE(taken, Unkept::events_max);
    EXPECT_EQ(unkept.said(), taken);
    unkept.keep(1);
    EXPECT_TRUE(unkept.add(delta("")));
}

TEST(Unkept, TakesNoMoreThanItsBytes) {
    Unkept unkept(1);
    ASSERT_TRUE(unkept.add(delta(std::string(Unkept::bytes_max / 2, 'x'))));
    EXPECT_FALSE(unkept.add(delta(std::string(Unkept::bytes_max / 2, 'x'))));
    EXPECT_EQ(unkept.said(), 1u);
    EXPECT_TRUE(unkept.add(delta("x")));
}

}  // namespace
}  // namespace emostage::worker
