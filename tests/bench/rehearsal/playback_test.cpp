#include "bench/rehearsal/playback.hpp"

namespace emostage::rehearsal {
namespace {

using std::chrono::microseconds;

Score stream_of(std::size_t contents) {
    Score score;
    score.head = "HEAD\r\n\r\n";
    score.opening = "data: open\n\n";
    score.before = "data: {\"c\":\"";
    score.after = "\"}\n\n";
    for (std::size_t i = 0; i < contents; ++i) score.contents.add("あ" + std::to_string(i));
    score.closing = "data: [DONE]\n\n";
    score.first_at = milliseconds(50);
    score.between = milliseconds(10);
    score.closing_at = score.first_at + score.between * static_cast<int>(contents - 1);
    return score;
}

Score body_of(std::string body) {
    Score score;
    score.head = "HEAD\r\n\r\n";
    score.closing = std::move(body);
    score.head_at = score.closing_at = milliseconds(50);
    return score;
}

struct Write {
    Duration at;
    std::string bytes;
};

// Wakes exactly when something is due.
std::vector<Write> play(Playback& playback, Duration lateness = {}) {
    std::vector<Write> writes;
    while (const auto due = playback.due()) {
        if (writes.size() > 1000) throw std::logic_error("endless");
        writes.push_back({*due, {}});
        playback.take(*due + lateness, writes.back().bytes);
        if (writes.back().bytes.empty()) writes.pop_back();
    }
    return writes;
}

std::string joined(const std::vector<Write>& writes) {
    std::string all;
    for (const Write& write : writes) all += write.bytes;
    return all;
}

std::string whole_stream(std::size_t contents) {
    Playback playback(stream_of(contents));
    return joined(play(playback));
}

TEST(Playback, AStreamIsChunkedFrameByFrame) {
    EXPECT_EQ(whole_stream(2),
              "HEAD\r\n\r\n"
              "c\r\ndata: open\n\n\r\n"
              "14\r\ndata: {\"c\":\"あ0\"}\n\n\r\n"
              "14\r\ndata: {\"c\":\"あ1\"}\n\n\r\n"
              "e\r\ndata: [DONE]\n\n\r\n"
              "0\r\n\r\n");
}

TEST(Playback, TheHeadComesAtOnceAndContentsByTheirSchedule) {
    Playback playback(stream_of(3));
    const auto writes = play(playback);
    ASSERT_EQ(writes.size(), 4u);
    EXPECT_EQ(writes[0].at, Duration{});
    EXPECT_EQ(writes[0].bytes, "HEAD\r\n\r\n");
    EXPECT_EQ(writes[1].at, milliseconds(50));
    EXPECT_THAT(writes[1].bytes, testing::HasSubstr("open"));
    EXPECT_THAT(writes[1].bytes, testing::HasSubstr("あ0"));
    EXPECT_EQ(writes[2].at, milliseconds(60));
    EXPECT_EQ(writes[3].at, milliseconds(70));
    EXPECT_THAT(writes[3].bytes, testing::EndsWith("[DONE]\n\n\r\n0\r\n\r\n"));
    EXPECT_EQ(playback.ending(), Ending::keep);
    EXPECT_TRUE(playback.whole());
}

TEST(Playback, ALateWakeUpDelaysNothingAfterIt) {
    Playback playback(stream_of(4));
    std::string out;
    playback.take(milliseconds(65), out);
    EXPECT_EQ(playback.contents_taken(), 2u);
    EXPECT_EQ(playback.due(), milliseconds(70));
}

TEST(Playback, NothingIsGivenBeforeItIsDue) {
    Playback playback(stream_of(2));
    std::string out;
    playback.take(Duration{}, out);
    EXPECT_EQ(out, "HEAD\r\n\r\n");
    EXPECT_FALSE(playback.streaming());
    out.clear();
    playback.take(milliseconds(50) - microseconds(1), out);
    EXPECT_EQ(out, "");
    playback.take(milliseconds(50), out);
    EXPECT_TRUE(playback.streaming());
    EXPECT_EQ(playback.contents_taken(), 1u);
}

TEST(Playback, WithoutAPaceAllIsOneWrite) {
    Score score = stream_of(50);
    score.first_at = score.between = score.closing_at = Duration{};
    Playback playback(std::move(score));
    const auto writes = play(playback);
    ASSERT_EQ(writes.size(), 1u);
    EXPECT_EQ(writes[0].bytes, whole_stream(50));
}

TEST(Playback, ABodyThatIsNotStreamedComesWithItsHead) {
    Playback playback(body_of("{}"));
    const auto writes = play(playback);
    ASSERT_EQ(writes.size(), 1u);
    EXPECT_EQ(writes[0].at, milliseconds(50));
    EXPECT_EQ(writes[0].bytes, "HEAD\r\n\r\n{}");
}

TEST(Playback, WithoutKeepAliveTheConnectionIsClosedAfterTheEnd) {
    Score score = stream_of(1);
    score.keep_alive = false;
    Playback playback(std::move(score));
    play(playback);
    EXPECT_EQ(playback.ending(), Ending::close);
    EXPECT_TRUE(playback.whole());
}

TEST(Playback, ACutStreamStopsBeforeAChunkOrInsideIt) {
    for (const bool half : {false, true}) {
        Score score = stream_of(5);
        score.fault = Fault::cut;
        score.fault_at = 2;
        score.half = half;
        Playback playback(std::move(score));
        const std::string sent = joined(play(playback));
        EXPECT_TRUE(whole_stream(5).starts_with(sent));
        EXPECT_THAT(sent, testing::HasSubstr("あ1"));
        EXPECT_THAT(sent, testing::Not(testing::HasSubstr("あ2\"}")));
        EXPECT_EQ(sent.ends_with("}\n\n\r\n"), !half);
        EXPECT_EQ(playback.ending(), Ending::close);
        EXPECT_FALSE(playback.whole());
    }
}

TEST(Playback, ACutBodyIsHalfThere) {
    Score score = body_of("0123456789");
    score.fault = Fault::cut;
    score.half = true;
    Playback playback(std::move(score));
    EXPECT_EQ(joined(play(playback)), "HEAD\r\n\r\n01234");
    EXPECT_EQ(playback.ending(), Ending::close);
}

TEST(Playback, AnUnendedStreamEndsAsHttpButNotAsAnAnswer) {
    Score score = stream_of(5);
    score.fault = Fault::unended;
    score.fault_at = 3;
    Playback playback(std::move(score));
    const std::string sent = joined(play(playback));
    EXPECT_THAT(sent, testing::EndsWith("0\r\n\r\n"));
    EXPECT_THAT(sent, testing::Not(testing::HasSubstr("[DONE]")));
    EXPECT_EQ(playback.ending(), Ending::keep);
    EXPECT_FALSE(playback.whole());
}

TEST(Playback, AStallForEverHoldsTheConnection) {
    Score score = stream_of(5);
    score.fault = Fault::stall;
    score.fault_at = 2;
    Playback playback(std::move(score));
    const std::string sent = joined(play(playback));
    EXPECT_TRUE(whole_stream(5).starts_with(sent));
    EXPECT_EQ(playback.contents_taken(), 2u);
    EXPECT_EQ(playback.ending(), Ending::hold);
}

TEST(Playback, AStallWithAnEndMovesTheRestOfTheSchedule) {
    Score score = stream_of(4);
    score.fault = Fault::stall;
    score.fault_at = 2;
    score.length = milliseconds(500);
    Playback playback(std::move(score));
    const auto writes = play(playback);
    ASSERT_EQ(writes.size(), 5u);
    EXPECT_EQ(writes[2].at, milliseconds(60));
    EXPECT_EQ(writes[3].at, milliseconds(570));
    EXPECT_EQ(writes[4].at, milliseconds(580));
    EXPECT_EQ(joined(writes), whole_stream(4));
}

TEST(Playback, AStalledBodyStopsAfterItsHead) {
    Score score = body_of("{}");
    score.fault = Fault::stall;
    Playback playback(std::move(score));
    EXPECT_EQ(joined(play(playback)), "HEAD\r\n\r\n");
    EXPECT_EQ(playback.ending(), Ending::hold);
}

TEST(Playback, AMalformedChunkIsTheOnlyOneThatIsBroken) {
    Score score = stream_of(4);
    score.fault = Fault::malformed;
    score.fault_at = 1;
    Playback playback(std::move(score));
    const std::string sent = joined(play(playback));
    EXPECT_THAT(sent, testing::HasSubstr("12\r\ndata: {\"c\":\"あ1\n\n\r\n"));
    EXPECT_THAT(sent, testing::HasSubstr("data: {\"c\":\"あ2\"}"));
    EXPECT_TRUE(playback.whole()) << "the server believes that all is well";
}

TEST(Playback, SplitChunksAreTheSameBytesInPiecesThatHurt) {
    Score score = stream_of(2);
    score.fault = Fault::split;
    Playback playback(std::move(score));
    const auto writes = play(playback);
    EXPECT_EQ(joined(writes), whole_stream(2));
    bool inside_character = false, inside_line = false, inside_end = false;
    for (const Write& write : writes) {
        const auto first = static_cast<unsigned char>(write.bytes.front());
        inside_character |= (first & 0xC0) == 0x80;
        inside_line |= write.bytes.ends_with("\nda");
        inside_end |= write.bytes.ends_with("}\n");
    }
    EXPECT_TRUE(inside_character && inside_line && inside_end);
    for (std::size_t i = 2; i < writes.size(); ++i) {
        EXPECT_GE(writes[i].at - writes[i - 1].at, Playback::split_gap) << i;
    }
}

TEST(Playback, PiecesStayApartAfterALateWakeUpToo) {
    Score score = stream_of(1);
    score.fault = Fault::split;
    Playback playback(std::move(score));
    std::string head, first, second;
    playback.take(Duration{}, head);
    playback.take(milliseconds(900), first);
    playback.take(milliseconds(900), second);
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(second, "");
    EXPECT_EQ(playback.due(), milliseconds(900) + Playback::split_gap);
}

TEST(Playback, ASlowHeadDribblesInAndTheContentsWaitForIt) {
    Score score = stream_of(2);
    score.fault = Fault::slow_headers;
    score.length = milliseconds(700);
    Playback playback(std::move(score));
    const auto writes = play(playback);
    ASSERT_EQ(writes.size(), Playback::head_pieces + 1);
    for (std::size_t i = 0; i < Playback::head_pieces; ++i) {
        EXPECT_EQ(writes[i].at, milliseconds(100 * i));
        EXPECT_EQ(writes[i].bytes.size(), 1u);
    }
    EXPECT_EQ(writes.back().at, milliseconds(700));
    EXPECT_EQ(joined(writes), whole_stream(2));
}

}  // namespace
}  // namespace emostage::rehearsal
