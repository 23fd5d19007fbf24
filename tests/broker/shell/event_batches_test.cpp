#include "broker/shell/event_batches.hpp"

#include <gtest/gtest.h>

#include "core/codec/codec.hpp"

namespace emostage::broker {
namespace {

wire::Event delta(std::uint64_t seq, std::string text = "a") {
    return {"t1", "s1", seq, 1, 1000, wire::Delta{std::move(text), 0}};
}

struct Message {
    std::string topic;
    wire::EventBatch batch;
};

std::vector<Message> flush(EventBatches& batches) {
    std::vector<Message> messages;
    batches.flush([&](std::string_view topic, std::string_view body) {
        const auto batch = codec::decode_events(body);
        ASSERT_TRUE(batch) << batch.error().message;
        messages.push_back({std::string(topic), *batch});
    });
    return messages;
}

TEST(EventBatches, MergeWhatIsReadyForOneGatewayInOrder) {
    EventBatches batches("b1");
    batches.add("g1", delta(1));
    batches.add("g2", delta(1, "x"));
    batches.add("g1", delta(2));
    const auto messages = flush(batches);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].topic, "g1/");
    EXPECT_EQ(messages[0].batch.broker, "b1");
    EXPECT_EQ(messages[0].batch.events, (std::vector<wire::Event>{delta(1), delta(2)}));
    EXPECT_EQ(messages[1].topic, "g2/");
    EXPECT_EQ(messages[1].batch.events, (std::vector<wire::Event>{delta(1, "x")}));
}

TEST(EventBatches, AreEmptyAfterAFlush) {
    EventBatches batches("b1");
    EXPECT_TRUE(batches.empty());
    batches.add("g1", delta(1));
    EXPECT_FALSE(batches.empty());
    flush(batches);
    EXPECT_TRUE(batches.empty());
    EXPECT_TRUE(flush(batches).empty());
    batches.add("g1", delta(2));
    EXPECT_EQ(flush(batches).at(0).batch.events.at(0).seq, 2u);
}

TEST(EventBatches, StartANewMessageWhenOneIsLongEnough) {
    EventBatches batches("b1");
    const std::string text(EventBatches::message_bytes_max / 4, 'a');
    for (std::uint64_t seq = 1; seq <= 10; ++seq) batches.add("g1", delta(seq, text));
    std::uint64_t expected = 1;
    const auto messages = flush(batches);
    EXPECT_EQ(messages.size(), 3u);
    for (const Message& message : messages) {
        EXPECT_LE(codec::encode_events(message.batch).size(),
                  EventBatches::message_bytes_max + text.size() + 1024);
        for (const wire::Event& event : message.batch.events) EXPECT_EQ(event.seq, expected++);
    }
    EXPECT_EQ(expected, 11u);
}

TEST(EventBatches, StartANewMessageWhenOneHasEnoughEvents) {
    EventBatches batches("b1");
    wire::Event smallest = delta(1, "");
    smallest.turn = "t";
    smallest.session = "s";
    for (std::size_t i = 0; i < 2 * wire::events_per_batch_max; ++i) batches.add("g1", smallest);
    std::size_t events = 0;
    for (const Message& message : flush(batches)) {
        EXPECT_LE(message.batch.events.size(), wire::events_per_batch_max);
        events += message.batch.events.size();
    }
    EXPECT_EQ(events, 2 * wire::events_per_batch_max);
}

TEST(EventBatches, KeepABigEventWhole) {
    EventBatches batches("b1");
    batches.add("g1", delta(1, std::string(200'000, 'a')));
    batches.add("g1", delta(2));
    const auto messages = flush(batches);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(std::get<wire::Delta>(messages[0].batch.events.at(0).body).text.size(), 200'000u);
}

TEST(EventBatches, SayWhenTheyShouldBeFlushedAtOnce) {
    EventBatches batches("b1");
    const std::string text(EventBatches::waiting_bytes_max / 4, 'a');
    for (int i = 0; i < 3; ++i) batches.add("g" + std::to_string(i), delta(1, text));
    EXPECT_FALSE(batches.full());
    batches.add("g9", delta(1, text));
    EXPECT_TRUE(batches.full());
    flush(batches);
    EXPECT_FALSE(batches.full());
}

}  // namespace
}  // namespace emostage::broker
