#include "worker/link/output_batch.hpp"

#include <gtest/gtest.h>

#include "core/codec/codec.hpp"

namespace emostage::worker {
namespace {

class OutputBatchTest : public testing::Test {
protected:
    static wire::Output output(wire::LeaseId lease, std::string text = "a") {
        return {lease, 1, {wire::Delta{std::move(text), 0}}};
    }
    std::vector<wire::Output> all() const {
        std::vector<wire::Output> all;
        for (const auto& message : messages)
            all.insert(all.end(), message.all.begin(), message.all.end());
        return all;
    }

    std::vector<wire::Outputs> messages;
    OutputBatch batch{[this](std::string_view bytes) {
        auto message = codec::decode_from_worker(bytes);
        ASSERT_TRUE(message) << message.error().message;
        messages.push_back(std::get<wire::Outputs>(std::move(*message)));
    }};
};

TEST_F(OutputBatchTest, SendsWhatWasAddedInOneMessageAndThenNothing) {
    batch.add(output(1));
    batch.add(output(2, ""));
    EXPECT_TRUE(messages.empty());
    batch.flush();
    batch.flush();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].all, (std::vector<wire::Output>{output(1), output(2, "")}));
}

TEST_F(OutputBatchTest, StartsANewMessageWhereOneIsFull) {
    std::vector<wire::Output> added;
    for (wire::LeaseId lease = 1; lease <= wire::outputs_per_message_max + 5; ++lease) {
        added.push_back(output(lease));
        batch.add(added.back());
    }
    EXPECT_EQ(messages.size(), 1u);
    batch.flush();
    EXPECT_EQ(messages.size(), 2u);
    EXPECT_EQ(all(), added);
}

TEST_F(OutputBatchTest, KeepsMessagesSmallAndSendsALargeOutputAlone) {
    const std::string half(OutputBatch::message_bytes_max / 2, 'x');
    const std::string large(OutputBatch::message_bytes_max * 2, 'x');
    const std::vector<wire::Output> added{output(1),       output(2, large), output(3),
                                          output(4, half), output(5, half),  output(6)};
    for (const auto& one : added) batch.add(one);
    batch.flush();
    EXPECT_EQ(all(), added);
    for (const auto& message : messages) {
        std::size_t bytes = 0;
        for (const auto& one : message.all)
            bytes += std::get<wire::Delta>(one.events[0]).text.size();
        EXPECT_TRUE(bytes <= OutputBatch::message_bytes_max || message.all.size() == 1) << bytes;
    }
}

}  // namespace
}  // namespace emostage::worker
