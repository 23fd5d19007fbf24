#include "bench/gate/event_reader.hpp"

#include <gtest/gtest.h>

#include "core/codec/codec.hpp"
#include "core/codec/hash.hpp"

namespace emostage::gate {
namespace {

wire::Event event(std::uint64_t seq, wire::EventBody body) {
    return {"turn-1", "session-1", seq, 1, 0, std::move(body)};
}
wire::Completed completed(const std::string& text) {
    return {text.size(), codec::text_hash(text), "stop", {}, {}, {}};
}

Result<Counts> read(std::vector<wire::Event> events) {
    EventReader reader;
    reader.on_message(codec::encode_events({"broker", std::move(events)}));
    return reader.result();
}

TEST(GateEventReader, CountsWhatHasHappened) {
    const auto counts = read({event(1, wire::Accepted{0}), event(2, wire::Delta{"He", 0}),
                              event(2, wire::Delta{"He", 0}), event(3, wire::Delta{"llo", 0}),
                              event(4, completed("Hello"))});
    ASSERT_TRUE(counts) << counts.error().message;
    EXPECT_EQ(*counts, (Counts{1, 1, 0, 0, 2, 1}));
}

TEST(GateEventReader, RefusesWhatNoTurnOfTheScriptMayDo) {
    EXPECT_FALSE(read({event(1, wire::Accepted{0}), event(3, wire::Delta{"a", 0})})) << "a hole";
    EXPECT_FALSE(read({event(1, wire::Cancelled{"asked", 0}), event(2, wire::Delta{"a", 0})}))
        << "after its end";
    EXPECT_FALSE(read({event(1, wire::Delta{"a", 0}), event(2, completed("b"))})) << "other text";
    EXPECT_FALSE(read({event(1, wire::Failed{})})) << "failed";
    EXPECT_FALSE(read({event(0, wire::Rejected{})})) << "rejected";
    EventReader reader;
    reader.on_message("no message");
    EXPECT_FALSE(reader.result());
}

}  // namespace
}  // namespace emostage::gate
