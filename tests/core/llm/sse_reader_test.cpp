#include "core/llm/sse_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace emostage::llm {
namespace {

struct Event {
    std::string name;
    std::string data;
    bool operator==(const Event&) const = default;
};

void PrintTo(const Event& event, std::ostream* out) { *out << event.name << "|" << event.data; }

// False: the reader said error.
bool read(SseReader& reader, std::string_view bytes, std::vector<Event>& events) {
    reader.push(bytes);
    for (;;) {
        switch (reader.next()) {
            case SseReader::Next::none:
                return true;
            case SseReader::Next::error:
                return false;
            case SseReader::Next::event:
                events.push_back({std::string(reader.name()), std::string(reader.data())});
        }
    }
}

std::vector<Event> read_all(std::string_view bytes) {
    SseReader reader;
    std::vector<Event> events;
    EXPECT_TRUE(read(reader, bytes, events));
    return events;
}

const std::vector<Event> sample_events{{"", "{\"a\":\"\u3042\u3044\"}"},
                                       {"error", "one\ntwo\n"},
                                       {"", ""},
                                       {"", "no space "},
                                       {"", "[DONE]"}};

std::string sample(const std::string& line_end) {
    std::string text =
        "\xEF\xBB\xBF: a comment\n"
        "id: 7\n"
        "retry: 10\n"
        "data: {\"a\":\"\u3042\u3044\"}\n\n"
        ":\n\n\n"
        "event: error\n"
        "data: one\ndata: two\ndata\n\n"
        "event: lost, for it has no data\n\n"
        "data:\n\n"
        "data:no space \n"
        "dat: unknown\ndata2: unknown\n\n"
        "data: [DONE]\n\n";
    std::string out;
    for (char c : text) c == '\n' ? out += line_end : out += c;
    return out;
}

TEST(SseReader, EverySplitOfAStreamGivesTheSameEventsWithEveryLineEnd) {
    for (const std::string line_end : {"\n", "\r", "\r\n"}) {
        const std::string text = sample(line_end);
        EXPECT_EQ(read_all(text), sample_events);
        for (std::size_t at = 0; at <= text.size(); ++at) {
            SseReader reader;
            std::vector<Event> events;
            ASSERT_TRUE(read(reader, std::string_view(text).substr(0, at), events));
            ASSERT_TRUE(read(reader, std::string_view(text).substr(at), events));
            ASSERT_EQ(events, sample_events) << "split at " << at;
        }
    }
}

TEST(SseReader, AStreamThatComesByteByByteGivesTheSameEvents) {
    for (const std::string line_end : {"\n", "\r", "\r\n"}) {
        SseReader reader;
        std::vector<Event> events;
        for (char c : sample(line_end)) ASSERT_TRUE(read(reader, {&c, 1}, events));
        EXPECT_EQ(events, sample_events);
    }
}

TEST(SseReader, AnEventIsThereWithItsBlankLineAndNotBefore) {
    SseReader reader;
    std::vector<Event> events;
    read(reader, "data: a\r\n", events);
    EXPECT_TRUE(events.empty());
    read(reader, "\r", events);  // its LF may still come
    EXPECT_EQ(events.size(), 1u);
    read(reader, "\ndata: b\n\n", events);
    EXPECT_EQ(events, (std::vector<Event>{{"", "a"}, {"", "b"}}));
}

TEST(SseReader, AnEventThatTheEndCutsOffIsNone) {
    EXPECT_TRUE(read_all("data: half").empty());
    EXPECT_TRUE(read_all("data: whole line, no blank one\n").empty());
}

TEST(SseReader, AByteOrderMarkIsDroppedAtTheStartAlone) {
    EXPECT_EQ(read_all("\xEF\xBB\xBF"
                       "data: a\n\n"),
              (std::vector<Event>{{"", "a"}}));
    EXPECT_TRUE(read_all("\n\xEF\xBB\xBF"
                         "data: a\n\n")
                    .empty());
}

TEST(SseReader, ALineOverTheLimitIsAnErrorEvenWithoutItsEnd) {
    const std::string line(SseReader::line_bytes_max + 1, 'x');
    SseReader whole;
    std::vector<Event> events;
    EXPECT_FALSE(read(whole, line + "\n", events));
    SseReader pieces;
    bool good = true;
    for (std::size_t i = 0; i < line.size() && good; i += 1000) {
        good = read(pieces, std::string_view(line).substr(i, 1000), events);
    }
    EXPECT_FALSE(good);
    EXPECT_FALSE(read(pieces, "\n\ndata: a\n\n", events)) << "an error stays";
    EXPECT_TRUE(events.empty());
    pieces.reset();
    EXPECT_TRUE(read(pieces, "data: a\n\n", events));
    EXPECT_EQ(events.size(), 1u);
}

TEST(SseReader, ALineOfTheLimitsLengthPasses) {
    const std::string value(SseReader::line_bytes_max - 5, 'x');
    EXPECT_EQ(read_all("data:" + value + "\n\n"), (std::vector<Event>{{"", value}}));
}

TEST(SseReader, ManyLinesThatMakeAnEventTooLongAreAnError) {
    const std::string line = "data: " + std::string(100'000, 'x') + "\n";
    SseReader reader;
    std::vector<Event> events;
    bool good = true;
    for (int i = 0; i < 6 && good; ++i) good = read(reader, line, events);
    EXPECT_FALSE(good);
}

}  // namespace
}  // namespace emostage::llm
